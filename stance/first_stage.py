"""A first stage before the network: plain sentences are told by their tokens alone, at next to no cost.

Most sentences of ordinary news take no stance, and most of those have no word that could. A linear
model over token counts answers them, and only them: for whatever else, the network is asked.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

FIRST_STAGE = "first_stage.npy"
"""The file of a model folder that holds its weights."""


@dataclass(frozen=True, slots=True)
class FirstStage:
    """A multinomial logistic regression over the tokens of a sentence, which answers where it is sure.

    Args:
        weights: [vocabulary, labels] what a token adds to the label logits each time that it occurs; the
            first token, which all sentences have, carries the biases. The model's calibration is theirs too.
        plain: the index of the one label that it answers with.
        threshold: the probability, 0 to 1, of that label from which it answers.

    Source: Viola and Jones 2001, "Rapid Object Detection using a Boosted Cascade of Simple Features".
    """

    weights: NDArray[np.float32]
    plain: int
    threshold: float

    @classmethod
    def read(cls, content: bytes, *, plain: int, threshold: float) -> Self:
        """Open the content of a `first_stage.npy`.

        Raises:
            ValueError: it is not an array of [vocabulary, labels].
        """
        weights = np.load(io.BytesIO(content), allow_pickle=False).astype(np.float32)
        if weights.ndim != 2 or not 0 <= plain < weights.shape[1]:
            raise ValueError(f"weights [vocabulary, labels] were expected, {weights.shape} came")
        return cls(weights, plain, threshold)

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the label logits [labels] of a sentence's token ids, special ones included.

        The first token counts once: a text may hold its name, and so its id, in words.
        """
        first = ids[0]
        counted = [first, *(token for token in ids[1:] if token != first)]
        logits: NDArray[np.float32] = self.weights[counted].sum(axis=0)
        return logits

    def answers(self, probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Say of probabilities [sentences, labels] which the network need not be asked about."""
        sure: NDArray[np.bool_] = probabilities[:, self.plain] >= self.threshold
        return sure
