"""A head that starts from what the encoder knows."""

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from stance.train.data import LabelledSentence
from stance.train.model import StanceModel, open_base
from stance.train.probe import ENOUGH, _enough, probe_head

from ..conftest import SENTENCES, TINY
from .conftest import few


def probed(*labels: str, names: tuple[str, ...]) -> tuple[StanceModel, list[str]]:
    """The tiny encoder with a head for these labels of the sentences, and what it then says of them."""
    rows = [LabelledSentence(text, label) for text, label in zip(SENTENCES, labels, strict=False)] * 20
    tokenizer = PreTrainedTokenizerFast.from_pretrained(TINY)
    model = open_base(TINY, labels=names, stances=())
    probe_head(model, tokenizer, rows, max_tokens=48)
    said = []
    for row in rows[: len(labels)]:
        ids = torch.tensor([tokenizer(row.text)["input_ids"]])
        with torch.inference_mode():
            said.append(names[int(model.eval()(ids, torch.ones_like(ids))["logits"].argmax())])
    return model, said


@pytest.mark.parametrize("labels", [("b", "a", "b", "a", "b", "a"), ("a", "b", "c", "c", "b", "a")])
def test_the_head_knows_what_it_was_fitted_on(labels: tuple[str, ...]) -> None:
    """Two labels or more, before any step of training."""
    assert probed(*labels, names=("a", "b", "c"))[1] == list(labels)


def test_nothing_can_be_learnt_of_one_label() -> None:
    """The head stays as it is."""
    model, _ = probed("a", "a", names=("a", "b"))
    torch.manual_seed(0)
    first = model.classifier.classifier.weight.clone()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(TINY)
    probe_head(model, tokenizer, [LabelledSentence("It fell.", "a")] * 3, max_tokens=48)
    assert torch.equal(first, model.classifier.classifier.weight)


def test_a_head_that_dropout_would_break_is_no_start() -> None:
    """Where sentences differ by a hundredth of what they share, the head stays as it is."""
    model = open_base(TINY, labels=("a", "b"), stances=())
    pooler = model.classifier.bert.pooler.dense
    with torch.no_grad():
        pooler.weight.mul_(0.001)
        pooler.bias.fill_(1.0)
    first = model.classifier.classifier.weight.clone()
    probe_head(model, PreTrainedTokenizerFast.from_pretrained(TINY), few(), max_tokens=48)
    assert torch.equal(first, model.classifier.classifier.weight)


def test_rows_in_a_regular_order_are_all_looked_at() -> None:
    """Of many rows some are chosen, and a rare label is never left out."""
    labels = np.array([0, 1, 2, 3] * 1000 + [4])
    some = _enough(labels)
    assert len(some) <= ENOUGH
    counts = np.bincount(labels[some])
    assert counts[4] == 1
    assert len(set(counts[:4])) == 1
