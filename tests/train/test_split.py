"""Splitting into a training and a development part."""

from collections import Counter
from dataclasses import replace

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


def test_the_nearest_size_is_taken_that_groups_allow() -> None:
    """Of outlets of all sizes, one that is near the share that was asked for; of two, the smaller one."""
    sizes = {"a": 500, "b": 300, "c": 100, "d": 50, "e": 30, "f": 10, "g": 10}
    uneven = [
        LabelledSentence(f"row {group} {row}", "ab"[row % 2], group=group)
        for group, size in sizes.items()
        for row in range(size)
    ]
    _, development = split(uneven)
    assert 100 <= len(development) <= 200
    train, development = split([row for row in uneven if row.group in {"a", "c"}])
    assert (len(train), len(development)) == (500, 100)


def test_rows_without_a_group_are_on_their_own() -> None:
    """One that lacks it does not undo the groups of the others, and many are not one group."""
    some = [replace(row, group=None) if row.row % 3 else row for row in rows(120, 20)]
    train, development = split(some)
    groups = [{row.group for row in part if row.group} for part in (train, development)]
    assert not groups[0] & groups[1]
    assert len(development) < 40
    assert any(row.group is None for row in development)


@pytest.mark.parametrize("groups", [None, 30])
def test_a_text_is_on_one_side(groups: int | None) -> None:
    """In whatever contexts, and groups, it comes."""
    some = [
        replace(
            row,
            text=f"text {'abcdefghijklmnopqrst'[row.row // 2 % 20]} {row.label}",
            context=f"before {row.row}",
        )
        for row in rows(120, groups)
    ]
    train, development = split(some)
    assert not {row.text for row in train} & {row.text for row in development}
    assert development


def test_a_rare_label_can_be_measured() -> None:
    """Where fewer rows have it than there are folds, the development part is a fold with one of them."""
    rare = [LabelledSentence(f"rare {letter}", "c", row=1000) for letter in "abcde"]
    for seed in range(5):
        train, development = split(rows(400, None) + rare, seed=seed)
        assert {row.label for row in train} == {row.label for row in development} == {"a", "b", "c"}


def test_a_label_in_one_group_alone_is_refused() -> None:
    """It would be learnt or measured, and not both."""
    some = [replace(row, group="0" if row.label == "b" else row.group) for row in rows(120, 20)]
    with pytest.raises(InputError, match="label b are in one"):
        split(some)


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
