"""Splitting into a training and a development part."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.train.data import LabelledSentence
from stance.train.split import split


def rows(count: int, groups: int | None) -> list[LabelledSentence]:
    """Half of the rows have each label."""
    return [
        LabelledSentence(
            f"row {row}", "ab"[row % 2], group=None if groups is None else str(row % groups), row=row
        )
        for row in range(count)
    ]


@given(st.sampled_from([None, 11, 30]), st.integers(0, 5))
def test_the_parts_are_the_whole(groups: int | None, seed: int) -> None:
    """Each row is in one part, and the order is kept."""
    train, development = split(rows(120, groups), seed=seed)
    assert sorted(train + development, key=lambda row: row.row) == rows(120, groups)
    assert train == sorted(train, key=lambda row: row.row)


def test_a_group_is_on_one_side() -> None:
    """What one article says must not be learnt and measured."""
    train, development = split(rows(120, 20))
    assert not {row.group for row in train} & {row.group for row in development}
    assert development


def test_labels_have_like_shares() -> None:
    """Without groups the shares are as near as whole rows allow."""
    train, development = split(rows(200, None), share=0.2)
    assert Counter(row.label for row in development) == {"a": 20, "b": 20}
    assert len(train) == 160


def test_the_seed_decides() -> None:
    """The same seed, the same parts; another one, others."""
    assert split(rows(99, None), seed=1) == split(rows(99, None), seed=1)
    assert split(rows(99, None), seed=1) != split(rows(99, None), seed=2)


@pytest.mark.parametrize("share", [0.0, 0.6, -1.0])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    """More than a half is no development part."""
    with pytest.raises(InputError, match=str(share)):
        split(rows(99, None), share=share)


def test_too_few_rows_are_refused() -> None:
    """What cannot be split is said, not half done."""
    with pytest.raises(InputError, match="cannot be split"):
        split(rows(3, None))
