"""The stages joined: text -> sentences -> batches -> logits -> probabilities -> predictions."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from stance import documents
from stance.bundle import FP32_NETWORK, Bundle
from stance.calibration import Calibration
from stance.choices import Unit, pick
from stance.decisions import abstain, acts_of, decide
from stance.devices import CPU, kind_of
from stance.errors import InputError
from stance.logits import Reader, WindowLogits
from stance.models import join, open_model
from stance.predictions import Document, Prediction
from stance.session import CpuSession, Session, ahead
from stance.texts import Pair, Window, check_string, pairs, windows

MOST_WITH_ACTS = 4096
"""The most texts that are looked at together for their acts, which need memory for each pair of tokens."""

FP32 = "fp32"
"""The precision of the network that a folder may hold beside `model.onnx`."""


def load(
    model: str | Path | None = None,
    *,
    threads: int | None = None,
    device: str = CPU,
    first_stage: bool = True,
    precision: str | None = None,
) -> "Classifier":
    """Load a model.

    Args:
        model: a model folder, or the name of a shipped model; or two of them, "fast+base": what the first is
            not sure of is left to the second, whose acts are those of all, and `Prediction.model` says which
            of them chose the label. Default: "base".
        threads: how many batches the network reads at once, at least 1. Default: one for each core; two on a
            GPU.
        device: "cpu"; or "cuda", or "cuda:1" for the second of several GPUs (extra `gpu`), where the network
            computes in bfloat16, not int8, and labels a few sentences otherwise. Default: "cpu".
        first_stage: let the model's first stage, if it has one as "fast" does, answer plain sentences without
            the network; `Prediction.reason` is then "plain". A cascade of two stays one. Default: True.
        precision: "fp32" runs, on the CPU, the network that `stance train --fp32` leaves in a folder; it is
            slower, and labels a few sentences otherwise. Default: None, what `model.onnx` is, mostly int8.

    Raises:
        InputError: there is no such device, or no such precision there.
        MissingExtraError: the extra `gpu` is not installed.
        ModelError: a folder is missing, damaged, not of this format, or lacks what runs on a GPU or in fp32;
            or two models do not make a cascade.
    """
    if precision not in (None, FP32) or (precision and kind_of(device) != CPU):
        raise InputError(
            f'precision {precision!r} on device {device} came; None, or "fp32" on cpu, was expected'
        )
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1; {threads} came")

    first, *rest = (bundle := open_model(model)).stages or (bundle,)

    def opened(bundle: Bundle, second: Classifier | None = None) -> Classifier:
        if not first_stage:
            bundle = replace(bundle, first_stage=None)
        if precision == FP32:
            bundle = replace(bundle, onnx=bundle.read(FP32_NETWORK))
        return Classifier(bundle, _open_session(bundle, threads, device), second)

    return opened(first, opened(rest[0]) if rest else None)


def _refuse_string(texts: object, instead: str) -> None:
    if isinstance(texts, str | bytes):
        raise InputError(
            f"an iterable of strings was expected, one {type(texts).__name__} came; "
            f"for a single one call {instead}"
        )


def _open_session(bundle: Bundle, threads: int | None, device: str) -> Session:
    if kind_of(device) == CPU:
        return CpuSession(bundle, threads=threads)
    session: Session = import_module("stance.gpu.session").TorchSession(
        bundle, threads=threads, device=device
    )
    return session


def _on_cpu(bundle: Bundle, threads: int, second: "Classifier | None") -> "Classifier":
    return Classifier(bundle, CpuSession(bundle, threads=threads), second)


class Classifier:
    """Labels sentences. Safe to share between threads.

    Args:
        bundle: an opened model folder.
        session: the engine that runs its network.
        second: of a cascade; labels what this model leaves to another. Default: nothing is left.
    """

    def __init__(self, bundle: Bundle, session: Session, second: "Classifier | None" = None) -> None:
        self.bundle: Bundle = join(bundle, second.bundle) if second else bundle
        self._own = bundle
        self._session = session
        self._second = second
        self._reader = Reader(bundle, session)

    def __reduce__(self) -> tuple[Callable[..., "Classifier"], tuple[Bundle, int, "Classifier | None"]]:
        """Let it be copied, and pass between processes, with the content of its model."""
        if type(self._session) is not CpuSession:
            raise InputError("only a classifier on the CPU can be copied or pickled; load it anew instead")
        return _on_cpu, (self._own, self._session.threads, self._second)

    @property
    def is_exact(self) -> bool:
        """Whether the texts around it never touch an answer; on a GPU they do, in the last digits."""
        return self._session.is_exact and (self._second is None or self._second.is_exact)

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
            _refuse_string(items, "classify(text)")
        if acts:
            self.bundle.require_acts()
        if contexts is not None:
            self.bundle.require_context()
        return self._label(pairs(texts, contexts), acts=acts, abstains=abstain)

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
        return next(self.read_many([text], context=context))

    def read_many(
        self, texts: Iterable[str], *, unit: Unit | str = Unit.DOCUMENT, context: bool = False
    ) -> Iterator[Document]:
        """Read documents as `read` does, lazily, in order; short ones are looked at together.

        Args:
            texts: any iterable of documents.
            unit: "document", or "sentence" where each text is a sentence of its own. Default: "document".
            context: read each sentence with the one before it, if the model does. Default: False.

        Yields:
            A document for each text.

        Raises:
            InputError: an item is not a string (the position is named, and the documents of all before it
                have come), `texts` is itself a string, or there is no such unit.
            ModelError: context was asked for, and the model reads none.
        """
        _refuse_string(texts, "read(text)")
        if context:
            self.bundle.require_context()
        label = partial(self._label, acts=self.bundle.finds_acts, abstains=False)
        return documents.read(texts, label, unit=pick(Unit, unit), context=context)

    def _label(self, asked: Iterator[Pair], *, acts: bool, abstains: bool) -> Iterator[Prediction]:
        most = MOST_WITH_ACTS if acts else sys.maxsize
        return self._stream(
            windows(asked, [min(size, most) for size in self._session.windows]), acts, abstains
        )

    def _stream(self, asked: Iterator[Window], acts: bool, abstains: bool) -> Iterator[Prediction]:
        read = partial(self._reader.read, acts=acts and self._second is None)
        for said in (ahead if self._session.reads_ahead else map)(read, asked):
            for prediction, calibration in self._answers(said, acts):
                yield abstain(prediction, calibration) if abstains else prediction
            if said.window.refused:
                raise said.window.refused

    def _answers(self, said: WindowLogits, acts: bool) -> Iterator[tuple[Prediction, Calibration]]:
        """Decide on a window; leave to the second model what is not sure here, and the acts of all."""
        own, second = self._own, self._second
        if second is None:
            yield from ((one, own.calibration) for one in decide(said, own))
            return
        predictions = list(decide(said, own))
        least = own.deferral_threshold or 0.0
        unsure = [one.reason is None and one.confidence < least for one in predictions]
        left = [row for row, leaves in enumerate(unsure) if leaves]
        kept = [row for row, one in enumerate(predictions) if acts and one.stances and not unsure[row]]
        again = second._reader.read(said.window.take([*left, *kept]), acts=acts)
        answered = dict(zip(left, decide(again, second.bundle), strict=False))  # not those kept for acts
        places = {row: place for place, row in enumerate(kept, len(left))}
        for row, one in enumerate(predictions):
            if row in answered:
                yield answered[row], second.bundle.calibration
            elif row in places:
                found = acts_of(again, places[row], one.label, one.stances, own.stances)
                yield replace(one, acts=found), own.calibration
            else:
                yield replace(one, acts=() if acts else None), own.calibration
