"""The stages joined: text -> sentences -> batches -> logits -> probabilities -> predictions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from stance.batches import batches
from stance.bundle import Bundle, find_model, open_bundle
from stance.calibration import decide_stances, label_probabilities, stance_probabilities
from stance.errors import InputError
from stance.labels import NONE
from stance.predictions import Document, Prediction
from stance.sentences import split, well_formed
from stance.session import CpuSession, Session

BATCH_TOKENS = 2048
"""The most tokens in a batch: above 1,024 it hardly matters."""

WINDOWS = (64, 256, 1024, 4096)
"""How many texts are looked at together: few at first, so that the first answers come soon, then
more, so that batches of one length are full. The last size goes on."""

EMPTY = "empty"
"""The reason given for a text of nothing but white space."""


def load(model: str | Path | None = None, *, threads: int | None = None) -> "Classifier":
    """Load a model.

    Args:
        model: a model folder, or the name of a shipped model. Default: "base".
        threads: for the network, at least 1. Default: one for each physical core.

    Raises:
        ModelError: the folder is missing, damaged, or not of this format.
    """
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1; {threads} came")
    bundle = open_bundle(find_model(model))
    return Classifier(bundle, CpuSession(bundle, threads=threads))


class Classifier:
    """Labels sentences. Safe to share between threads.

    Args:
        bundle: an opened model folder.
        session: the engine that runs its network.
    """

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self.bundle = bundle
        self._session = session
        self._tokenizer = Tokenizer.from_buffer(bundle.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(bundle.max_tokens)

    def classify(self, text: str) -> Prediction:
        """Label one sentence.

        Raises:
            InputError: `text` is not a string.
        """
        return next(self.classify_many([text]))

    def classify_many(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Label sentences, lazily, in order, in memory that does not grow with their number.

        Args:
            texts: any iterable; a few thousand are looked at together.

        Yields:
            A prediction for each text.

        Raises:
            InputError: an item is not a string (its position is named, and the predictions of all
                before it have come), or `texts` is itself a string.
        """
        if isinstance(texts, str | bytes):
            raise InputError(
                f"an iterable of strings was expected, one {type(texts).__name__} came; "
                "for a single sentence call classify(text)"
            )
        return self._stream(iter(texts))

    def read(self, text: str) -> Document:
        """Split a text into sentences and label each.

        Raises:
            InputError: `text` is not a string.
        """
        _check_string(text)
        sentences = tuple(split(text))
        predictions = self.classify_many(sentence.text for sentence in sentences)
        return Document(text, sentences, tuple(predictions))

    def _stream(self, texts: Iterator[str]) -> Iterator[Prediction]:
        position = 0
        for size in _window_sizes():
            window: list[str] = []
            refused: InputError | None = None
            for text in islice(texts, size):
                try:
                    _check_string(text, position)
                except InputError as error:
                    refused = error
                    break
                window.append(text)
                position += 1
            yield from self._predict(window)
            if refused:
                raise refused
            if len(window) < size:
                return

    def _predict(self, texts: Sequence[str]) -> Iterator[Prediction]:
        encodings = self._tokenizer.encode_batch_fast([well_formed(text) for text in texts])
        labels = np.zeros((len(texts), len(self.bundle.labels)), np.float32)
        stances = np.zeros((len(texts), len(self.bundle.stances)), np.float32)
        for batch in batches([encoding.ids for encoding in encodings], max_tokens=BATCH_TOKENS):
            labels[batch.rows], stances[batch.rows] = self._session.logits(batch.ids)
        calibration = self.bundle.calibration
        rows = zip(
            texts,
            encodings,
            label_probabilities(labels, calibration),
            stance_probabilities(stances, calibration),
            strict=True,
        )
        for text, encoding, label_row, stance_row in rows:
            yield self._decide(text, encoding, label_row, stance_row)

    def _decide(
        self, text: str, encoding: Encoding, label_row: np.ndarray, stance_row: np.ndarray
    ) -> Prediction:
        if not text.strip():
            return self._unasked(text, EMPTY)
        bundle = self.bundle
        label = bundle.labels[int(label_row.argmax())]
        probabilities = dict(zip(bundle.labels, label_row.round(6).tolist(), strict=True))
        return Prediction(
            text=text,
            label=label,
            confidence=probabilities[label],
            probabilities=probabilities,
            stances=decide_stances(label, stance_row, bundle.stances, bundle.calibration),
            truncated=bool(encoding.overflowing),
            reason=None,
            model=bundle.identity,
        )

    def _unasked(self, text: str, reason: str) -> Prediction:
        """Answer without the model: nothing was said, so no stance was taken."""
        labels = self.bundle.labels
        label = NONE if NONE in labels else labels[0]
        return Prediction(
            text=text,
            label=label,
            confidence=1.0,
            probabilities={name: float(name == label) for name in labels},
            stances=(),
            truncated=False,
            reason=reason,
            model=self.bundle.identity,
        )


def _window_sizes() -> Iterator[int]:
    yield from WINDOWS
    while True:
        yield WINDOWS[-1]


def _check_string(text: object, position: int | None = None) -> None:
    if not isinstance(text, str):
        where = "" if position is None else f" at position {position}"
        raise InputError(f"a string was expected{where}, {type(text).__name__} came")
