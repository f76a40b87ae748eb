"""What a network in training starts from."""

import json
from pathlib import Path

import pytest
import torch

import stance
from stance.errors import ModelError
from stance.train.model import open_base

from ..conftest import TINY


def test_an_encoder_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """The message says what was expected."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nothing"}))
    with pytest.raises(ModelError, match="Hub id or folder"):
        open_base(tmp_path, labels=("a", "b"), stances=("b",))


def test_a_model_folder_keeps_its_heads_as_a_base() -> None:
    """Training goes on from all that the folder has learnt."""
    first, second = (open_base(TINY, labels=stance.LABELS, stances=stance.LABELS[1:]) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = open_base(TINY, labels=("a", "b"), stances=("b",))
    assert other.heads["stances"].weight.shape == (1, 32)
