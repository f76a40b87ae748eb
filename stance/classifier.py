"""The stages joined: text -> sentences -> batches -> logits -> probabilities -> predictions."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stance.acts import find_acts
from stance.batches import Batch, batches
from stance.bundle import FP32_NETWORK, Bundle, find_model, open_bundle
from stance.calibration import decide_stances, label_probabilities, stance_probabilities
from stance.devices import CPU, kind_of
from stance.errors import InputError
from stance.labels import NONE, UNSURE
from stance.mentions import resolve
from stance.predictions import Document, Prediction
from stance.sentences import split
from stance.session import ActLogits, CpuSession, Logits, Session, ahead, run_batches
from stance.texts import Window, check_string, pairs, windows
from stance.tokens import SentenceTokenizer, Tokens

MOST_WITH_ACTS = 4096
"""The most texts that are looked at together for their acts, which need memory for each pair of tokens."""

_TokenLogits = tuple[np.ndarray, np.ndarray]
"""The logits of a sentence's cues and pointers."""

_Found = ActLogits | tuple[Logits, Logits]
"""What a network says of a batch, with acts and without."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is said of a window: logits [texts, labels] and [texts, stances], and those of tokens.

    Where the first stage answered, `plain` [texts] is true, and the network has said nothing of stances and
    tokens. `acts` says whether they were asked for.
    """

    window: Window
    acts: bool
    tokens: list[Tokens]
    plain: NDArray[np.bool_]
    labels: Logits
    stances: Logits
    logits: list[_TokenLogits | None]


FP32 = "fp32"
"""The precision of the network that a folder may hold beside `model.onnx`."""

EMPTY = "empty"
"""The reason given for a text of nothing but white space."""

PLAIN = "plain"
"""The reason given for a sentence that the first stage answered."""


def load(
    model: str | Path | None = None,
    *,
    threads: int | None = None,
    device: str = CPU,
    cascade: bool = True,
    precision: str | None = None,
) -> "Classifier":
    """Load a model.

    Args:
        model: a model folder, or the name of a shipped model. Default: "base".
        threads: how many batches the network reads at once, at least 1. Default: one for each core; two on a
            GPU.
        device: "cpu"; or "cuda", or "cuda:1" for the second of several GPUs (extra `gpu`), where the network
            computes in bfloat16, not int8, and labels a few sentences otherwise. Default: "cpu".
        cascade: let the model's first stage, if it has one as "fast" does, answer plain sentences without
            the network; `Prediction.reason` is then "plain". Default: True.
        precision: "fp32" runs, on the CPU, the network that `stance train --fp32` leaves in a folder; it is
            slower, and labels a few sentences otherwise. Default: None, what `model.onnx` is, mostly int8.

    Raises:
        InputError: there is no such device, or no such precision there.
        MissingExtraError: the extra `gpu` is not installed.
        ModelError: the folder is missing, damaged, not of this format, or lacks the network in fp32.
    """
    if precision not in (None, FP32) or (precision and kind_of(device) != CPU):
        raise InputError(
            f'precision {precision!r} on device {device} came; None, or "fp32" on cpu, was expected'
        )
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1; {threads} came")
    bundle = open_bundle(find_model(model))
    if not cascade:
        bundle = replace(bundle, first_stage=None)
    if precision == FP32:
        bundle = replace(bundle, onnx=bundle.read(FP32_NETWORK))
    return Classifier(bundle, _open_session(bundle, threads, device))


def _open_session(bundle: Bundle, threads: int | None, device: str) -> Session:
    if kind_of(device) == CPU:
        return CpuSession(bundle, threads=threads)
    session: Session = import_module("stance.gpu.session").TorchSession(
        bundle, threads=threads, device=device
    )
    return session


class Classifier:
    """Labels sentences. Safe to share between threads.

    Args:
        bundle: an opened model folder.
        session: the engine that runs its network.
    """

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self.bundle = bundle
        self._session = session
        self._tokenizer = SentenceTokenizer(bundle.tokenizer, max_tokens=bundle.max_tokens)

    @property
    def is_exact(self) -> bool:
        """Whether the texts around it never touch an answer; on a GPU they do, in the last digits."""
        return self._session.is_exact

    def classify(
        self, text: str, *, context: str | None = None, acts: bool = False, abstain: bool = False
    ) -> Prediction:
        """Label one sentence.

        Args:
            text: the sentence.
            context: the sentence before it, for a model that reads it; of a long one the end. Default: None.
            acts: find its acts as well. Default: False.
            abstain: decide on "unsure" where no label is probable enough. Default: False.

        Raises:
            InputError: `text` is not a string, or `context` neither a string nor None.
            ModelError: acts were asked for and the model finds none, or context given and it reads none.
        """
        contexts = None if context is None else [context]
        return next(self.classify_many([text], contexts=contexts, acts=acts, abstain=abstain))

    def classify_many(
        self,
        texts: Iterable[str],
        *,
        contexts: Iterable[str | None] | None = None,
        acts: bool = False,
        abstain: bool = False,
    ) -> Iterator[Prediction]:
        """Label sentences, lazily, in order, in memory that does not grow with their number.

        Args:
            texts: any iterable; a few thousand are looked at together.
            contexts: for each text the sentence before it, or None, for a model that reads it; of long ones
                the end. Default: none is read.
            acts: find their acts as well. Default: False.
            abstain: decide on "unsure" where no label is probable enough; the thresholds, for each label,
                are the model's. Default: False.

        Yields:
            A prediction for each text.

        Raises:
            InputError: an item is not a string or a context neither a string nor None, or there are more of
                the ones than of the others (the position is named, and the predictions of all before it
                have come); or `texts` or `contexts` is itself a string.
            ModelError: acts were asked for and the model finds none, or contexts given and it reads none.
        """
        for items in (texts, contexts):
            if isinstance(items, str | bytes):
                raise InputError(
                    f"an iterable of strings was expected, one {type(items).__name__} came; "
                    "for a single sentence call classify(text)"
                )
        if acts:
            self.bundle.require_acts()
        if contexts is not None:
            self.bundle.require_context()
        most = MOST_WITH_ACTS if acts else sys.maxsize
        sizes = [min(size, most) for size in self._session.windows]
        return self._stream(windows(pairs(texts, contexts), sizes), acts, abstain)

    def read(self, text: str, *, context: bool = False) -> Document:
        """Split a text into sentences, label each, and find their acts and who takes them if the model does.

        Args:
            text: a document.
            context: read each sentence with the one before it, if the model does. Default: False.

        Raises:
            InputError: `text` is not a string.
            ModelError: context was asked for, and the model reads none.
        """
        check_string(text)
        sentences = tuple(split(text))
        texts = [sentence.text for sentence in sentences]
        contexts = [None, *texts][: len(texts)] if context else None
        predictions = list(self.classify_many(texts, contexts=contexts, acts=self.bundle.finds_acts))
        return Document(text, sentences, tuple(resolve(text, sentences, predictions)))

    def _stream(self, asked: Iterator[Window], acts: bool, abstain: bool) -> Iterator[Prediction]:
        read = partial(self._read, acts=acts)
        for reading in (ahead if self._session.reads_ahead else map)(read, asked):
            for prediction in self._decide(reading):
                yield self._abstain(prediction) if abstain else prediction
            if reading.window.refused:
                raise reading.window.refused

    def _read(self, window: Window, *, acts: bool) -> _Reading:
        """Run the network over what the first stage leaves of a window."""
        tokens = self._tokenizer.encode(window.texts, window.contexts, offsets=acts)
        labels, plain = self._first_stage(tokens)
        stances = np.zeros((len(tokens), len(self.bundle.stances)), np.float32)
        logits: list[_TokenLogits | None] = [None] * len(tokens)
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
                    logits[row] = (cues[own], pointers[:, own, own])
            else:
                labels[batch.rows], stances[batch.rows] = found
        return _Reading(window, acts, tokens, plain, labels, stances, logits)

    def _first_stage(self, tokens: list[Tokens]) -> tuple[Logits, NDArray[np.bool_]]:
        """Return label logits [texts, labels], and which of them are an answer already.

        Where there is a context, the network is to read it.
        """
        logits = np.zeros((len(tokens), len(self.bundle.labels)), np.float32)
        stage = self.bundle.first_stage
        if stage is None:
            return logits, np.zeros(len(tokens), bool)
        for row, sentence in enumerate(tokens):
            logits[row] = stage.logits(sentence.ids)
        alone = np.array([len(sentence.ids) == sentence.sentence for sentence in tokens], bool)
        return logits, alone & stage.answers(label_probabilities(logits, self.bundle.calibration))

    def _decide(self, reading: _Reading) -> Iterator[Prediction]:
        """Make predictions of logits, all probabilities at once: row by row numpy is slow."""
        calibration = self.bundle.calibration
        probabilities = label_probabilities(reading.labels, calibration)
        rows = zip(
            reading.window.texts,
            reading.tokens,
            reading.plain.tolist(),
            probabilities.argmax(axis=1).tolist(),
            probabilities.round(6).tolist(),
            stance_probabilities(reading.stances, calibration).tolist(),
            reading.logits,
            strict=True,
        )
        for row in rows:
            yield self._predict(*row, acts=reading.acts)

    def _predict(
        self,
        text: str,
        tokens: Tokens,
        plain: bool,
        best: int,
        label_row: list[float],
        stance_row: list[float],
        logits: _TokenLogits | None,
        *,
        acts: bool,
    ) -> Prediction:
        if not text.strip():
            return self._unasked(text, EMPTY, acts=acts)
        bundle = self.bundle
        label = bundle.labels[best]
        stances = decide_stances(label, stance_row, bundle.stances, bundle.calibration)
        found = logits and find_acts(
            text, tokens.offsets, *logits, label=label, stances=stances, names=bundle.stances
        )
        return Prediction(
            text=text,
            label=label,
            confidence=label_row[best],
            probabilities=dict(zip(bundle.labels, label_row, strict=True)),
            stances=stances,
            truncated=tokens.truncated,
            reason=PLAIN if plain else None,
            model=bundle.identity,
            acts=found or () if acts else None,
        )

    def _abstain(self, prediction: Prediction) -> Prediction:
        """Decide on nothing where the model is not sure."""
        if self.bundle.calibration.is_sure(prediction.label, prediction.confidence):
            return prediction
        return replace(
            prediction, label=UNSURE, stances=(), reason=UNSURE, acts=None if prediction.acts is None else ()
        )

    def _unasked(self, text: str, reason: str, *, acts: bool) -> Prediction:
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
            acts=() if acts else None,
        )
