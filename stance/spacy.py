"""A spaCy pipeline component.

import spacy, stance.spacy

nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
nlp.add_pipe("stance")
doc = nlp("Tehran denied any plan to sell drones.")
doc._.stance_acts[0].source  # Tehran
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from stance.classifier import Classifier, load
from stance.errors import InputError, MissingExtraError
from stance.predictions import Act, Prediction
from stance.predictions import Span as Piece

try:
    from spacy.language import Language
    from spacy.tokens import Doc, Span
except ImportError as error:
    raise MissingExtraError("the spaCy component", "spacy") from error

if not Span.has_extension("stance"):
    Span.set_extension("stance", default=None)
    Doc.set_extension("stance_acts", default=())


@dataclass(frozen=True, slots=True)
class SpacyAct:
    """An act whose source, cue and claim are spans of the spaCy document, None where there is none."""

    stance: str
    source: Span | None
    cue: Span | None
    claim: Span | None


class StanceComponent:
    """Sets `span._.stance` of each sentence to its `Prediction`, and `doc._.stance_acts` to all acts.

    Args:
        classifier: labels the sentences; finds their acts if its model does.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

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
            found: dict[int, list[SpacyAct]] = {id(doc): [] for doc in batch}
            for sentence, prediction in zip(sentences, predictions, strict=True):
                sentence._.stance = prediction
                found[id(sentence.doc)] += _acts(sentence, prediction)
            for doc in batch:
                doc._.stance_acts = tuple(found[id(doc)])
                yield doc


@Language.factory("stance", default_config={"model": None, "threads": None})
def make_component(nlp: Language, name: str, model: str | None, threads: int | None) -> StanceComponent:
    """Make the component for a pipeline; see `stance.load`."""
    return StanceComponent(load(model, threads=threads))


def _sentences(doc: Doc) -> Iterator[Span]:
    if not doc.has_annotation("SENT_START") and len(doc) > 1:
        raise InputError(
            'a document in sentences was expected; add "sentencizer" to the pipeline before "stance"'
        )
    yield from doc.sents


def _acts(sentence: Span, prediction: Prediction) -> Iterator[SpacyAct]:
    for act in prediction.acts or ():
        yield _spacy_act(sentence, act)


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
