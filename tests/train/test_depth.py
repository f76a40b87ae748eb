"""Encoders with fewer layers."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from stance.errors import ModelError
from stance.labels import LABELS
from stance.train.depth import freeze, keep_layers
from stance.train.model import has_labels

from ..conftest import SENTENCES, TINY


def test_what_is_kept_computes_the_same(tmp_path: Path) -> None:
    """The first layer alone gives what it gave below the others."""
    keep_layers(TINY, [0], tmp_path / "shallow")
    row = AutoTokenizer.from_pretrained(tmp_path / "shallow")(SENTENCES[0], return_tensors="pt")
    with torch.inference_mode():
        before = AutoModel.from_pretrained(TINY).eval()(**row, output_hidden_states=True).hidden_states[1]
        after = AutoModel.from_pretrained(tmp_path / "shallow").eval()(**row).last_hidden_state
    assert torch.allclose(before, after, atol=1e-6)


def test_the_copy_has_no_labels(tmp_path: Path) -> None:
    """The head of the model stays behind, and its labels with it."""
    keep_layers(TINY, [0], tmp_path / "shallow")
    assert has_labels(TINY, LABELS)
    assert not has_labels(tmp_path / "shallow", LABELS)


@pytest.mark.parametrize("layers", [[], [1, 0], [0, 0], [9], [-1]])
def test_layers_that_are_not_there_are_refused(layers: list[int], tmp_path: Path) -> None:
    """The message says which there are."""
    with pytest.raises(ModelError, match="layers of 0 to 1"):
        keep_layers(TINY, layers, tmp_path / "shallow")


def test_frozen_layers_learn_nothing() -> None:
    """What lies above them does, and nothing below."""
    encoder = AutoModel.from_pretrained(TINY)
    freeze(encoder, 1)
    learnt = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    assert any(name.startswith("encoder.layer.1.") for name in learnt)
    assert all(name.startswith(("encoder.layer.1.", "pooler.")) for name in learnt)


def test_more_layers_than_there_are_cannot_be_frozen() -> None:
    """The message says how many there are."""
    with pytest.raises(ModelError, match="at most 2 layers"):
        freeze(AutoModel.from_pretrained(TINY), 3)
