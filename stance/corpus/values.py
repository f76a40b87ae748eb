"""Columns of Arrow to Python's values; a value that Python has not comes as the text that Arrow gives it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

UNSHOWN = "…"
"""Stands for what is no text either."""

_REFUSALS = (pa.ArrowException, ValueError, OverflowError)
"""What pyarrow raises of a date out of Python's range, of a time zone that nobody knows, of nanoseconds."""


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, each a value by the name of its column."""
    columns = [values_of(column) for column in table.columns]
    return (dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True))


def values_of(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Return the values of a column."""
    try:
        found: list[Any] = column.to_pylist()
    except _REFUSALS:
        found = [value_of(cell) for cell in column]
    return found


def value_of(cell: pa.Scalar) -> Any:
    """Return the value of a cell."""
    try:
        return cell.as_py()
    except _REFUSALS:
        pass
    match cell:
        case pa.DictionaryScalar():
            return value_of(cell.value)
        case pa.MapScalar():
            return [(value_of(one["key"]), value_of(one["value"])) for one in cell.values]
        case pa.ListScalar() | pa.LargeListScalar() | pa.FixedSizeListScalar():
            return [value_of(one) for one in cell.values]
        case pa.StructScalar():
            return {name: value_of(one) for name, one in cell.items()}
    return _text(cell)


def _text(cell: pa.Scalar) -> str:
    kind = cell.type
    try:
        if not pa.types.is_timestamp(kind):
            return str(cell.cast(pa.string()).as_py())
        moment = str(cell.cast(pa.timestamp(kind.unit)).cast(pa.string()).as_py())  # in UTC if it has a zone
    except _REFUSALS:
        return UNSHOWN
    if moment.startswith("<"):  # "<value out of range: 4611686018427387904>"
        return moment
    return moment.replace(" ", "T") + ("Z" if kind.tz else "")
