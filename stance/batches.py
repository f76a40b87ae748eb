"""Token ids to batches, with the way back to input order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences of one length.

    Args:
        rows: [batch] where each sentence stood in the input.
        ids: [batch, tokens] token ids, int64.
    """

    rows: NDArray[np.intp]
    ids: NDArray[np.int64]


def batches(sentences: Sequence[Sequence[int]], *, max_tokens: int) -> Iterator[Batch]:
    """Group sentences by their exact length, the longest first.

    Without padding there is no mask, nothing is computed in vain, and what a sentence is batched
    with cannot touch its result.

    Args:
        sentences: the token ids of each.
        max_tokens: the most tokens in a batch, above 0; a sentence longer than that is a batch
            of its own.

    Yields:
        Batches that hold each sentence exactly once.
    """
    lengths = np.fromiter(map(len, sentences), np.intp, len(sentences))
    order = np.argsort(-lengths, kind="stable")
    for length, group in groupby(order, key=lengths.__getitem__):
        rows = np.fromiter(group, np.intp)
        size = max(1, max_tokens // max(1, int(length)))
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            yield Batch(part, np.array([sentences[row] for row in part], np.int64))
