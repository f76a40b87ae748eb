"""What a network in training starts from."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import stance
from stance.errors import ModelError
from stance.train.audit import embed
from stance.train.model import open_base, open_tokenizer

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


@pytest.mark.parametrize("opened", [open_tokenizer, lambda folder: embed(["It fell."], folder)])
def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path, opened: Callable[[Path], object]) -> None:
    """One that is made up would know no word."""
    for name in ("config.json", "model.safetensors"):
        shutil.copy(TINY / name, tmp_path)
    with pytest.raises(ModelError, match="no fast tokenizer with words"):
        opened(tmp_path)


def test_damaged_weights_are_named(tiny_copy: Path) -> None:
    """Not a traceback of the library that reads them."""
    (tiny_copy / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="not a Hub id or folder of an encoder"):
        open_base(tiny_copy, labels=("a", "b"), stances=())
