"""The spaCy component."""

import pytest
import spacy
from spacy.language import Language

import stance
import stance.spacy
from stance.errors import InputError

from .conftest import SENTENCES, TINY


@pytest.fixture
def nlp() -> Language:
    """A pipeline that splits sentences and labels them with the tiny model."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe("stance", config={"model": str(TINY)})
    return pipeline


def test_sentences_carry_their_predictions(nlp: Language, tiny: stance.Classifier) -> None:
    """The same as the classifier gives, alone and in a stream."""
    docs = [*nlp.pipe(SENTENCES, batch_size=4), nlp(" ".join(SENTENCES))]
    for doc in docs:
        for sentence in doc.sents:
            assert sentence._.stance == tiny.classify(sentence.text, acts=True)


def test_acts_are_spans_of_the_document(nlp: Language) -> None:
    """All sentences' acts, in order, cut out of the document's own text."""
    doc = nlp(" ".join(SENTENCES))
    expected = [(sentence, act) for sentence in doc.sents for act in sentence._.stance.acts]
    assert expected
    for found, (sentence, act) in zip(doc._.stance_acts, expected, strict=True):
        assert found.stance == act.stance
        for span, piece in ((found.source, act.source), (found.cue, act.cue), (found.claim, act.claim)):
            assert (span is None) == (piece is None)
            if piece:
                assert piece.text in span.text
                assert sentence.start <= span.start < span.end <= sentence.end


def test_a_document_without_sentences_is_refused() -> None:
    """The message says what to add."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("stance", config={"model": str(TINY)})
    with pytest.raises(InputError, match="sentencizer"):
        pipeline("It fell. It rose.")
