"""Rows to parts: what a worker labels and writes in one go.

Where a part begins and ends depends on the input alone, so that a run that goes on finds the same parts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from stance.sentences import well_formed

DoneParts = Mapping[int, int]
"""The parts of a file that are done: the first row of each, and how many rows it has."""

PREFIX = "part-"
"""What the names of all files of parts begin with."""

SHORT = 300
"""The most characters of a raw value that are kept with a rejection."""

NO_TEXT = "no text"
"""Why a row whose text is null has no label."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Rows, one after another, that cannot be read.

    Args:
        reason: why. What differs from row to row comes after a colon.
        raw: what came, as far as it is known.
        count: how many rows.
    """

    reason: str
    raw: str = ""
    count: int = 1


Row: TypeAlias = bytes | dict[str, str] | pa.RecordBatch | Broken
"""What a reader hands on: a line, the cells of a record by name, many rows of Parquet, or what is broken."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a part is full.

    Args:
        rows: the most rows.
        size: the most bytes of raw rows, but for a single row that is larger.
    """

    rows: int
    size: int = 1 << 23


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one file that follow one another.

    Args:
        file: the number of the file, from 0.
        first: the number of the first row in its file, from 1.
        count: how many rows.
        rows: them.
        size: how many bytes of the file were gone through since the part before.
    """

    file: int
    first: int
    count: int
    rows: tuple[Row, ...]
    size: int

    @property
    def name(self) -> str:
        """Name the files that are made of it; the order of names is the order of rows."""
        return part_name(self.file, self.first)


def part_name(file: int, first: int) -> str:
    """Name a part by its file and its first row."""
    return f"{PREFIX}{file:05d}-{first:010d}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not labelled.

    Args:
        offset: its place in its part, from 0.
        reason: why.
        raw: what came.
    """

    offset: int
    reason: str
    raw: str

    @property
    def kind(self) -> str:
        """The reason without what differs from row to row."""
        return self.reason.partition(":")[0]

    def to_dict(self, file: str, first: int) -> dict[str, Any]:
        """Return what is written: file, row, reason and the raw value, shortened."""
        raw = self.raw if len(self.raw) <= SHORT else f"{self.raw[:SHORT]}…"
        reason, raw = well_formed(self.reason), well_formed(raw)
        return {"file": file, "row": first + self.offset, "reason": reason, "raw": raw}


def no_text(column: str) -> str:
    """Say why a row is rejected whose column of texts is null."""
    return f"{NO_TEXT}: column {column} is null"


def cut(
    rows: Iterable[tuple[Row, int]],
    *,
    file: int,
    limits: Limits,
    done: DoneParts,
    position: Callable[[], int],
) -> Iterator[Part]:
    """Cut the rows of a file into parts, and leave out those that are done.

    Args:
        rows: each row, with its size in bytes.
        file: the number of the file.
        limits: when a part is full.
        done: the parts that are not wanted.
        position: tells how many bytes of the file have been read.
    """
    held: list[Row] = []
    size = before = skip_until = 0
    number = 1
    for number, (row, row_size) in enumerate(rows, 1):
        if number <= skip_until:
            continue
        full = len(held) == limits.rows or size + row_size > limits.size or number in done
        if held and full:
            yield Part(file, number - len(held), len(held), tuple(held), position() - before)
            held, size, before = [], 0, position()
        if number in done:
            skip_until = number + done[number] - 1
            continue
        held.append(row)
        size += row_size
    if held:
        yield Part(file, number - len(held) + 1, len(held), tuple(held), position() - before)
