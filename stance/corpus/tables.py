"""Rows to columns of fixed types; a row that does not fit costs only itself."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from stance.corpus.parts import Rejection

Record = Mapping[str, Any]

_LARGE = range(2**63, 2**64)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a part holds.

    Args:
        table: the rows that could be read.
        offsets: the place of each of them in the part, from 0.
        rejected: the others.
    """

    table: pa.Table
    offsets: list[int]
    rejected: list[Rejection]


def infer(batches: Iterable[Sequence[Record]], *, text_columns: Sequence[str]) -> pa.Schema:
    """Infer the types of the columns of records, in the order in which the columns come.

    Null goes with any value, whole numbers with fractions, lists with lists, objects with others that have
    more keys. Where values of a column do not go together, the type is that of the commonest kind.

    Args:
        batches: of records, of which one is held at a time.
        text_columns: those that are strings whatever comes.
    """
    columns: dict[str, dict[type, tuple[int, pa.DataType]]] = {}
    for records in batches:
        for (name, kind), values in _by_kind(records).items():
            kinds = columns.setdefault(name, {})
            count, known = kinds.get(kind, (0, pa.null()))
            kinds[kind] = count + len(values), _joined(known, _type(values))
    return pa.schema(
        [
            (name, pa.string() if name in text_columns else _commonest(kinds.values()))
            for name, kinds in columns.items()
            if is_unicode(name)
        ]
    )


def tabulate(rows: Iterable[tuple[int, Record]], schema: pa.Schema, rejected: list[Rejection]) -> Parsed:
    """Make a table of records.

    Args:
        rows: the place of each record in its part, and the record; keys beyond the schema are left out.
        schema: the columns; one that a record lacks is null.
        rejected: the rows of the part that are rejected already.
    """
    offsets, records = [], []
    for offset, record in rows:
        offsets.append(offset)
        records.append(record)
    try:
        return Parsed(_table(records, schema), offsets, rejected)
    except (_UnfitError, *_MISFITS):
        pass  # at least one record does not fit: try them one by one
    fitting: list[tuple[int, Record]] = []
    for offset, record in zip(offsets, records, strict=True):
        if reason := _misfit(record, schema):
            rejected.append(Rejection(offset, reason, raw(record)))
        else:
            fitting.append((offset, record))
    return Parsed(
        _table([record for _, record in fitting], schema), [offset for offset, _ in fitting], rejected
    )


def raw(record: Record) -> str:
    """Write a record in one line, for a rejection."""
    return json.dumps(record, ensure_ascii=False, default=str)


def unify(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Return a schema for the rows of both: each column is of the wider of its types.

    Raises:
        pa.ArrowException: a column has types that do not go together.
    """
    # Of int64 and uint64 pyarrow takes the first, which large ids do not fit; below nought there are none.
    large = {field.name for schema in (one, other) for field in schema if field.type == pa.uint64()}
    widened = [
        pa.schema(
            field.with_type(pa.uint64()) if field.name in large and field.type == pa.int64() else field
            for field in schema
        )
        for schema in (one, other)
    ]
    return pa.unify_schemas(widened, promote_options="permissive")


def is_unicode(text: str) -> bool:
    """Whether a string can be written as UTF-8: whether it is free of lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _UnfitError(Exception):
    """A value would be changed by the type of its column."""


_MISFITS = (pa.ArrowException, TypeError, ValueError, OverflowError)
"""What pyarrow raises of a value that does not fit a type; ValueError includes UnicodeEncodeError."""


def _table(records: Sequence[Record], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays(
        [_column([record.get(field.name) for record in records], field) for field in schema], schema=schema
    )


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    column = pa.array(values, field.type)
    is_string = pa.types.is_string(field.type)  # a string comes back as it went in, or not at all
    if not is_string and not all(map(_same, values, column.to_pylist())):
        raise _UnfitError
    return column


def _misfit(record: Record, schema: pa.Schema) -> str | None:
    for field in schema:
        value = record.get(field.name)
        try:
            _column([value], field)
        except UnicodeEncodeError:
            return f"not Unicode: column {field.name} holds half a surrogate pair"
        except (_UnfitError, *_MISFITS):
            return f"wrong type: column {field.name} takes {field.type}, {type(value).__name__} came"
    return None


def _same(value: Any, back: Any) -> bool:
    """Whether nothing was lost; a key that an object lacks may come back as null."""
    if isinstance(value, dict) and isinstance(back, dict):
        return all(_same(value.get(name), back.get(name)) for name in value.keys() | back.keys())
    if isinstance(value, list) and isinstance(back, list):
        return len(value) == len(back) and all(map(_same, value, back))
    if isinstance(value, bool) != isinstance(back, bool):  # to Python, True is 1.0
        return False
    return bool(value == back) or (value != value and back != back)  # noqa: PLR0124 - not a number


def _by_kind(records: Sequence[Record]) -> dict[tuple[str, type], list[Any]]:
    """Return the values of each column by their kinds; numbers are of one kind."""
    values: dict[tuple[str, type], list[Any]] = {}
    for record in records:
        for name, value in record.items():
            kind = type(value)
            values.setdefault((name, float if kind is int else kind), []).append(value)
    return values


def _commonest(kinds: Iterable[tuple[int, pa.DataType]]) -> pa.DataType:
    """Return the type that most values are of, null only if there is no other."""
    return max(kinds, key=lambda kind: (not pa.types.is_null(kind[1]), kind[0]))[1]


def _joined(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return a type for the values of both; where there is none, the first."""
    try:
        return unify(*(pa.schema([("", kind)]) for kind in (one, other))).field(0).type
    except pa.ArrowException:
        return one


def _type(values: Sequence[Any]) -> pa.DataType:
    if _are_large(values):
        return pa.uint64()
    for some in _halves(values):
        try:
            return pa.infer_type(some)
        except _MISFITS:
            continue
    return pa.null()


def _are_large(values: Sequence[Any]) -> bool:
    """Whether these are whole numbers that only 64 bits without a sign hold, which pyarrow does not infer."""
    return all(type(value) is int for value in values) and min(values) >= 0 and max(values) in _LARGE


def _halves(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield the values, their first half, the first half of that, and so on."""
    while values:
        yield values
        values = values[: len(values) // 2]
