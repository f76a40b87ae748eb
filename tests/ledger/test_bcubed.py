"""Agreement of groupings."""

import pytest

from stance.errors import InputError
from stance.ledger.bcubed import b_cubed


def test_values_worked_by_hand() -> None:
    """Precision and recall are those of a small case, item by item."""
    # items a b c d: found {a b c} {d}, expected {a b} {c d}
    # precision (2/3 + 2/3 + 1/3 + 1) / 4, recall (1 + 1 + 1/2 + 1/2) / 4
    found = b_cubed([1, 1, 1, 2], ["x", "x", "y", "y"])
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(3 / 4)
    assert found.f1 == pytest.approx(12 / 17)


def test_extremes() -> None:
    """The same grouping is right; all in one has full recall, each alone full precision."""
    assert b_cubed("aab", [2, 2, 1]) == (1, 1, 1)
    assert b_cubed("aaaa", "wxyz")[:2] == (0.25, 1)
    assert b_cubed("wxyz", "aaaa")[:2] == (1, 0.25)


def test_nothing_to_compare_is_refused() -> None:
    """Groupings that are empty, or not of the same items, raise."""
    with pytest.raises(InputError, match="0 and 0 groups came"):
        b_cubed([], [])
    with pytest.raises(InputError, match="groups came; one for each"):
        b_cubed([1], [1, 2])
