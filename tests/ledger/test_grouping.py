"""Average linkage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import AgglomerativeClustering

from stance.ledger.bcubed import b_cubed
from stance.ledger.grouping import group
from stance.ledger.vectors import LENGTH, whole


def directions(seed: int, count: int, centres: int) -> np.ndarray:
    """Vectors around some centres."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(centres, 16))[random.integers(0, centres, count)]
    vectors = vectors + 0.5 * random.normal(size=vectors.shape)
    return whole(LENGTH * vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(1, 8))
def test_as_scikit_learn(seed: int, count: int, centres: int) -> None:
    """The groups are those of scikit-learn's average linkage; only a tie may fall otherwise."""
    vectors = directions(seed, count, centres)
    peer = AgglomerativeClustering(
        n_clusters=None, distance_threshold=0.5, metric="precomputed", linkage="average"
    ).fit(1 - vectors.astype(float) @ vectors.T.astype(float) / LENGTH**2)
    assert b_cubed(group(vectors, threshold=0.5).tolist(), peer.labels_.tolist()).f1 > 0.95


def test_order_does_not_matter() -> None:
    """Whatever the order of the rows, the same are together."""
    vectors = directions(1, 300, 20)
    order = np.random.default_rng(2).permutation(300)
    shuffled = group(vectors[order])
    back = np.empty(300, int)
    back[order] = shuffled
    assert b_cubed(back.tolist(), group(vectors).tolist()).f1 == 1


def test_settled_groups_stay_apart() -> None:
    """Rows that are settled are never joined, not even by way of a new one."""
    same = np.repeat(directions(3, 1, 1), 3, axis=0)
    roots = group(same, settled=2)
    assert roots.tolist() in ([0, 1, 0], [0, 1, 1])
    assert group(same).tolist() == [0, 0, 0]


def test_what_is_the_same_is_together() -> None:
    """However often it comes, at once; what has no direction is like nothing."""
    same = np.repeat(directions(5, 2, 2), 5000, axis=0)
    joins = []
    assert set(group(same, threshold=0.99, check=lambda: joins.append(1)).tolist()) == {0, 5000}
    assert len(joins) < 10
    assert group(np.zeros((3, 16), np.float32)).tolist() == [0, 1, 2]


def test_it_can_be_ended() -> None:
    """By what is called meanwhile."""

    def end() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        group(directions(6, 10, 2), check=end)


def test_what_must_be_apart_is() -> None:
    """Rows that must not be joined are not, nor are the groups that hold them."""
    same = np.repeat(directions(4, 1, 1), 4, axis=0)
    roots = group(same, apart={3: [0]})
    assert roots[0] != roots[3]


def test_counts_weigh() -> None:
    """A mean that stands for many members counts for so many."""
    east, north, between = (LENGTH * np.array([[1, 0], [0, 1], [0.8, 0.6]])).round().astype(np.float32)
    rows = np.stack([east, between, north])
    assert group(rows, threshold=0.35).tolist() == [0, 0, 2]
    # joined first, east and between are to north as (n * 0 + 0.6) / (n + 1)
    assert group(rows, threshold=0.25).tolist() == [0, 0, 0]
    assert group(rows, counts=[9, 1, 1], threshold=0.25).tolist() == [0, 0, 2]


@pytest.mark.parametrize("rows", [0, 1])
def test_few(rows: int) -> None:
    """Nothing, or one, is grouped as it is."""
    assert group(np.zeros((rows, 4), np.float32)).tolist() == list(range(rows))
