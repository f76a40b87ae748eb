"""The values of columns to dates."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from stance.corpus.dates import beginning, iso


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-01", "2024-03-01"),
        ("2024-03", "2024-03"),
        (2024, "2024"),
        (2024.0, "2024"),
        (date(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2))), "2024-03-02T01:30:00"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00"),
        (datetime(2024, 3, 1, tzinfo=UTC), "2024-03-01T00:00:00"),
        ("last Tuesday", None),
        ("0000", None),
        ("2024-13", None),
        ("٢٠٢٤", None),
        (2024.5, None),
        (float("nan"), None),
        ("0001-01-01T00:00:00+05:00", None),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))), None),
        (None, None),
        (True, None),
    ],
)
def test_dates(value: object, expected: str | None) -> None:
    """Dates of any usual kind are in ISO 8601, times in UTC; what is none is None."""
    assert iso(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", datetime(2024, 1, 1)),
        ("2024-03", datetime(2024, 3, 1)),
        ("2024-03-02", datetime(2024, 3, 2)),
        ("2024-03-02T01:30:00", datetime(2024, 3, 2, 1, 30)),
    ],
)
def test_what_a_date_begins_with(text: str, expected: datetime) -> None:
    """A year and a month begin with their first day, a day with midnight."""
    assert beginning(text) == expected
