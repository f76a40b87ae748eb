"""Columns of Arrow to Python's values."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from stance.corpus.values import rows_of, values_of

FAR = pa.array([0, 5_000_000], pa.int32()).cast(pa.date32())
"""A date of Python's, and one after its last."""


def times(unit: str, zone: str | None, count: int) -> pa.Array:
    return pa.array([count], pa.int64()).cast(pa.timestamp(unit, zone))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (FAR, [date(1970, 1, 1), "15659-07-15"]),
        (pa.chunked_array([FAR, FAR[:1]]), [date(1970, 1, 1), "15659-07-15", date(1970, 1, 1)]),
        (FAR.dictionary_encode(), [date(1970, 1, 1), "15659-07-15"]),
        (pa.ListArray.from_arrays([0, 0, 2], FAR), [[], [date(1970, 1, 1), "15659-07-15"]]),
        (pa.StructArray.from_arrays([FAR[1:]], ["on"]), [{"on": "15659-07-15"}]),
        (pa.MapArray.from_arrays([0, 1], pa.array(["on"]), FAR[1:]), [[("on", "15659-07-15")]]),
        (times("s", None, 253_402_300_800), ["10000-01-01T00:00:00"]),
        (times("s", "UTC", 253_402_300_800), ["10000-01-01T00:00:00Z"]),
        (times("s", "Nowhere/Town", 0), ["1970-01-01T00:00:00Z"]),
        (times("s", None, 2**62), ["<value out of range: 4611686018427387904>"]),
        (pa.array([2**62], pa.int64()).cast(pa.duration("s")), ["4611686018427387904"]),
        (pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers()), ["…"]),
        (pa.array([1, None]), [1, None]),
    ],
)
def test_what_python_has_no_value_for_comes_as_text(column: Any, expected: list[Any]) -> None:
    """In cells of any depth; the others are the values they always are."""
    assert values_of(column) == expected
    assert list(rows_of(pa.table({"a": column}))) == [{"a": value} for value in expected]


def test_nanoseconds_come_with_pandas_and_without() -> None:
    """Written out they are the same."""
    (value,) = values_of(times("ns", None, 1))
    assert getattr(value, "isoformat", lambda: value)() == "1970-01-01T00:00:00.000000001"
