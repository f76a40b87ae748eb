"""Encoders outside the BERT family."""

import copy
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DistilBertConfig, set_seed

import stance
from stance.bundle import open_bundle
from stance.calibration import label_probabilities
from stance.train.data import LabelledSentence
from stance.train.export import export, run_network
from stance.train.fit import fit
from stance.train.graph import Precision
from stance.train.model import StanceModel, checkpoint_weights, open_base
from stance.train.recipe import Recipe
from stance.train.rewrite import quantise
from stance.train.trace import trace

from ..conftest import SENTENCES, TINY

IDS = [list(range(2, 2 + length)) for length in (3, 3, 5, 11, 30, 48)]
HEADS = ("stances.", "cues.", "attributions.", "pointers.")
ROWS = [
    LabelledSentence(text, label, (label,) if label in stance.LABELS[1:] else ())
    for text, label in zip(SENTENCES, [*stance.LABELS, "none"], strict=True)
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DistilBERT of random weights."""
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    config = DistilBertConfig(
        vocab_size=len(tokenizer), dim=32, n_layers=1, n_heads=4, hidden_dim=64, max_position_embeddings=64
    )
    set_seed(0)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(encoder: Path) -> StanceModel:
    """It, opened as a base."""
    return open_base(encoder, labels=stance.LABELS, stances=stance.LABELS[1:])


@pytest.fixture(scope="module")
def graph(model: StanceModel) -> onnx.ModelProto:
    """Its network in fp32."""
    return trace(model, checkpoint_weights(model))


@pytest.fixture(scope="module")
def quantised(graph: onnx.ModelProto) -> bytes:
    """Its network in int8."""
    copied = copy.deepcopy(graph)
    quantise(copied)
    return copied.SerializeToString()


def test_a_traced_network_equals_pytorch(model: StanceModel, graph: onnx.ModelProto) -> None:
    """Both outputs, for every length and batch size."""
    logits, stance_logits = run_network(graph.SerializeToString(), IDS)
    for row, ids in enumerate(IDS):
        with torch.inference_mode():
            expected = model.eval()(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long))
        assert logits[row] == pytest.approx(expected["logits"][0].numpy(), abs=1e-3)
        assert stance_logits[row] == pytest.approx(expected["stance_logits"][0].numpy(), abs=1e-3)


def test_a_traced_network_is_quantised(model: StanceModel, graph: onnx.ModelProto, quantised: bytes) -> None:
    """Smaller by half at least, and close; products of the encoder, cue head and pointers are in int8."""
    exact, rough = (run_network(network, IDS)[0] for network in (graph.SerializeToString(), quantised))
    assert 0 < np.abs(exact - rough).max() < 0.1 * np.ptp(exact)
    kinds = [node.op_type for node in onnx.load_from_string(quantised).graph.node]
    assert kinds.count("MatMulIntegerToFloat") == 6 + 3
    table = [model.classifier.config.vocab_size, model.classifier.config.hidden_size]
    tensors = onnx.load_from_string(quantised).graph.initializer
    assert [t.data_type for t in tensors if [*t.dims] == table] == [onnx.TensorProto.INT8]


def test_a_traced_int8_network_does_not_depend_on_the_batch(quantised: bytes) -> None:
    """A scale for each token here too."""
    ids = [[2, 7, 8, 3], [2, 350, 9, 3], [2, 5, 5, 3]]
    together, _ = run_network(quantised, ids)
    alone = np.concatenate([run_network(quantised, [row])[0] for row in ids])
    assert together == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("precision", "tolerance"), [(Precision.FP32, 1e-3), (Precision.INT8, 0.05)])
def test_any_encoder_becomes_a_model_folder(
    model: StanceModel,
    graph: onnx.ModelProto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: Precision,
    tolerance: float,
) -> None:
    """It answers as the checkpoint does, which the usual classes open; a card is with it."""
    monkeypatch.setattr(
        "stance.train.export.trace", lambda *_: copy.deepcopy(graph)
    )  # tracing again would take seconds
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    folder = tmp_path / "mine"
    export(model, tokenizer, folder, development=ROWS, max_tokens=256, precision=precision, max_flips=1.0)
    open_bundle(folder, every_file=True)
    assert f"in {precision};" in (folder / "README.md").read_text()
    classifier = stance.load(folder)
    assert classifier.bundle.max_tokens == 64
    checkpoint = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    opened = AutoTokenizer.from_pretrained(folder)
    for text in SENTENCES:
        with torch.inference_mode():
            logits = checkpoint(**opened(text, return_tensors="pt", return_token_type_ids=False)).logits[0]
        expected = label_probabilities(logits.numpy(), classifier.bundle.calibration).tolist()
        found = [*classifier.classify(text).probabilities.values()]
        assert found == pytest.approx(expected, abs=tolerance)


def test_what_was_trained_in_bfloat16_is_traced_in_fp32(encoder: Path, tmp_path: Path) -> None:
    """Training leaves nothing behind that would round what the network computes afterwards."""
    recipe = Recipe(epochs=1, bf16=True)
    trained, _ = fit(ROWS * 4, ROWS, base=encoder, work=tmp_path, recipe=recipe)
    weights = checkpoint_weights(trained)
    logits, _ = run_network(trace(trained, weights).SerializeToString(), IDS)
    trained.classifier.load_state_dict({n: w.float() for n, w in weights.items() if not n.startswith(HEADS)})
    with torch.inference_mode():
        expected = [trained.eval()(torch.tensor([ids]), torch.ones(1, len(ids)))["logits"][0] for ids in IDS]
    assert np.allclose(logits, torch.stack(expected), atol=1e-3)
