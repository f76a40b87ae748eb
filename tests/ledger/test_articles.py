"""The input of ledgers."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from stance.ledger.articles import day


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-01", "2024-03-01"),
        ("2024-03", "2024-03"),
        (2024, "2024"),
        (date(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2))), "2024-03-02T01:30:00"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00"),
        (datetime(2024, 3, 1, tzinfo=UTC), "2024-03-01T00:00:00"),
        ("last Tuesday", None),
        (None, None),
        (True, None),
    ],
)
def test_dates(value: object, expected: str | None) -> None:
    """Dates of any usual kind are in ISO 8601, times in UTC; what is none is None."""
    assert day(value) == expected
