"""How well a grouping agrees with another (Bagga and Baldwin, 1998)."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from stance.errors import InputError


class BCubed(NamedTuple):
    """Precision, recall and their harmonic mean, 0 to 1."""

    precision: float
    recall: float
    f1: float


def b_cubed(found: Sequence[Hashable], expected: Sequence[Hashable]) -> BCubed:
    """Compare two groupings of the same items.

    For each item: of those that are grouped with it, itself among them, how many ought to be (precision), and
    of those that ought to be, how many are (recall); on average over the items.

    Args:
        found: the group of each item.
        expected: the group that each item ought to be in, at least one item.

    Raises:
        InputError: the two are not equally long, or empty.
    """
    if not found or len(found) != len(expected):
        raise InputError(
            f"{len(found)} and {len(expected)} groups came; one for each of some items was expected"
        )
    both = Counter(zip(found, expected, strict=True))
    of_found, of_expected = Counter(found), Counter(expected)
    total = len(found)
    precision = sum(count**2 / of_found[group] for (group, _), count in both.items()) / total
    recall = sum(count**2 / of_expected[group] for (_, group), count in both.items()) / total
    return BCubed(precision, recall, 2 * precision * recall / (precision + recall))
