"""Rows to what a person or a program reads: a table, JSON lines, CSV."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stance.errors import OutputError
from stance.records import csv_line
from stance.sentences import well_formed

Row = Mapping[str, Any]

COLOURS = {"allegation": "yellow", "confirmation": "green", "hedge": "blue", "denial": "red"}
"""The colour of each stance on a terminal."""

_LABEL_WIDTH, _SHARE_WIDTH = 12, 4


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


PREFIXES = {"probabilities": "p_"}
"""How the columns of a value that has names of its own begin; `score` writes the same ones."""


def write_rows(rows: Iterable[Row], form: Format) -> None:
    """Write rows to standard output as they come.

    Args:
        rows: as `Prediction.to_dict` or `Document.rows` give them.
        form: how.

    Raises:
        OutputError: standard output takes no more.
    """
    try:
        match form:
            case Format.TABLE:
                _write_table(rows)
            case Format.JSONL:
                for row in rows:
                    print(well_formed(json.dumps(row, ensure_ascii=False)))
            case Format.CSV:
                _write_csv(rows)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: {error.strerror}") from error


def _write_csv(rows: Iterable[Row]) -> None:
    names: list[str] = []
    for row in map(_flat, rows):
        if not names:
            names = list(row)
            sys.stdout.write(csv_line(names))
        sys.stdout.write(csv_line(row[name] for name in names))


def _flat(row: Row) -> dict[str, Any]:
    """Make every value of a row a single cell."""
    cells: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            cells |= {f"{PREFIXES[key]}{name}": item for name, item in value.items()}
        elif isinstance(value, list):
            plain = all(isinstance(item, str) for item in value)
            cells[key] = " ".join(value) if plain else well_formed(json.dumps(value, ensure_ascii=False))
        else:
            cells[key] = well_formed(value) if isinstance(value, str) else value
    return cells


def _write_table(rows: Iterable[Row]) -> None:
    console = Console()
    for row in rows:
        console.print(_line(row))


def _line(row: Row) -> Table:
    style = COLOURS.get(row["label"], "dim")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=_LABEL_WIDTH)
    table.add_column(width=_SHARE_WIDTH, justify="right")
    table.add_column(ratio=1)
    words = Text(_printable(row["text"]), style=style if row["label"] not in COLOURS else "")
    words.append("".join(f"  [{note}]" for note in _notes(row)), style="dim")
    for act in row.get("acts") or ():
        words.append(f"\n{act['stance']}: {_printable(_reading(act))}", style="dim")
    label = Text(row["label"], style=f"bold {style}" if row["label"] in COLOURS else style)
    table.add_row(label, Text(f"{row['confidence']:.0%}", style="dim"), words)
    return table


def _notes(row: Row) -> Iterator[str]:
    """Say what a label alone would hide."""
    if others := [stance for stance in row["stances"] if stance != row["label"]]:
        yield "also " + ", ".join(others)
    if row["truncated"]:
        yield "only its beginning was read"
    if row["reason"]:
        yield row["reason"]


def _reading(act: Mapping[str, Any]) -> str:
    """Say an act in words: who, by which words, toward what."""
    source, cue, claim = (act[name]["text"] if act[name] else None for name in ("source", "cue", "claim"))
    if act.get("named"):
        source = f"{source} ({act['named']['text']})"
    return " · ".join(part for part in (source or "the text", f"“{cue}”" if cue else "", claim) if part)


def _printable(text: str) -> str:
    """Keep what a text holds from steering the terminal."""
    clean = " ".join(well_formed(text).split())
    return "".join(character if character.isprintable() else "\ufffd" for character in clean)
