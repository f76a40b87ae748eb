"""CSV and TSV: records of cells under a header; every cell is a string."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import ArrowException

from stance.corpus.folder import explain
from stance.corpus.lines import BREAKS_OFF, BUFFER, NOT_UTF8
from stance.corpus.parts import SHORT, Broken, DoneParts, Limits, Part, Rejection, Row, cut
from stance.corpus.sources import Source, UnreadableError
from stance.corpus.tables import Parsed, Record, is_unicode, tabulate
from stance.records import Malformed, records


class SeparatedReader:
    """Reads files of separated cells.

    Args:
        separator: what stands between cells.
    """

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def schema(self, source: Source, text_columns: Sequence[str]) -> pa.Schema:
        """Return the columns of a file: its header, all of them strings."""
        with source.open() as (stream, _), self._cells(stream) as cells:
            return pa.schema([(name, pa.string()) for name in _header(cells)])

    def parts(
        self, source: Source, *, file: int, columns: Sequence[str], limits: Limits, done: DoneParts
    ) -> Iterator[Part]:
        """Cut a file into parts."""
        with source.open() as (stream, position), self._cells(stream) as cells:
            rows = _records(_header(cells), cells)
            yield from cut(rows, file=file, limits=limits, done=done, position=position)

    def parse(self, rows: tuple[Row, ...], schema: pa.Schema, *, known: frozenset[str] | None) -> Parsed:
        """Make a table of the rows of a part; see `Reader.parse`."""
        rejected: list[Rejection] = []
        return tabulate(_valid(rows, rejected), schema, rejected)

    @contextmanager
    def _cells(self, stream: Any) -> Iterator[Iterator[list[str] | Broken]]:
        buffer = io.BufferedReader(stream, BUFFER)
        lines = io.TextIOWrapper(buffer, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            yield _read(lines, self._separator)
        finally:
            lines.detach()
            buffer.detach()


def _read(lines: Iterable[str], separator: str) -> Iterator[list[str] | Broken]:
    try:
        for record in records(lines, separator=separator):
            yield Broken(record.reason, record.raw) if isinstance(record, Malformed) else record
    except (ArrowException, OSError) as error:
        yield Broken(BREAKS_OFF, explain(error))


def _header(cells: Iterator[list[str] | Broken]) -> list[str]:
    header = next(cells, [])
    if isinstance(header, Broken):
        raise UnreadableError(f"{header.reason}; {header.raw.rstrip()[:SHORT]!r}")
    if not header:
        raise UnreadableError("no header")
    if not all(map(is_unicode, header)):
        raise UnreadableError("a header that is not UTF-8")
    if doubled := {name for name in header if header.count(name) > 1}:
        raise UnreadableError(f"a header with column {min(doubled)!r} twice")
    return header


def _records(header: list[str], cells: Iterator[list[str] | Broken]) -> Iterator[tuple[Row, int]]:
    for record in cells:
        if isinstance(record, Broken):
            yield record, 0
        elif not record:
            yield Broken("an empty line"), 1
        elif len(record) != len(header):
            reason = f"wrong number of cells: {len(record)}; the header has {len(header)}"
            yield Broken(reason, _shown(record)), sum(map(len, record))
        else:
            yield dict(zip(header, record, strict=True)), sum(map(len, record))


def _valid(rows: tuple[Row, ...], rejected: list[Rejection]) -> Iterator[tuple[int, Record]]:
    for offset, row in enumerate(rows):
        match row:
            case Broken(reason, came):
                rejected.append(Rejection(offset, reason, came))
            case dict():
                if broken := [name for name, cell in row.items() if not is_unicode(cell)]:
                    reason = f"{NOT_UTF8}: column {broken[0]}"
                    rejected.append(Rejection(offset, reason, _shown(list(row.values()))))
                else:
                    yield offset, row


def _shown(cells: list[str]) -> str:
    return ",".join(cells).encode(errors="surrogateescape").decode(errors="replace")
