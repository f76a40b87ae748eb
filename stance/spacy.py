"""A spaCy pipeline component.

import spacy

nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
nlp.add_pipe("stance")
doc = nlp("Tehran denied any plan to sell drones.")
doc._.stance_acts[0].source  # Tehran
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from stance.classifier import load
from stance.errors import InputError, MissingExtraError
from stance.predictions import Act, Prediction
from stance.predictions import Span as Piece

try:
    from spacy.language import Language
    from spacy.tokens import Doc, Span
except ImportError as error:
    raise MissingExtraError("the spaCy component", "spacy") from error


@dataclass(frozen=True, slots=True)
class SpacyAct:
    """An act whose source, cue and claim are spans of the spaCy document, None where there is none."""

    stance: str
    source: Span | None
    cue: Span | None
    claim: Span | None


class StanceComponent:
    """Gives each sentence its prediction in `span._.stance`, each document its acts in `doc._.stance_acts`.

    What a document holds of them is plain (`span._.stance_dict`), so that it can be saved, joined to others
    and sent to other processes. So can the component, which opens its model where it arrives.

    Args:
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        threads: for the network, at least 1. Default: one for each core.

    Raises:
        InputError: `threads` is less than 1.
        ModelError: the folder is missing, damaged, or not of this format.
    """

    def __init__(self, model: str | None = None, *, threads: int | None = None) -> None:
        self._model = model
        self._threads = threads
        self._classifier = load(model, threads=threads)

    def __call__(self, doc: Doc) -> Doc:
        """Read one document.

        Raises:
            InputError: nothing in the pipeline before has split it into sentences.
        """
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Read documents, `batch_size` of them together; see `__call__`."""
        stream = iter(docs)
        while batch := list(islice(stream, batch_size)):
            sentences = [sentence for doc in batch for sentence in _sentences(doc)]
            predictions = self._classifier.classify_many(
                [sentence.text for sentence in sentences], acts=self._classifier.bundle.finds_acts
            )
            for sentence, prediction in zip(sentences, predictions, strict=True):
                sentence._.stance_dict = prediction.to_dict()
            yield from batch

    def __reduce__(self) -> tuple[Callable[..., "StanceComponent"], tuple[str | None]]:
        return partial(StanceComponent, threads=self._threads), (self._model,)


@Language.factory("stance", default_config={"model": None, "threads": None})
def make_component(nlp: Language, name: str, model: str | None, threads: int | None) -> StanceComponent:
    """Make the component for a pipeline; see `StanceComponent`."""
    return StanceComponent(model, threads=threads)


def prediction_of(sentence: Span) -> Prediction | None:
    """Return what the component has said of a sentence, None if it has not seen it."""
    values = sentence._.stance_dict
    return None if values is None else Prediction.from_dict(values)


def acts_of(doc: Doc) -> tuple[SpacyAct, ...]:
    """Return the acts of all sentences of a document, in order."""
    if not _is_split(doc):
        return ()
    return tuple(
        _spacy_act(sentence, act)
        for sentence in doc.sents
        if (prediction := prediction_of(sentence))
        for act in prediction.acts or ()
    )


# By force, as a module may be loaded twice in a session.
Span.set_extension("stance_dict", default=None, force=True)
Span.set_extension("stance", getter=prediction_of, force=True)
Doc.set_extension("stance_acts", getter=acts_of, force=True)


def _is_split(doc: Doc) -> bool:
    return len(doc) <= 1 or bool(doc.has_annotation("SENT_START"))


def _sentences(doc: Doc) -> Iterator[Span]:
    if not _is_split(doc):
        raise InputError(
            'a document in sentences was expected; add "sentencizer" to the pipeline before "stance"'
        )
    yield from doc.sents


def _spacy_act(sentence: Span, act: Act) -> SpacyAct:
    def span(piece: Piece | None) -> Span | None:
        if piece is None:
            return None
        first = sentence.start_char
        found: Span | None = sentence.doc.char_span(
            first + piece.start, first + piece.end, alignment_mode="expand"
        )
        return found

    return SpacyAct(act.stance, span(act.source), span(act.cue), span(act.claim))
