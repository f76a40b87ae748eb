"""Splitting text into sentences."""

from types import SimpleNamespace

import pytest
import sentencex
from hypothesis import given
from hypothesis import strategies as st

from stance.sentences import LONGEST_PIECE, split, well_formed

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)
NEWS_LIKE = st.lists(
    st.sampled_from(
        [
            "Ms. ",
            "Mr. Holt ",
            "said",
            " ",
            ". ",
            "\n",
            "\r\n",
            "\n\n",
            "“No.” ",
            "«Non», ",
            "U.S. ",
            "é",
            "B\u00a0. ",
            "\u2009",
            "🎉",
            "\x00",
        ]
    ),
    max_size=40,
).map("".join)


def texts(document: str) -> list[str]:
    return [sentence.text for sentence in split(document)]


@given(ANY_TEXT | NEWS_LIKE)
def test_offsets_slice_to_the_sentence(document: str) -> None:
    """Every sentence is what stands at its offsets, in order, without overlap."""
    end = 0
    for sentence in split(document):
        assert document[sentence.start : sentence.end] == sentence.text
        assert sentence.start >= end
        end = sentence.end


@given(ANY_TEXT | NEWS_LIKE)
def test_no_character_is_lost(document: str) -> None:
    """What is between sentences is white space only."""
    end = 0
    for sentence in split(document):
        assert not document[end : sentence.start].strip()
        end = sentence.end
    assert not document[end:].strip()


def test_abbreviations_do_not_end_a_sentence() -> None:
    """Titles, initials and countries are read through, at the start of a sentence too."""
    document = "It rose. Ms. Holt of the U.S. Treasury said so. Mr. J. Lenz agreed."
    assert texts(document) == [
        "It rose.",
        "Ms. Holt of the U.S. Treasury said so.",
        "Mr. J. Lenz agreed.",
    ]


def test_quotations_stay_with_their_sentence() -> None:
    """Guillemets and curly quotes are closed before the sentence ends."""
    document = "«No deal,» he said. “We never agreed.” She left."
    assert texts(document) == ["«No deal,» he said.", "“We never agreed.”", "She left."]


def test_a_headline_is_a_sentence_of_its_own() -> None:
    """A line break ends a sentence that has no full stop."""
    assert texts("Orlenia Denies Deal\nBy A. Writer\nIt said so.") == [
        "Orlenia Denies Deal",
        "By A. Writer",
        "It said so.",
    ]


def test_hard_wrapped_lines_are_joined() -> None:
    """Where lines go on in lower case, only an empty line ends a sentence."""
    document = "The ministry denied\nthat it had agreed\nto sell shells.\n\nA Headline\n\nIt said\nso."
    assert texts(document) == [
        "The ministry denied\nthat it had agreed\nto sell shells.",
        "A Headline",
        "It said\nso.",
    ]


@pytest.mark.parametrize("document", ["", " ", "\n\n\t", "\u2028"])
def test_blank_text_has_no_sentences(document: str) -> None:
    """White space alone gives nothing."""
    assert texts(document) == []


def test_a_megabyte_without_a_space_is_one_sentence() -> None:
    """Size alone breaks nothing."""
    assert texts("x" * 1_000_000) == ["x" * 1_000_000]


@given(ANY_TEXT)
def test_well_formed_text_keeps_its_length(text: str) -> None:
    """Offsets stay right, and the text can be encoded."""
    clean = well_formed(text)
    assert len(clean) == len(text)
    clean.encode()


@pytest.mark.parametrize("space", "\u00a0\u2009\u202f\u3000")
def test_a_wide_space_before_a_full_stop_is_a_space(space: str) -> None:
    """As French typography and word processors set it; the text stays as it was."""
    document = f"They fell back on Plan B{space}. Then{space}they left."
    assert texts(document) == [f"They fell back on Plan B{space}.", f"Then{space}they left."]


@pytest.mark.parametrize("mark", ["“", "«", "''", "``", "'a'' ", "‹a "])
def test_marks_left_open_are_split_in_pieces(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are many, no more than a piece is handed on at once; a sentence goes on over the seams."""
    handed = []

    def segment(language: str, text: str) -> list[str]:
        handed.append(len(text))
        return sentencex.segment(language, text)

    monkeypatch.setattr("stance.sentences.sentencex", SimpleNamespace(segment=segment))
    document = f"It fell. {mark * 5_000} It rose."
    found = texts(document)
    assert max(handed) <= LONGEST_PIECE
    assert "".join("".join(found).split()) == "".join(document.split())
    assert len(max(found, key=len)) > LONGEST_PIECE


def test_a_few_marks_are_looked_for_to_the_end() -> None:
    """A long quotation in a line stays whole, however long the line is."""
    document = f"“{'We never agreed. ' * 500}” It rose."
    assert texts(document)[0] == f"“{'We never agreed. ' * 500}”"
