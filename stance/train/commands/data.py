"""Commands that look at labelled data: `check` and `audit`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stance.bundle import find_model
from stance.train.audit import audit, embed
from stance.train.commands import options
from stance.train.commands.rows import read_checked, read_whole, write_csv


def check_data(
    data: options.Data,
    development: options.Development = None,
    set_aside: options.SetAside = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    stances_column: options.Stances = None,
    acts_column: options.Acts = None,
    group_column: options.Group = None,
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
) -> None:
    """Say what in labelled data would spoil training, and refuse it."""
    columns = options.columns_of(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    read_checked(data, columns, read_whole(development, columns), set_aside)


def audit_labels(
    data: options.Data,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The CSV to write, the likeliest error first.")],
    base: options.Base = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
    seed: Annotated[int, typer.Option(help="Decides the folds.")] = 0,
) -> None:
    """List likely label errors, to be read, corrected and trained on again."""
    columns = options.columns_of(text_column, label_column, label_map, context=context_column)
    sentences = read_checked(data, columns, (), None)
    features = embed(
        [sentence.text for sentence in sentences],
        base or find_model(),
        contexts=[sentence.context for sentence in sentences],
    )
    suspects = audit(sentences, features, seed=seed)
    names = ["row", "label", "suggestion", "probability", "confident", "text"]
    write_csv(out, names, [asdict(suspect) for suspect in suspects])
    print(f"{out}: {len(suspects)} of {len(sentences)} labels are suspect")
