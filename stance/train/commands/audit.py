"""The command `audit`."""

from pathlib import Path
from typing import Annotated

import typer

from stance.errors import OutputError
from stance.train.commands import options
from stance.train.commands.rows import read_checked, require_other, write_csv
from stance.train.readers import read_rows


def audit_labels(
    data: options.Data,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The CSV to write: all rows, the likeliest error first.")
    ],
    base: options.Base = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
    seed: Annotated[int, typer.Option(min=0, max=options.LARGEST_SEED, help="Decides the folds.")] = 0,
) -> None:
    """List likely label errors, to be read, corrected and trained on again."""
    if out.suffix.lower() != ".csv":
        raise OutputError(f"{out}: a .csv file was expected")
    require_other(out, data)
    columns = options.columns_of(text_column, label_column, label_map, context=context_column)
    report = read_checked(data, columns, (), None)
    sentences = report.require()
    # These load libraries for seconds, which help and mistakes in the input need not wait for.
    from stance.train.audit import audit
    from stance.train.sheet import ADDED, make_sheet

    findings = audit(sentences, base=base, seed=seed)
    contradictory = {row.row: row.reason for row in report.contradictory}
    rows = make_sheet(read_rows(data, columns.used()), findings, contradictory, columns)
    write_csv(out, [name for name in rows[0] if name not in ADDED] + list(ADDED), rows)
    suspects = sum(finding.is_suspect for finding in findings)
    said = f"{out}: {suspects} of {len(findings)} labels are suspect"
    if contradictory:
        said += f", {len(contradictory)} more rows contradict one another"
    print(f"{said}; they come first: correct column {label_column}, and train on the file")
