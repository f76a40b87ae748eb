"""Grouping sentences into batches."""

from hypothesis import given
from hypothesis import strategies as st

from stance.batches import batches

SENTENCES = st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=12), max_size=60)


@given(SENTENCES, st.integers(1, 40))
def test_each_sentence_is_in_exactly_one_batch(sentences: list[list[int]], budget: int) -> None:
    """Rows lead back to the input, and nothing is padded or cut."""
    seen = {}
    for batch in batches(sentences, max_tokens=budget):
        for row, ids in zip(batch.rows.tolist(), batch.ids.tolist(), strict=True):
            assert row not in seen
            seen[row] = ids
    assert [seen[row] for row in range(len(sentences))] == sentences


@given(SENTENCES, st.integers(1, 40))
def test_a_batch_keeps_to_its_budget(sentences: list[list[int]], budget: int) -> None:
    """Only a single sentence that is longer than the budget may exceed it."""
    for batch in batches(sentences, max_tokens=budget):
        assert batch.ids.size <= budget or len(batch.ids) == 1
