"""What commands of training read, say of it, and write: rows."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from stance.errors import InputError, OutputError
from stance.train.check import Report, check
from stance.train.data import Columns, LabelledSentence, read, unknown

MOST_ROWS = 20
"""Of those that are broken, or set aside, no more are named."""


def read_whole(data: str | None, columns: Columns) -> list[LabelledSentence]:
    """Read what is whole; broken rows are named on standard error."""
    rows = list(read(data, columns)) if data else []
    broken = [row for row in rows if not isinstance(row, LabelledSentence)]
    for row in broken[:MOST_ROWS]:
        typer.echo(f"stance: {data}: row {row.row}: {row.reason}", err=True)
    if len(broken) > MOST_ROWS:
        typer.echo(f"stance: {data}: and {len(broken) - MOST_ROWS} more rows", err=True)
    return [row for row in rows if isinstance(row, LabelledSentence)]


def read_checked(
    data: str, columns: Columns, development: Sequence[LabelledSentence], set_aside: Path | None
) -> Report:
    """Read, and say what a check finds."""
    report = check(read(data, columns), development=development)
    report = replace(report, warnings=(*report.warnings, *_unused(data, columns)))
    _show(report)
    if set_aside:
        write_csv(set_aside, ["row", "reason"], [asdict(row) for row in report.set_aside])
    return report


def require_other(path: Path | None, *inputs: str | None) -> None:
    """Raise an OutputError where a file that is to be written is one of those that are read."""
    for source in inputs:
        if path and source and path.exists() and Path(source).exists() and path.samefile(source):
            raise OutputError(f"{path}: is what is read; another file was expected")


def read_development(data: str | None, columns: Columns) -> list[LabelledSentence]:
    """Read the rows of a development part that are whole; of one that was given some must be."""
    found = read_whole(data, columns)
    if data and not found:
        raise InputError(f"{data}: no row of the development part could be read; give one that has some")
    return found


def write_csv(path: Path, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as CSV; what UTF-8 cannot hold is replaced.

    It begins with a byte order mark, without which spreadsheets take UTF-8 for something else.
    """
    try:
        with path.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; a path that can be written was expected") from error


def _unused(data: str, columns: Columns) -> Iterator[str]:
    """Yield what there is to say of names that a label map has and no row does."""
    if not columns.label_map:
        return
    rows = read(data, replace(columns, label_map={}))
    found = {name for row in rows if isinstance(row, LabelledSentence) for name in (row.label, *row.held)}
    for name in columns.label_map:
        if name not in found:
            yield f"--label-map: {unknown('label', name, sorted(found))}"


def _show(report: Report) -> None:
    for label, rows in report.shares.items():
        print(f"{label:15s} {rows:7d}")
    print(f"set aside       {len(report.set_aside):7d}")
    for row in report.set_aside[:MOST_ROWS]:
        print(f"  row {row.row}: {row.reason}")
    if len(report.set_aside) > MOST_ROWS:
        print(f"  and {len(report.set_aside) - MOST_ROWS} more; --set-aside FILE writes them all")
    for warning in report.warnings:
        print(f"warning: {warning}")
