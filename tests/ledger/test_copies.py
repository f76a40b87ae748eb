"""Entries to a timeline, where copies count once."""

from dataclasses import replace

import pytest

from stance.ledger.claims import Entry
from stance.ledger.copies import timeline

from .conftest import entry

SENTENCE = "The ferry company denied on Monday that its captain had slept while 12 sheep fell in the harbour."
SAID = entry(SENTENCE, "denial", source="The ferry company", document="first", date="2024-03-01")


def other(sentence: str, kind: str = "denial") -> Entry:
    return entry(sentence, kind, source=sentence[:17], document="other", date="2024-03-02")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("on Monday ", ""),
        ("the harbour.", "the Harbour"),
        ("12 sheep", "12 wet sheep"),
        ("denied", "DENIED"),
    ],
)
def test_a_sentence_that_was_edited_is_a_copy(before: str, after: str) -> None:
    """A word less, more or otherwise makes no new entry; the earliest stays, and says where the other is."""
    (kept,) = timeline([other(SENTENCE.replace(before, after)), SAID])
    assert kept.sentence == SENTENCE
    assert [copy.document for copy in kept.copies] == ["other"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("12 sheep", "14 sheep"), ("had slept", "had not slept"), ("The ferry company", "The tram  company")],
)
def test_what_says_something_else_is_no_copy(before: str, after: str) -> None:
    """Another number, a negation or another source is another entry, however alike the rest."""
    assert len(timeline([SAID, other(SENTENCE.replace(before, after))])) == 2


def test_another_stance_is_no_copy() -> None:
    """The same words that are read as another stance are another entry."""
    assert len(timeline([SAID, other(SENTENCE, "allegation")])) == 2


def test_another_claim_of_the_same_sentence_is_no_copy() -> None:
    """A sentence may deny two things."""
    first = entry(SENTENCE, "denial", "its captain had slept")
    second = entry(SENTENCE, "denial", "12 sheep fell in the harbour")
    assert timeline([first, second]) == (first, second)


def test_short_sentences_must_be_the_same() -> None:
    """What is short is alike by chance."""
    some = [entry(text, "denial") for text in ("He denied it.", "He denied it", "He denied that.")]
    assert len(timeline([replace(one, start=9 * n) for n, one in enumerate(some)])) == 2


def test_one_after_another_as_all_at_once() -> None:
    """A timeline that grows is the one that would have been made of all."""
    some = [SAID, other(SENTENCE.replace("on Monday ", "")), other(SENTENCE.replace("12", "14"))]
    assert timeline([*timeline(some[:2]), some[2]]) == timeline(some)


def test_a_document_speaks_in_its_order() -> None:
    """What two threads of it say of one claim stands as it does in the text, its last word last."""
    said = [
        entry(f"The {name} spoke.", "denial", document=document)
        for document, name in (("a", "mayor"), ("a", "guild"), ("b", "zoo"), ("a", "ferry company"))
    ]
    placed = [replace(one, start=start) for one, start in zip(said, (0, 90, 10, 40), strict=True)]
    assert [(one.document, one.start) for one in timeline(placed)] == [
        ("a", 0),
        ("a", 40),
        ("a", 90),
        ("b", 10),
    ]
