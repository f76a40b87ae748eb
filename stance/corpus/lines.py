"""Text and JSON lines: a row a line."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
from pyarrow import ArrowException

from stance.corpus.folder import explain
from stance.corpus.parts import Broken, DoneParts, Limits, Part, Rejection, Row, cut
from stance.corpus.sources import Source, UnreadableError
from stance.corpus.tables import Parsed, Record, infer, tabulate

ROWS_AT_A_TIME = 1000
"""The rows of JSON lines that are held together to find the types of columns."""

NOT_UTF8 = "not UTF-8"
BREAKS_OFF = "the file breaks off here"

BUFFER = 1 << 12
"""Bytes read at a time: where a packed file is cut short, no more than this is lost before the cut."""
_BOM = b"\xef\xbb\xbf"


class TextReader:
    """Reads files of text: one column, a line a row."""

    def schema(self, source: Source, text_columns: Sequence[str]) -> pa.Schema:
        """Return the columns of a file."""
        with source.open() as (stream, _):
            _first_line(io.BufferedReader(stream, BUFFER))
        return pa.schema([(text_columns[0], pa.string())])

    def parts(
        self, source: Source, *, file: int, columns: Sequence[str], limits: Limits, done: DoneParts
    ) -> Iterator[Part]:
        """Cut a file into parts."""
        with source.open() as (stream, position):
            yield from cut(_lines(stream), file=file, limits=limits, done=done, position=position)

    def parse(self, rows: tuple[Row, ...], schema: pa.Schema, *, known: frozenset[str] | None) -> Parsed:
        """Make a table of the rows of a part; see `Reader.parse`."""
        rejected: list[Rejection] = []
        return tabulate(self._records(rows, schema, known, rejected), schema, rejected)

    def _records(
        self,
        rows: tuple[Row, ...],
        schema: pa.Schema,
        known: frozenset[str] | None,
        rejected: list[Rejection],
    ) -> Iterator[tuple[int, Record]]:
        for offset, row in enumerate(rows):
            match row:
                case Broken(reason, came):
                    rejected.append(Rejection(offset, reason, came))
                case bytes():
                    try:
                        yield offset, self._record(row.decode(), schema, known)
                    except UnicodeDecodeError as error:
                        reason = f"{NOT_UTF8}: byte {error.start + 1}"
                        rejected.append(Rejection(offset, reason, row.decode(errors="replace")))
                    except _RefusedError as error:
                        rejected.append(Rejection(offset, str(error), row.decode()))

    def _record(self, line: str, schema: pa.Schema, known: frozenset[str] | None) -> Record:
        return dict.fromkeys(schema.names, line)


class JsonLinesReader(TextReader):
    """Reads files of JSON lines: an object a line."""

    def schema(self, source: Source, text_columns: Sequence[str]) -> pa.Schema:
        """Return the columns of a file, as all its rows show them."""
        with source.open() as (stream, _):
            return infer(_objects(stream), text_columns=text_columns)

    def _record(self, line: str, schema: pa.Schema, known: frozenset[str] | None) -> Record:
        record = _object(line)
        if known is not None and (unknown := record.keys() - known):
            raise _RefusedError(f"an unknown column: {min(unknown)!r} is no name in Unicode")
        return record


class _RefusedError(Exception):
    """A line is not what it should be."""


def _object(line: str) -> dict[str, Any]:
    if not line.strip():
        raise _RefusedError("an empty line")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _RefusedError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _RefusedError(f"not a JSON object: {type(value).__name__} came")
    return value


def _objects(stream: Any) -> Iterator[list[dict[str, Any]]]:
    """Read the objects of a file, some at a time; what is none will be rejected when its turn comes."""
    found: list[dict[str, Any]] = []
    for number, (row, _) in enumerate(_lines(stream)):
        if isinstance(row, Broken) and not number:
            raise UnreadableError(row.raw)
        if isinstance(row, bytes):
            with suppress(_RefusedError, UnicodeDecodeError):
                found.append(_object(row.decode()))
        if len(found) == ROWS_AT_A_TIME:
            yield found
            found = []
    yield found


def _lines(stream: Any) -> Iterator[tuple[Row, int]]:
    """Read lines without their line break; where a packed file is cut short, one more row says so."""
    lines = io.BufferedReader(stream, BUFFER)
    first = True
    try:
        for line in lines:
            yield line.rstrip(b"\r\n").removeprefix(_BOM if first else b""), len(line)
            first = False
    except (ArrowException, OSError) as error:
        yield Broken(BREAKS_OFF, explain(error)), 0
    finally:
        lines.detach()


def _first_line(lines: io.BufferedReader) -> None:
    try:
        lines.readline()
    except (ArrowException, OSError) as error:
        raise UnreadableError(explain(error)) from error
    finally:
        lines.detach()
