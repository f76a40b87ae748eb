"""From a few rows of new labels to a model."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

import stance
from stance.errors import InputError
from stance.train.data import LabelledSentence
from stance.train.few import are_few, fit_few, out_of_fold, suits_head_alone
from stance.train.model import StanceModel, open_base

from ..conftest import SENTENCES, TINY
from .conftest import few

NAMES = ("a", "b")


def changed(model: StanceModel) -> set[str]:
    """The weights that are not those of the base, but for the pooler's."""
    before, after = open_base(TINY, labels=NAMES, stances=()).state_dict(), model.state_dict()
    return {name for name in after if ".pooler." not in name and not torch.equal(before[name], after[name])}


def said(model: StanceModel, tokenizer: PreTrainedTokenizerFast, text: str) -> str:
    """The label that the model gives to a sentence."""
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    with torch.inference_mode():
        return NAMES[int(model(ids, torch.ones_like(ids))["logits"].argmax())]


def test_of_the_fewest_rows_the_head_alone_is_learnt() -> None:
    """The encoder stays as it was, and the head knows the rows."""
    model, tokenizer = fit_few(few(), base=TINY, labels=NAMES)
    assert changed(model) == {"classifier.classifier.weight", "classifier.classifier.bias"}
    assert [said(model, tokenizer, text) for text in SENTENCES[:2]] == ["a", "b"]


def test_the_head_sees_the_state_of_the_first_token() -> None:
    """A pooler that other labels shaped does not stand between."""
    model, tokenizer = fit_few(few(), base=TINY, labels=NAMES)
    ids = torch.tensor([tokenizer(SENTENCES[1])["input_ids"]])
    with torch.inference_mode():
        answer = model.classifier.bert(ids)
    state = answer.last_hidden_state[:, 0]
    assert torch.allclose(answer.pooler_output * 64, state, rtol=0.01, atol=0.01)


@pytest.mark.parametrize("count", [6, 32])
def test_a_row_is_judged_by_a_model_that_has_not_seen_it(count: int) -> None:
    """A row whose label nothing else supports is told from its label only out of fold."""
    rows = [*few(count), LabelledSentence(SENTENCES[0], "b")]
    logits = out_of_fold(rows, base=TINY, labels=NAMES)
    assert logits.shape == (len(rows), 2)
    assert logits.argmax(axis=1).tolist() == [0, 1] * count + [0]


def test_too_few_rows_for_folds_are_refused() -> None:
    """Each label needs a row in every fold."""
    with pytest.raises(InputError, match="5 parts"):
        out_of_fold(few(3), base=TINY, labels=NAMES)


def test_the_encoder_is_tuned_where_there_are_rows_enough() -> None:
    """By pairs; then the head knows the rows."""
    model, tokenizer = fit_few(few(32), base=TINY, labels=NAMES)
    assert any(".encoder." in name for name in changed(model))
    assert [said(model, tokenizer, text) for text in SENTENCES[:2]] == ["a", "b"]


def test_the_encoder_stays_as_it_is_where_that_is_asked_for() -> None:
    """However many rows there are."""
    model, _ = fit_few(few(32), base=TINY, labels=NAMES, head_only=True)
    assert not any(".encoder." in name for name in changed(model))


def test_rows_are_few_under_new_labels_only() -> None:
    """Not where there are many, nor where the base has a head for the labels."""
    known = tuple(open_base(TINY, labels=stance.LABELS, stances=()).label_names)
    assert are_few(few(), TINY, NAMES)
    assert not are_few(few(65), TINY, NAMES)
    assert not are_few(few(), TINY, known)


def test_the_head_alone_suits_the_fewest() -> None:
    """With more rows the encoder can learn."""
    assert suits_head_alone(few(31), ("a", "b"))
    assert not suits_head_alone(few(32), ("a", "b"))
