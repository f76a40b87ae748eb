"""The values of a column to dates in ISO 8601, as short as they came: a year, a month, a day or a time."""

import re
from datetime import UTC, date, datetime

_YEAR_OR_MONTH = re.compile(r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")


def iso(value: object) -> str | None:
    """Return a date, a time (in UTC if its zone is known), a month or a year in ISO 8601; else None.

    Args:
        value: of a column: a date, a time, a year as a number, or a string in ISO 8601.
    """
    if isinstance(value, datetime) and value.tzinfo:
        try:
            value = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:  # it is in the year 0 or 10000 there
            return None
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():  # years of a column that has nulls as well
        value = int(value)
    text = str(value).strip()
    if _YEAR_OR_MONTH.fullmatch(text):
        return text
    for kind in (date, datetime):
        try:
            return iso(kind.fromisoformat(text))
        except ValueError:
            continue
    return None


def beginning(text: str) -> datetime:
    """Return the first moment of what `iso` gave: of a year its first of January, of a day midnight."""
    return datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text)
