"""Windows of texts to logits: those of the first stage where it is sure, of the network for all others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.batches import Batch, batches
from stance.bundle import Bundle
from stance.calibration import label_probabilities
from stance.session import ActLogits, Logits, Session, run_batches
from stance.texts import Window
from stance.tokens import SentenceTokenizer, Tokens

TokenLogits = tuple[NDArray[np.floating], NDArray[np.floating]]
"""The logits of a sentence's cues and pointers."""

_Found = ActLogits | tuple[Logits, Logits]
"""What a network says of a batch, with acts and without."""


@dataclass(frozen=True, slots=True)
class WindowLogits:
    """What is said of a window.

    Where the first stage answered, the network has said nothing of stances and tokens.

    Args:
        window: the texts.
        acts: whether what is said of their tokens was asked for.
        tokens: of each text.
        plain: [texts] whether the first stage answered.
        labels: [texts, labels] logits.
        stances: [texts, stances] logits.
        of_tokens: for each text what is said of its tokens, or None.
    """

    window: Window
    acts: bool
    tokens: list[Tokens]
    plain: NDArray[np.bool_]
    labels: Logits
    stances: Logits
    of_tokens: list[TokenLogits | None]


class Reader:
    """Reads windows of texts. Safe to share between threads.

    Args:
        bundle: an opened model folder.
        session: the engine that runs its network.
    """

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self._bundle = bundle
        self._session = session
        self._tokenizer = SentenceTokenizer(bundle.tokenizer, max_tokens=bundle.max_tokens)

    def read(self, window: Window, *, acts: bool) -> WindowLogits:
        """Run the network over what the first stage leaves of a window; with `acts` over its tokens too."""
        tokens = self._tokenizer.encode(window.texts, window.contexts, offsets=acts)
        labels, plain = self._first_stage(tokens)
        stances = np.zeros((len(tokens), len(self._bundle.stances)), np.float32)
        of_tokens: list[TokenLogits | None] = [None] * len(tokens)
        session = self._session
        run: Callable[[NDArray[np.int64]], _Found] = session.act_logits if acts else session.logits
        asked = np.flatnonzero(~plain)
        grouped = batches([tokens[row].ids for row in asked], max_tokens=session.batch_tokens)
        grouped = (Batch(asked[batch.rows], batch.ids) for batch in grouped)
        for batch, found in run_batches(run, grouped, threads=session.threads):
            if isinstance(found, ActLogits):
                labels[batch.rows], stances[batch.rows] = found.labels, found.stances
                for row, cues, pointers in zip(batch.rows, found.cues, found.pointers, strict=True):
                    own = slice(tokens[row].sentence)  # acts are the sentence's, never its context's
                    of_tokens[row] = (cues[own], pointers[:, own, own])
            else:
                labels[batch.rows], stances[batch.rows] = found
        return WindowLogits(window, acts, tokens, plain, labels, stances, of_tokens)

    def _first_stage(self, tokens: list[Tokens]) -> tuple[Logits, NDArray[np.bool_]]:
        """Return label logits [texts, labels], and which of them are an answer already.

        Where there is a context, the network is to read it.
        """
        logits = np.zeros((len(tokens), len(self._bundle.labels)), np.float32)
        stage = self._bundle.first_stage
        if stage is None:
            return logits, np.zeros(len(tokens), bool)
        for row, sentence in enumerate(tokens):
            logits[row] = stage.logits(sentence.ids)
        alone = np.array([len(sentence.ids) == sentence.sentence for sentence in tokens], bool)
        return logits, alone & stage.answers(label_probabilities(logits, self._bundle.calibration))
