"""Learning to read the sentence before, and to do without."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast, TrainerCallback, TrainerState

import stance
from stance.bundle import open_bundle
from stance.labels import LABELS, STANCES
from stance.train.data import LabelledSentence
from stance.train.encode import collate, encode
from stance.train.export import export
from stance.train.fit import fit
from stance.train.model import ContextDropout, StanceModel, open_base
from stance.train.recipe import Recipe

from ..conftest import TINY

DENIED = LabelledSentence("He said so.", "denial", ("denial",), (), context="It denied the deal.")
FELL = LabelledSentence("He said so.", "none", (), (), context="Parliament will debate.")
TRAIN = [DENIED, FELL] * 16
RECIPE = Recipe(learning_rate=5e-3, epochs=6, batch_size=8, averaging=0.5, context_dropout=0.1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[StanceModel, object]:
    """The tiny encoder, taught to tell one sentence apart by what stands before it."""
    return fit(TRAIN, [DENIED, FELL], base=TINY, work=tmp_path_factory.mktemp("work"), recipe=RECIPE)


def test_what_was_learnt_of_contexts_is_in_the_folder(trained: tuple, tmp_path: Path) -> None:
    """The model says that it reads contexts, and they decide; training goes on from such a one."""
    export(*trained, tmp_path / "mine", development=[DENIED, FELL], max_tokens=48, precision="fp32")
    classifier = stance.load(tmp_path / "mine")
    assert classifier.bundle.reads_context
    assert "with the one before it" in (tmp_path / "mine" / "README.md").read_text()
    for row in (DENIED, FELL):
        assert classifier.classify(row.text, context=row.context).label == row.label
    assert open_base(tmp_path / "mine", labels=LABELS, stances=STANCES).reads_context


def test_contexts_that_were_not_learnt_from_are_not_read(tmp_path: Path) -> None:
    """A development part with contexts makes no model that reads them."""
    train = [replace(row, context=None) for row in TRAIN]
    recipe = replace(RECIPE, epochs=1)
    told = fit(train, [DENIED, FELL], base=TINY, work=tmp_path / "work", recipe=recipe)
    export(*told, tmp_path / "mine", development=[DENIED, FELL], max_tokens=48, max_flips=1.0)
    assert not open_bundle(tmp_path / "mine").reads_context


def test_a_stopped_run_drops_the_same_contexts(trained: tuple, tmp_path: Path) -> None:
    """Killed after an epoch and resumed, it ends in the same weights."""

    class Kill(TrainerCallback):
        def on_epoch_begin(self, args: object, state: TrainerState, control: object, **_: object) -> None:
            if state.epoch and state.epoch >= 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(TRAIN, [DENIED, FELL], base=TINY, work=tmp_path, recipe=RECIPE, callbacks=[Kill()])
    resumed, _ = fit(TRAIN, [DENIED, FELL], base=TINY, work=tmp_path, recipe=RECIPE, resume=True)
    expected = trained[0].state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in resumed.state_dict().items())


def test_a_share_of_contexts_is_dropped_in_training_alone() -> None:
    """About as many as were asked for, the same ones with the same seed; the sentences stay."""
    read = torch.ones(1000, 6, dtype=torch.long)
    own = torch.tensor([1, 1, 1, 0, 0, 0]).expand(1000, 6)
    dropout = ContextDropout(0.3)
    torch.manual_seed(0)
    first = dropout(read, own)
    torch.manual_seed(0)
    assert torch.equal(first, dropout(read, own))
    dropped = (first == own).all(dim=1)
    assert 0.25 < dropped.float().mean() < 0.35
    assert (first[~dropped] == 1).all()
    assert torch.equal(dropout.eval()(read, own), read)


def test_nothing_is_drawn_where_there_are_no_contexts() -> None:
    """Runs without contexts are what they were."""
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(ContextDropout(0.5)(mask, mask), mask)
    assert torch.equal(torch.rand(1), expected)


def test_a_dropped_context_is_as_none_at_all_and_no_pointer_chooses_a_read_one() -> None:
    """Logits are those of the sentence alone; pointers to the context's tokens are out of the question."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(TINY)
    model = open_base(TINY, labels=LABELS, stances=STANCES, context_dropout=1.0)
    parts = [[DENIED], [replace(DENIED, context=None)]]
    told, alone = (
        collate(encode(part, tokenizer, labels=LABELS, stances=STANCES, max_tokens=48).to_list(), 0)
        for part in parts
    )
    names = ("input_ids", "attention_mask", "sentence_mask")
    told, alone = ({name: batch[name] for name in names} for batch in (told, alone))
    for part in model.classifier.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    with torch.inference_mode():
        dropped, single = model.train()(**told), model(**alone)
        read = model.eval()(**told)
    torch.testing.assert_close(dropped["logits"], single["logits"])
    assert not torch.allclose(read["logits"], single["logits"])
    length = int(told["sentence_mask"].sum())
    assert (read["pointer_logits"][..., length:] <= -1e4).all()
    assert (read["pointer_logits"][..., :length] > -1e4).all()
