"""Lines of CSV or TSV to records, each a list of cells, and back."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

MOST_CHARACTERS = 1 << 23
"""Of a cell: where a quotation mark is never closed, no more than this is looked through for its end."""

_LIMIT = RLock()
"""Held by the thread that has raised the limit of the csv module."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no record, and why."""

    reason: str
    raw: str


def records(lines: Iterable[str], *, separator: str) -> Iterator[list[str] | Malformed]:
    """Split lines into records, as they come; a quotation mark left open costs its own line alone.

    A cell in quotation marks may go on over many lines. Where it is never closed, or closed in the midst of
    words, as it is by the next mark that was meant to open one, the record is none: its first line is
    malformed, and the lines after it are read again as records of their own.

    Where a record of one line has a mark that closes in the midst of words, as in `"No," he said`, its marks
    are letters like any other; it is malformed if it has not as many cells then as the first record.

    Args:
        lines: each with its line break, untranslated.
        separator: what stands between cells.

    Yields:
        The cells of each record, none for an empty line, or what is wrong with a line.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=separator)
    opening = re.compile(rf'(?:^|{re.escape(separator)})"')
    width = 0
    while True:
        source.taken.clear()
        with long_cells():
            try:
                record: list[str] | Malformed | None = next(reader, None)
            except csv.Error as error:
                record = Malformed(f"not CSV: {error}", source.taken[0])
            suspect = len(source.taken) > 1 or (source.taken and source.ended)
            quoted = suspect or (isinstance(record, list) and record and opening.search(source.taken[0]))
            ill_formed = quoted and not _is_well_formed(source.taken, separator)
        if record is None:
            return
        if ill_formed and suspect:
            record = Malformed("a quotation mark left open", source.taken[0])
            source.read_again(source.taken[1:])
        elif ill_formed:
            record = _unquoted(source.taken[0], separator, width)
        width = width or (len(record) if isinstance(record, list) else 0)
        yield record


def csv_line(cells: Iterable[object]) -> str:
    """Write a record as a line of CSV that ends in a line feed."""
    text = io.StringIO(newline="")
    # With this end the csv module quotes cells with a carriage return, which else would end the record.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()[:-2] + "\n"


class _Lines:
    """Lines, of which `taken` holds those since it was last cleared; `ended` says that no more were found."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.taken: list[str] = []
        self.ended = False
        self._lines = iter(lines)
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, None)
        self.ended = line is None
        if line is None:
            raise StopIteration
        self.taken.append(line)
        return line

    def read_again(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))


def _unquoted(line: str, separator: str, width: int) -> list[str] | Malformed:
    """Read a line as if its marks were letters, into as many cells as `width` says, or any if it is 0."""
    cells = line.rstrip("\r\n").split(separator)
    if width and len(cells) != width:
        return Malformed("a quotation mark closed amid words", line)
    return cells


def _is_well_formed(lines: list[str], separator: str) -> bool:
    """Say whether every mark opens or closes a cell; blanks may stand between a mark and what follows it."""
    blanks = re.compile(rf'" +(?={re.escape(separator)}|[\r\n]|$)')
    tight = (blanks.sub('"', line) for line in lines)
    try:
        return bool(list(csv.reader(tight, delimiter=separator, strict=True)))
    except csv.Error:
        return False


@contextmanager
def long_cells() -> Iterator[None]:
    """Allow long cells for as long as a record is read: the limit is the process's, so one thread's."""
    with _LIMIT:
        before = csv.field_size_limit(MOST_CHARACTERS)
        try:
            yield
        finally:
            csv.field_size_limit(before)
