"""A head that starts from what the encoder knows."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

import stance
from stance.errors import InputError
from stance.train.data import LabelledSentence
from stance.train.model import StanceModel, open_base
from stance.train.probe import fit_head, probe_head, suits_head_alone

from ..conftest import SENTENCES, TINY


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


def few(count: int = 6) -> list[LabelledSentence]:
    """The same two sentences, each under a label of its own."""
    return [LabelledSentence(text, label) for text, label in zip(SENTENCES, "ab", strict=False)] * count


def test_the_head_alone_is_learnt_from_all_rows() -> None:
    """The encoder stays as it was, and the head knows the rows."""
    model, tokenizer, logits = fit_head(few(), base=TINY, labels=("a", "b"))
    before, after = open_base(TINY, labels=("a", "b"), stances=()).state_dict(), model.state_dict()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    pooler = {name for name in changed if ".pooler." in name}
    assert changed - pooler == {"classifier.classifier.weight", "classifier.classifier.bias"}
    assert logits.shape == (12, 2)
    assert logits.argmax(axis=1).tolist() == [0, 1] * 6
    ids = torch.tensor([tokenizer(SENTENCES[1])["input_ids"]])
    with torch.inference_mode():
        assert int(model(ids, torch.ones_like(ids))["logits"].argmax()) == 1


def test_the_head_sees_the_state_of_the_first_token() -> None:
    """A pooler that other labels shaped does not stand between."""
    model, tokenizer, _ = fit_head(few(), base=TINY, labels=("a", "b"))
    ids = torch.tensor([tokenizer(SENTENCES[1])["input_ids"]])
    with torch.inference_mode():
        answer = model.classifier.bert(ids)
    state = answer.last_hidden_state[:, 0]
    assert torch.allclose(answer.pooler_output * 64, state, rtol=0.01, atol=0.01)


def test_a_row_is_judged_by_a_head_that_has_not_seen_it() -> None:
    """A row whose label nothing else supports is told from its label only out of fold."""
    rows = [*few(), LabelledSentence(SENTENCES[0], "b")]
    _, _, logits = fit_head(rows, base=TINY, labels=("a", "b"))
    assert logits[-1].argmax() == 0


def test_too_few_rows_for_folds_are_refused() -> None:
    """Each label needs a row in every fold."""
    with pytest.raises(InputError, match="5 parts"):
        fit_head(few(3), base=TINY, labels=("a", "b"))


def test_the_head_alone_is_for_few_rows_of_new_labels() -> None:
    """Not for many rows, nor for labels that the base has a head for."""
    names = tuple(open_base(TINY, labels=stance.LABELS, stances=()).label_names)
    assert suits_head_alone(few(), TINY, ("a", "b"))
    assert not suits_head_alone(few(65), TINY, ("a", "b"))
    assert not suits_head_alone(few(), TINY, names)
