"""The spaCy component."""

import importlib
import pickle
import tomllib
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

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


def seen(doc: Doc) -> list[object]:
    """All that the component says of a document."""
    acts = [
        (act.stance, *(part and (part.start, part.end) for part in (act.source, act.cue, act.claim)))
        for act in doc._.stance_acts
    ]
    return [*(sentence._.stance for sentence in doc.sents), *acts]


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


@pytest.mark.parametrize("text", ["", " \n", "Denied", "\n\nIt fell. \n\n It rose.\n"])
def test_hardly_a_text_is_fine(nlp: Language, text: str) -> None:
    """Blank documents, single words and white space around sentences cost nothing."""
    for doc in (nlp(text), *nlp.pipe([text, text])):
        assert all(sentence._.stance.text == sentence.text for sentence in doc.sents)
        assert len(doc._.stance_acts) == sum(len(sentence._.stance.acts) for sentence in doc.sents)


def test_what_was_not_read_has_no_stance(nlp: Language) -> None:
    """Documents that did not pass the component, and other spans than sentences."""
    assert spacy.blank("en")("It fell. It rose.")._.stance_acts == ()
    doc = nlp(SENTENCES[0])
    assert doc[1:3]._.stance is None


def test_a_document_that_comes_twice_has_its_acts_once(nlp: Language) -> None:
    """In one batch or read again."""
    acts = nlp(SENTENCES[0])._.stance_acts
    doc = nlp.make_doc(SENTENCES[0])
    for again in nlp.pipe([doc, doc]):
        assert len(again._.stance_acts) == len(acts)


def test_processes_give_what_one_gives(nlp: Language) -> None:
    """Documents come back from them with all that was found."""
    texts = [*SENTENCES, " ".join(SENTENCES), ""]
    for one, two in zip(nlp.pipe(texts), nlp.pipe(texts, n_process=2, batch_size=3), strict=True):
        assert seen(one) == seen(two)


def test_documents_are_saved_and_joined(nlp: Language) -> None:
    """As bytes, in a DocBin, by pickle, and made one of many."""
    docs = list(nlp.pipe(SENTENCES))
    saved = DocBin(docs=docs, store_user_data=True).to_bytes()
    for doc, copy in zip(docs, DocBin().from_bytes(saved).get_docs(nlp.vocab), strict=True):
        for again in (copy, Doc(nlp.vocab).from_bytes(doc.to_bytes()), pickle.loads(pickle.dumps(doc))):
            assert seen(again) == seen(doc)
    joined = Doc.from_docs(docs)
    stances = [sentence._.stance for doc in docs for sentence in doc.sents]
    assert [sentence._.stance for sentence in joined.sents] == stances
    assert len(joined._.stance_acts) == sum(len(doc._.stance_acts) for doc in docs)


def test_a_pipeline_is_saved(nlp: Language, tmp_path: Path) -> None:
    """It is opened again with the model it had, or another that is named."""
    nlp.to_disk(tmp_path / "pipeline")
    doc = nlp(SENTENCES[0])
    assert seen(spacy.load(tmp_path / "pipeline")(SENTENCES[0])) == seen(doc)
    other = spacy.load(tmp_path / "pipeline", config={"components.stance.threads": 1})
    assert seen(other(SENTENCES[0])) == seen(doc)


def test_the_component_is_sent_to_processes(nlp: Language) -> None:
    """Where they are not forked, by pickle: small, as the model is opened there."""
    pickled = pickle.dumps(nlp.get_pipe("stance"))
    assert len(pickled) < 1_000
    doc = nlp(SENTENCES[0])
    assert seen(pickle.loads(pickled)(nlp(SENTENCES[0]))) == seen(doc)


def test_the_module_may_be_loaded_twice(nlp: Language) -> None:
    """As notebooks do; pipelines that are there go on."""
    importlib.reload(stance.spacy)
    assert nlp(" ".join(SENTENCES))._.stance_acts
    spacy.blank("en").add_pipe("stance", config={"model": str(TINY)})


def test_spacy_finds_the_component_by_itself() -> None:
    """The package tells spaCy where it is, so that nobody must import it first."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    module, name = project["entry-points"]["spacy_factories"]["stance"].split(":")
    assert getattr(importlib.import_module(module), name).__module__ == "stance.spacy"
