"""Claims as vectors."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.bundle import open_bundle
from stance.errors import ModelError
from stance.ledger.vectors import LENGTH, Encoder, _meanings, content_words


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


@pytest.mark.parametrize("content", [None, b"", b"not safetensors"])
def test_a_checkpoint_that_cannot_be_read_is_named(tiny_copy: Path, content: bytes | None) -> None:
    """Missing, empty or damaged: one line says which file."""
    bundle, place = open_bundle(tiny_copy), tiny_copy / "model.safetensors"
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(ModelError, match="no word embeddings"):
        _meanings(bundle)
