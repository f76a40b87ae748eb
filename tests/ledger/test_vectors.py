"""Claims as vectors."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.ledger.vectors import LENGTH, Encoder, content_words


def test_alike_claims_are_alike(encode: Encoder) -> None:
    """Other words for the same are nearer than the same frame about something else."""
    one, same, other = encode(
        [
            "the bakery sold mouldy bread to schools",
            "schools were sold mouldy loaves by a baker",
            "the plumber sold rusty pipes to farmers",
        ]
    )
    assert one @ same > 2 * (one @ other)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_the_same_text_has_the_same_vector(encode: Encoder, texts: list[str]) -> None:
    """Alone or among others; components are whole, and the length is that of all vectors, or zero."""
    together = encode(texts)
    assert (together == np.concatenate([encode([text]) for text in texts])).all()
    assert (together == together.round()).all()
    lengths = np.linalg.norm(together, axis=1)
    assert ((lengths == 0) | (abs(lengths - LENGTH) < LENGTH / 50)).all()


def test_content_words_are_rare_ones() -> None:
    """Words that come in every other sentence say nothing of what a claim is about."""
    assert content_words("It was the one that they had of the giraffes") == ["giraffes"]
