"""The hand-written network against PyTorch."""

import json
from functools import partial

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForSequenceClassification

import stance
from stance.train.bert import build_graph, steady_values
from stance.train.export import run_network
from stance.train.graph import Precision
from stance.train.model import open_base
from stance.train.ranges import measure

from ..conftest import TINY

IDS = [list(range(2, 2 + length)) for length in (3, 3, 5, 11, 30, 48)]


CONFIG = json.loads((TINY / "config.json").read_text())
WEIGHTS = {name: array.astype(np.float32) for name, array in load_file(TINY / "model.safetensors").items()}


def network(kind: str) -> bytes:
    """Build the tiny model's network: in fp32, in int8, or in int8 with fixed scales."""
    build = partial(build_graph, WEIGHTS, CONFIG, max_tokens=48)
    exact = build(precision=Precision.FP32)
    if kind == "fp32":
        return bytes(exact.SerializeToString())
    ranges = measure(exact, steady_values(CONFIG), IDS) if kind == "fixed" else None
    return bytes(build(precision=Precision.INT8, ranges=ranges).SerializeToString())


def test_fp32_equals_pytorch() -> None:
    """The same weights give the same logits, for every length."""
    model = AutoModelForSequenceClassification.from_pretrained(TINY).eval()
    logits, _ = run_network(network("fp32"), IDS)
    for row, ids in zip(logits, IDS, strict=True):
        with torch.inference_mode():
            assert row == pytest.approx(model(torch.tensor([ids])).logits[0].numpy(), abs=1e-4)


@pytest.mark.parametrize("kind", ["int8", "fixed"])
def test_int8_is_close_to_fp32(kind: str) -> None:
    """Quantised logits stray by a small part of their spread."""
    exact, quantised = (run_network(network(kind), IDS)[0] for kind in ("fp32", kind))
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


@pytest.mark.parametrize("kind", ["int8", "fixed"])
def test_int8_does_not_depend_on_the_batch(kind: str) -> None:
    """A scale for each token, or for all there will be: the same logits to the bit, alone or in company."""
    ids = [[2, 7, 8, 3], [2, 350, 9, 3], [2, 5, 5, 3]]
    together, _ = run_network(network(kind), ids)
    alone = np.concatenate([run_network(network(kind), [row])[0] for row in ids])
    assert np.array_equal(together, alone)


def test_fixed_scales_take_what_they_have_not_seen() -> None:
    """Tokens that none of the measured sentences had stray no further."""
    strange = [[2, *range(200, 230), 3], [2, *range(300, 304), 3]]
    exact, quantised = (run_network(network(kind), strange)[0] for kind in ("fp32", "fixed"))
    assert np.abs(exact - quantised).max() < 0.1 * np.ptp(exact)
