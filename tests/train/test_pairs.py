"""An encoder tuned by pairs."""

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from stance.train.data import LabelledSentence
from stance.train.model import StanceModel, open_base
from stance.train.pairs import BATCH, STEPS, draw, tune_by_pairs

from ..conftest import SENTENCES, TINY

ROWS = [LabelledSentence(text, label) for text, label in zip(SENTENCES, "ababab", strict=False)] * 6


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(TINY)


def tuned(tokenizer: PreTrainedTokenizerFast) -> StanceModel:
    model = open_base(TINY, labels=("a", "b"), stances=())
    tune_by_pairs(model, tokenizer, ROWS, max_tokens=48)
    return model


def cosines(model: StanceModel, tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    """Of all pairs of the first six sentences, by the mean of their tokens."""
    states = []
    for row in ROWS[:6]:
        ids = torch.tensor([tokenizer(row.text)["input_ids"]])
        with torch.inference_mode():
            states.append(model.eval().classifier.bert(ids).last_hidden_state[0].mean(dim=0))
    unit = torch.nn.functional.normalize(torch.stack(states), dim=1)
    return unit @ unit.T


def test_labels_are_drawn_together_and_apart(tokenizer: PreTrainedTokenizerFast) -> None:
    """Sentences of one label end close to one another and far from those of the other."""
    labels = torch.tensor([row.label == "a" for row in ROWS[:6]])
    alike = labels.unsqueeze(0) == labels.unsqueeze(1)
    before = cosines(open_base(TINY, labels=("a", "b"), stances=()), tokenizer)
    after = cosines(tuned(tokenizer), tokenizer)
    apart = [float(found[alike].mean() - found[~alike].mean()) for found in (before, after)]
    assert apart[1] > apart[0] + 0.01


def test_tuning_again_gives_the_same_weights(tokenizer: PreTrainedTokenizerFast) -> None:
    """The seed decides all."""
    first, second = tuned(tokenizer).state_dict(), tuned(tokenizer).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first if ".encoder." in name)


def test_heads_are_left_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    """The encoder is all that is tuned."""
    model = open_base(TINY, labels=("a", "b"), stances=())
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    tune_by_pairs(model, tokenizer, ROWS, max_tokens=48)
    changed = {name for name, weight in model.state_dict().items() if not torch.equal(before[name], weight)}
    assert changed
    assert not any("classifier.classifier." in name or ".pooler." in name for name in changed)


@given(st.integers(2, 200), st.integers(0, 3))
def test_every_row_comes_once_before_any_comes_again(count: int, seed: int) -> None:
    """Each step has as many rows as fit."""
    steps = list(draw(count, seed))
    assert len(steps) == STEPS
    assert all(min(BATCH, count) <= len(rows) <= BATCH for rows in steps)
    seen = [int(row) for rows in islice(steps, max(1, count // BATCH)) for row in rows]
    assert set(seen[:count]) == set(range(count)) if len(seen) >= count else len(set(seen)) == len(seen)
