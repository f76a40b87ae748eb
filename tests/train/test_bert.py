"""The hand-written network against PyTorch."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForSequenceClassification

import stance
from stance.train.bert import build_graph
from stance.train.export import run_network
from stance.train.model import open_base

from ..conftest import TINY

IDS = [list(range(2, 2 + length)) for length in (3, 3, 5, 11, 30, 48)]


def network(precision: str) -> bytes:
    """Build the tiny model's network."""
    weights = {
        name: array.astype(np.float32) for name, array in load_file(TINY / "model.safetensors").items()
    }
    config = json.loads((TINY / "config.json").read_text())
    return build_graph(weights, config, max_tokens=48, precision=precision).SerializeToString()  # type: ignore[arg-type]


def test_fp32_equals_pytorch() -> None:
    """The same weights give the same logits, for every length."""
    model = AutoModelForSequenceClassification.from_pretrained(TINY).eval()
    logits, _ = run_network(network("fp32"), IDS)
    for row, ids in zip(logits, IDS, strict=True):
        with torch.inference_mode():
            assert row == pytest.approx(model(torch.tensor([ids])).logits[0].numpy(), abs=1e-4)


def test_int8_is_close_to_fp32() -> None:
    """Quantised logits stray by a small part of their spread."""
    exact, quantised = (run_network(network(precision), IDS)[0] for precision in ("fp32", "int8"))
    assert np.abs(exact - quantised).max() < 0.1 * np.ptp(exact)
    assert not np.array_equal(exact, quantised)


def test_act_scores_equal_pytorch() -> None:
    """Cues and pointers are read one layer below the label, from the same pass."""
    model = open_base(TINY, labels=stance.LABELS, stances=stance.LABELS[1:]).eval()
    session = onnxruntime.InferenceSession(network("fp32"), providers=["CPUExecutionProvider"])
    for ids in IDS:
        cues, pointers = session.run(["cue_logits", "pointer_logits"], {"input_ids": np.array([ids])})
        row, mask = torch.tensor([ids]), torch.ones(1, len(ids))
        with torch.inference_mode():
            answer = model.classifier(input_ids=row, attention_mask=mask, output_hidden_states=True)
            expected = model.token_logits(answer.hidden_states[-2], mask)
        assert cues == pytest.approx(expected["cue_logits"].numpy(), abs=1e-4)
        assert pointers == pytest.approx(expected["pointer_logits"].numpy(), abs=1e-4)


def test_int8_does_not_depend_on_the_batch() -> None:
    """A scale for each token: the same logits to the bit, alone or in company."""
    ids = [[2, 7, 8, 3], [2, 350, 9, 3], [2, 5, 5, 3]]
    together, _ = run_network(network("int8"), ids)
    alone = np.concatenate([run_network(network("int8"), [row])[0] for row in ids])
    assert np.array_equal(together, alone)
