"""Vectors to groups: average linkage, exact, without the matrix of all pairs.

Two groups are as alike as their members are on average, which is the dot product of their means. Whatever
two groups are each other's nearest are joined at once: as no group can become more alike to another by
growing, the order does not matter (de Rham, La classification hiérarchique ascendante selon la méthode des
voisins réciproques, 1980). A group without a neighbour that is alike enough will never have one, and is done.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stance.ledger.vectors import LENGTH, Vectors, whole

THRESHOLD = 0.24
"""How alike two groups must be to be joined, of 1; see `benchmarks/claims.py`."""

_BLOCK = 2048
"""Rows and columns that are multiplied at a time."""


def group(
    means: Vectors,
    *,
    counts: Sequence[int] | None = None,
    settled: int = 0,
    apart: Mapping[int, Collection[int]] | None = None,
    threshold: float = THRESHOLD,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.int64]:
    """Group vectors by average linkage.

    Args:
        means: [rows, size], whole numbers; what is grouped, or the means of groups that are there already.
        counts: how many members each row stands for. Default: one each.
        settled: the first so many rows are never joined with one another. Default: 0.
        apart: for a row, others that it must not be joined with. Default: none.
        threshold: the least average cosine of two groups that are joined, 0 to 1. Default: 0.24.
        check: is called again and again; what it raises ends the work. Default: nothing is.

    Returns:
        The number of the first row of each row's group: [rows].
    """
    groups = _Groups(means, counts or [1] * len(means), settled, apart or {}, threshold, check)
    while groups.join():
        pass
    return groups.roots()


class _Groups:
    def __init__(
        self,
        means: Vectors,
        counts: Sequence[int],
        settled: int,
        apart: Mapping[int, Collection[int]],
        threshold: float,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self._means = means.copy()
        self._counts = np.array(counts, np.float64)
        self._settled = settled
        self._least = threshold * LENGTH**2
        self._parents = np.arange(len(means))
        self._apart: dict[int, set[int]] = {}
        for row, others in apart.items():
            for other in others:
                self._part(row, other)
        self._nearest = np.full(len(means), -1)
        self._live = self._different()
        self._look(self._live)

    def _different(self) -> NDArray[np.int64]:
        """Join what is the same, one by one the nearest there is, and return the rows that are left."""
        live = []
        first: dict[bytes, int] = {}
        for row, mean in enumerate(self._means):
            single = self._counts[row] == 1 and mean.any()  # of more, the mean is not the nearest to itself
            kept = first.setdefault(mean.tobytes(), row) if single else row
            if kept == row or row < self._settled or row in self._apart.get(kept, ()):
                live.append(row)
            else:
                self._merge(kept, row)
        return np.array(live, np.int64)

    def join(self) -> bool:
        """Join all pairs that are each other's nearest, and say whether there were any."""
        first = self._live
        second = self._nearest[first]
        mutual = (first < second) & (self._nearest[second] == first)
        pairs = list(zip(first[mutual].tolist(), second[mutual].tolist(), strict=True))
        for kept, gone in pairs:
            self._merge(kept, gone)
        if not pairs:
            return False
        touched = [row for pair in pairs for row in pair]
        self._live = np.setdiff1d(self._live, [gone for _, gone in pairs])
        self._look(self._live[np.isin(self._nearest[self._live], touched) | np.isin(self._live, touched)])
        return True

    def roots(self) -> NDArray[np.int64]:
        """Follow each row to the first of its group."""
        roots = self._parents
        while (roots[roots] != roots).any():
            roots = roots[roots]
        return roots

    def _merge(self, kept: int, gone: int) -> None:
        counts = self._counts
        sums = counts[kept] * self._means[kept] + counts[gone] * self._means[gone]
        counts[kept] += counts[gone]
        self._means[kept] = whole(sums / counts[kept])
        self._parents[gone] = kept
        for other in self._apart.pop(gone, ()):
            self._apart[other].discard(gone)
            self._part(kept, other)

    def _part(self, row: int, other: int) -> None:
        self._apart.setdefault(row, set()).add(other)
        self._apart.setdefault(other, set()).add(row)

    def _look(self, rows: NDArray[np.int64]) -> None:
        """Find the nearest of each row, and leave out of sight those that have none."""
        self._nearest[rows] = -1
        for start in range(0, len(rows), _BLOCK):
            self._check()
            self._look_for(rows[start : start + _BLOCK])
        self._live = self._live[self._nearest[self._live] >= 0]

    def _look_for(self, rows: NDArray[np.int64]) -> None:
        best = np.full(len(rows), self._least - 1, np.float32)
        for start in range(0, len(self._live), _BLOCK):
            columns = self._live[start : start + _BLOCK]
            if rows[-1] < self._settled and columns[-1] < self._settled:
                continue
            alike = self._means[rows] @ self._means[columns].T
            alike[rows[:, None] == columns] = -np.inf
            alike[np.ix_(rows < self._settled, columns < self._settled)] = -np.inf
            self._forbid(alike, rows, columns)
            place = alike.argmax(1)
            found = alike[np.arange(len(rows)), place]
            better = (found > best) & (found >= self._least)
            best[better] = found[better]
            self._nearest[rows[better]] = columns[place[better]]

    def _forbid(self, alike: Vectors, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> None:
        for place, row in enumerate(rows.tolist()):
            if others := self._apart.get(row):
                alike[place, np.isin(columns, list(others))] = -np.inf
