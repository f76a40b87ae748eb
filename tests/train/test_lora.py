"""Fine-tuning by low-rank adapters."""

from pathlib import Path

import pytest
import torch

from stance.errors import MissingExtraError
from stance.labels import LABELS
from stance.train.data import LabelledSentence
from stance.train.fit import fit
from stance.train.model import open_base
from stance.train.recipe import Recipe

from ..conftest import TINY

ROWS = [
    LabelledSentence("It denied the deal.", "denial"),
    LabelledSentence("Parliament will debate.", "none"),
]


def test_adapters_are_learnt_and_merged(tmp_path: Path) -> None:
    """What comes back is a plain encoder: its matrices have moved by a low rank, all else is as it was."""
    pytest.importorskip("peft")
    recipe = Recipe(learning_rate=0.03, epochs=3, batch_size=8, averaging=0.5, lora=2)
    model, _ = fit(ROWS * 32, ROWS, base=TINY, work=tmp_path, recipe=recipe, labels=LABELS, stances=())
    before = open_base(TINY, labels=LABELS, stances=()).state_dict()
    after = model.state_dict()
    assert set(after) == set(before)
    name = "classifier.bert.encoder.layer.0.attention.self.query.weight"
    assert torch.linalg.matrix_rank(after[name] - before[name], atol=1e-6) == 2
    words = "classifier.bert.embeddings.word_embeddings.weight"
    assert torch.equal(after[words], before[words])


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it, before anything is learnt."""
    monkeypatch.setattr("stance.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"stance-classifier\[lora\]"):
        fit(ROWS, ROWS, base=TINY, work=tmp_path, recipe=Recipe(lora=2), labels=LABELS, stances=())
