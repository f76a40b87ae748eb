"""Sentences and contexts to token ids."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stance.tokens import CONTEXT_CHARACTERS, SentenceTokenizer

from .conftest import SENTENCES, TINY

CONTENT = (TINY / "tokenizer.json").read_bytes()
TEXTS = st.sampled_from(SENTENCES) | st.text(max_size=60)
PLAIN = Tokenizer.from_buffer(CONTENT)
CLS, SEP = PLAIN.token_to_id("[CLS]"), PLAIN.token_to_id("[SEP]")


@settings(deadline=None)
@given(TEXTS, st.none() | TEXTS | st.text(min_size=300, max_size=400), st.integers(4, 64))
def test_a_context_comes_behind_a_sentence_that_stays_as_it_is(
    text: str, context: str | None, most: int
) -> None:
    """The sentence is never cut for its context, of which the end is read as far as there is room."""
    tokenizer = SentenceTokenizer(CONTENT, max_tokens=most)
    alone = tokenizer.encode([text], offsets=True)[0]
    both = tokenizer.encode([text], [context], offsets=True)[0]
    assert both.ids[: both.sentence] == alone.ids
    assert (both.sentence, both.offsets, both.truncated) == (len(alone.ids), alone.offsets, alone.truncated)
    assert len(both.ids) <= most
    if rest := both.ids[both.sentence :]:
        whole = PLAIN.encode((context or "").strip()[-CONTEXT_CHARACTERS:], add_special_tokens=False).ids
        assert rest[-1] == SEP
        assert rest[:-1] == whole[-len(rest[:-1]) :]
        assert len(both.ids) == most or rest[:-1] == whole


def test_context_goes_between_two_separators() -> None:
    """[CLS] sentence [SEP] context [SEP]."""
    sentence, context = (
        PLAIN.encode(text, add_special_tokens=False).ids for text in ("it denied", "he said")
    )
    tokens = SentenceTokenizer(CONTENT, max_tokens=48).encode(["it denied"], ["he said"])[0]
    assert tokens.ids == [CLS, *sentence, SEP, *context, SEP]


@pytest.mark.parametrize("context", [None, "", " \n", "\u200b"])
def test_blank_contexts_are_none(context: str | None) -> None:
    """A sentence with nothing before it is read as one whose context is unknown."""
    tokenizer = SentenceTokenizer(CONTENT, max_tokens=48)
    assert tokenizer.encode(SENTENCES[:1], [context]) == tokenizer.encode(SENTENCES[:1])


def test_only_the_end_of_a_context_is_read() -> None:
    """What is said last is nearest."""
    tokenizer = SentenceTokenizer(CONTENT, max_tokens=1000)
    end = ("the agency denied it. " * 20).strip()[-CONTEXT_CHARACTERS:]
    long, short = tokenizer.encode(["It fell."] * 2, ["x" * 500 + end + "  ", end])
    assert long == short
