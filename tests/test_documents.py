"""Documents as one stream of sentences, and back."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.choices import Unit
from stance.documents import contexts_of, sentences_of
from stance.errors import InputError, ModelError

from .conftest import SENTENCES

texts_of_any_kind = st.lists(
    st.sampled_from(["", " \n ", SENTENCES[0], " ".join(SENTENCES[:3]), "\n".join(SENTENCES) * 40]),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(texts=texts_of_any_kind)
def test_each_document_is_as_if_it_were_alone(texts: list[str], tiny: stance.Classifier) -> None:
    """Empty ones have no sentences, and none is lost wherever it stands."""
    assert list(tiny.read_many(texts)) == [tiny.read(text) for text in texts]


def test_contexts_stay_within_a_document(reader: stance.Classifier) -> None:
    """The first sentence has none, whatever document came before."""
    texts = [" ".join(SENTENCES[:3]), " ".join(SENTENCES[1:])]
    assert list(reader.read_many(texts, context=True)) == [reader.read(text, context=True) for text in texts]
    assert contexts_of(sentences_of("It fell. It rose.", Unit.DOCUMENT)) == [None, "It fell."]
    assert contexts_of(()) == []


def test_a_text_may_be_one_sentence(tiny: stance.Classifier) -> None:
    """Headlines with two full stops are not cut, and an empty one is a sentence still."""
    documents = list(tiny.read_many(["It fell. It rose.", ""], unit="sentence"))
    assert [[one.text for one in document.sentences] for document in documents] == [
        ["It fell. It rose."],
        [""],
    ]


def test_few_are_read_ahead(tiny: stance.Classifier) -> None:
    """Documents without an end can be read one after another."""

    def endless() -> Iterator[str]:
        while True:
            yield SENTENCES[0]

    assert next(tiny.read_many(endless())) == tiny.read(SENTENCES[0])


def test_what_is_no_text_stops_after_those_before_it(tiny: stance.Classifier) -> None:
    """Its position is named; documents before it have come, empty ones too."""
    documents = tiny.read_many([SENTENCES[0], "", None])  # type: ignore[list-item]
    assert [len(next(documents)), len(next(documents))] == [1, 0]
    with pytest.raises(InputError, match="a string was expected at position 2, NoneType came"):
        next(documents)


def test_refusals_come_at_once(tiny: stance.Classifier) -> None:
    """Before anything is read."""
    with pytest.raises(InputError, match=r"one str came; for a single one call read\(text\)"):
        tiny.read_many("It fell.")
    with pytest.raises(InputError, match='unit "page" came'):
        tiny.read_many([], unit="page")
    with pytest.raises(ModelError, match="reads no context"):
        tiny.read_many([], context=True)
