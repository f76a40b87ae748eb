"""The input to articles: rows of tables, and whole files of text. What cannot be read costs only itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from stance.choices import Unit
from stance.corpus.dates import iso
from stance.corpus.layout import check_columns, check_text
from stance.corpus.lines import NOT_UTF8
from stance.corpus.parts import Limits, Rejection, no_text
from stance.corpus.readers import READERS
from stance.corpus.sources import CANNOT_OPEN, Source, UnreadableError
from stance.corpus.values import rows_of

LIMITS = Limits(rows=200)

Reject = Callable[[Mapping[str, Any]], None]
"""Is told of what could not be read: file, row, reason and the raw value."""

Undated = Callable[[str, object], None]
"""Is told of a date that is not in ISO 8601: its place, which is file and row, and the value."""


@dataclass(frozen=True, slots=True)
class Article:
    """A document of the input.

    Args:
        id: what its id column holds; else its file, with the number of its row in a table.
        text: it.
        date: in ISO 8601; None if it is not known.
        outlet: who published it; None if it is not known.
    """

    id: str
    text: str
    date: str | None = None
    outlet: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are read.

    Args:
        text: the column of texts.
        id, date, outlet: the columns of what is known of a text; None if there is none.
    """

    text: str = "text"
    id: str | None = None
    date: str | None = None
    outlet: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """The names of those that are read, by the argument that names them."""
        named = {
            "text_column": self.text,
            "id_column": self.id,
            "date_column": self.date,
            "outlet_column": self.outlet,
        }
        return {argument: name for argument, name in named.items() if name is not None}


def articles(
    sources: Sequence[Source], *, columns: Columns, unit: Unit, reject: Reject, undated: Undated
) -> Iterator[Article]:
    """Read the articles of files, in order.

    Args:
        sources: the files.
        columns: those that are read.
        unit: what a row, and a line of text, holds; a file of text is one document where it is "document".
        reject: is told of what could not be read.
        undated: is told of dates that could not be read; the articles come without.

    Raises:
        InputError: a file has no such column, or a column of texts holds something else.
    """
    for source in sources:
        try:
            if source.kind == "text" and unit is Unit.DOCUMENT:
                yield _whole(source)
            else:
                yield from _rows(source, columns, reject, undated)
        except (UnreadableError, _RefusedError) as error:
            reject({"file": source.name, "row": None, "reason": str(error), "raw": ""})


class _RefusedError(Exception):
    """A file is not what it should be."""


def _whole(source: Source) -> Article:
    with source.open() as (stream, _):
        try:
            content = stream.read()
            return Article(source.name, bytes(content).removeprefix(b"\xef\xbb\xbf").decode())
        except UnicodeDecodeError as error:
            raise _RefusedError(f"{NOT_UTF8}: byte {error.start + 1}") from error
        except (pa.ArrowException, OSError) as error:
            raise _RefusedError(f"{CANNOT_OPEN}: {error}") from error


def _rows(source: Source, columns: Columns, reject: Reject, undated: Undated) -> Iterator[Article]:
    reader = READERS[source.kind]
    try:
        found = reader.schema(source, [columns.text])
    except UnreadableError as error:
        raise _RefusedError(f"{CANNOT_OPEN}: {error}") from error
    schema = _chosen(found, source, columns)
    for part in reader.parts(source, file=0, columns=schema.names, limits=LIMITS, done={}):
        parsed = reader.parse(part.rows, schema, known=None)
        for rejection in parsed.rejected:
            reject(rejection.to_dict(source.name, part.first))
        for offset, row in zip(parsed.offsets, rows_of(parsed.table), strict=True):
            if isinstance(row[columns.text], str):
                yield _article(row, columns, f"{source.name}:{part.first + offset}", undated)
            else:
                rejection = Rejection(offset, no_text(columns.text), "")
                reject(rejection.to_dict(source.name, part.first))


def _chosen(found: pa.Schema, source: Source, columns: Columns) -> pa.Schema:
    if source.kind != "text":
        check_columns(found, columns.names, file=source.name)
    if columns.text in found.names:
        check_text(found.field(columns.text), "text_column", file=source.name)
    texts = pa.field(columns.text, pa.string())
    wanted = set(columns.names.values())
    return pa.schema([texts if one.name == columns.text else one for one in found if one.name in wanted])


def _article(row: Mapping[str, Any], columns: Columns, place: str, undated: Undated) -> Article:
    def value(name: str | None) -> Any:
        return None if name is None else row.get(name)

    name, outlet, date = value(columns.id), value(columns.outlet), value(columns.date)
    if iso(date) is None and not _is_blank(date):
        undated(place, date)
    return Article(
        place if name is None else str(name),
        row[columns.text],
        iso(date),
        None if outlet in (None, "") else str(outlet),
    )


def _is_blank(value: object) -> bool:
    return value is None or value != value or not str(value).strip()  # noqa: PLR0124 - not a number is none
