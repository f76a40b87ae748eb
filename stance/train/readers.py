"""Files to rows, each with all its columns."""

import glob
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from datasets import ClassLabel, load_dataset, load_from_disk
from pyarrow.parquet import read_schema

from stance.errors import InputError
from stance.records import Malformed, records

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that is no labelled sentence, and why."""

    row: int
    reason: str


def read_rows(source: str | Path, needed: Sequence[str]) -> Iterator[Row | BrokenRow]:
    """Read rows as they are, with all their columns.

    Args:
        source: as `stance.train.data.read` takes it.
        needed: the names of the columns that there must be.

    Raises:
        InputError: the source cannot be read or lacks a column; the columns that there are are named.
    """
    path = Path(source)
    try:
        match path.suffix.lower():
            case ".csv" | ".tsv":
                yield from _separated(path, needed)
            case ".jsonl" | ".ndjson":
                yield from _json_lines(path, needed)
            case _:
                yield from _dataset(str(source), needed)
    except InputError:
        raise
    except (OSError, ValueError) as error:  # the latter of pyarrow and datasets, often in many lines
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise InputError(f"{source}: {reason}") from error


def _separated(path: Path, needed: Sequence[str]) -> Iterator[Row | BrokenRow]:
    with _open_text(path) as file:
        separator = "\t" if path.suffix.lower() == ".tsv" else _separator(file, needed)
        rows = records(file, separator=separator)
        header = next(rows, [])
        if isinstance(header, Malformed):
            raise InputError(f"{path}: the header: {header.reason}; mend it")
        _check_columns(path, needed, header)
        header = [name or f"column {place}" for place, name in enumerate(header, 1)]
        for number, cells in enumerate(rows, 1):
            if isinstance(cells, Malformed):
                yield BrokenRow(number, cells.reason)
            elif not cells:
                yield BrokenRow(number, "an empty line")
            elif len(cells) != len(header):
                yield BrokenRow(number, f"{len(cells)} fields; the header has {len(header)}")
            else:
                yield dict(zip(header, cells, strict=True))


def _separator(file: TextIO, needed: Sequence[str]) -> str:
    """Tell a comma from what spreadsheets write where the comma is the decimal sign; stop before the header.

    It is the one that finds most of the needed columns, and most columns. Some spreadsheets say it in a line
    of its own, `sep=;`.
    """
    line = file.readline()
    if said := re.fullmatch(r"sep=(.)\s*", line):
        return said[1]

    def finds(separator: str) -> tuple[int, int]:
        header = next(records([line], separator=separator), [])
        names = line.split(separator) if isinstance(header, Malformed) else header
        return len({*needed} & {*names}), len(names)

    file.seek(0)
    return max(",;\t", key=finds)


def _json_lines(path: Path, needed: Sequence[str]) -> Iterator[Row | BrokenRow]:
    with _open_text(path) as file:
        if found := _names(_objects(file), needed):
            _check_columns(path, needed, found)
        file.seek(0)
        yield from _objects(file)


def _objects(lines: Iterable[str]) -> Iterator[Row | BrokenRow]:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except (RecursionError, ValueError) as error:
            yield BrokenRow(number, f"not JSON: {error}")
            continue
        if isinstance(row, dict):
            yield row
        else:
            yield BrokenRow(number, f"a JSON object was expected, {type(row).__name__} came")


def _names(rows: Iterable[Row | BrokenRow], needed: Sequence[str]) -> list[str]:
    """Return the columns that rows have, of which each may lack some; once all needed are found, no more."""
    found: dict[str, None] = {}
    for row in rows:
        if not isinstance(row, BrokenRow):
            found |= dict.fromkeys(row)
        if found.keys() >= set(needed):
            break
    return list(found)


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file; bytes that are not UTF-8 become U+FFFD, and line breaks stay as they are."""
    with path.open("rb") as raw:
        if b"\0" in raw.peek():
            raise InputError(f"{path}: UTF-8 was expected, UTF-16 or no text at all came; save it as UTF-8")
        yield TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def _dataset(source: str, needed: Sequence[str]) -> Iterator[Row]:
    path = Path(source)
    if path.is_dir():
        try:
            dataset = load_from_disk(source)
        except IndexError:  # it was saved without a row, and so without a file of them
            return
        if isinstance(dataset, dict):
            if "train" not in dataset:
                raise InputError(f"{source}: no split train; there are: {', '.join(dataset)}")
            dataset = dataset["train"]
    elif path.suffix.lower() == ".parquet":
        _check_columns(path, needed, read_schema(source).names)
        dataset = load_dataset(
            "parquet",
            data_files=glob.escape(source),
            split="train",
            streaming=True,
            batch_size=1000,  # else that of the first row group, which may be empty
        )
    elif path.suffix and path.parent.is_dir():
        raise InputError(f"{source}: .csv, .tsv, .jsonl, .parquet, a folder or a Hub id was expected")
    else:
        dataset = load_dataset(source, split="train", streaming=True)
    _check_columns(path, needed, dataset.column_names or list(next(iter(dataset), {})))
    kinds = {name: kind for name, kind in (dataset.features or {}).items() if isinstance(kind, ClassLabel)}
    for row in dataset:
        yield row | {name: _class_name(kind, row[name]) for name, kind in kinds.items()}


def _class_name(kind: ClassLabel, number: int | None) -> str | None:
    """Return what a dataset holds by number; -1 stands for none."""
    return None if number is None or number < 0 else str(kind.int2str(number))


def _check_columns(source: Path, needed: Sequence[str], found: Sequence[str]) -> None:
    if missing := [name for name in needed if name not in found]:
        raise InputError(f"{source}: no column {', '.join(missing)}; there are: {', '.join(found) or 'none'}")
    if twice := sorted({name for name in found if name and found.count(name) > 1}):
        raise InputError(f"{source}: column {', '.join(twice)} comes twice; give each column its own name")
