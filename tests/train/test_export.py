"""From a trained network to a model folder, on a tiny encoder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

import stance
from stance.bundle import open_bundle
from stance.errors import ModelError, OutputError
from stance.train.data import LabelledSentence
from stance.train.export import export, run_network
from stance.train.fit import fit
from stance.train.graph import Precision
from stance.train.model import open_base
from stance.train.recipe import Recipe

from ..conftest import TINY
from .conftest import DENIED, FELL, RECIPE


def test_training_learns_and_the_folder_answers(trained: tuple, tmp_path: Path) -> None:
    """What was learnt is what the exported model says, with calibrated probabilities."""
    flips = export(*trained, tmp_path / "mine", development=[DENIED, FELL], max_tokens=48)
    classifier = stance.load(tmp_path / "mine")
    assert flips == 0
    assert classifier.classify(DENIED.text).label == "denial"
    assert "denial" in classifier.classify(DENIED.text).stances
    assert classifier.classify(FELL.text).label == "none"
    assert classifier.bundle.name == "mine"
    open_bundle(tmp_path / "mine", every_file=True)


def test_what_is_calibrated_is_what_is_answered(
    trained: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network sees held-out sentences, short and too long, exactly as the classifier will show them."""
    import stance.train.export as module

    seen: list = []
    run = module.run_network

    def spy(network: bytes, ids: list) -> object:
        seen.append(ids)
        return run(network, ids)

    monkeypatch.setattr(module, "run_network", spy)
    rows = [DENIED, FELL, LabelledSentence("It denied that. " * 40, "denial", ("denial",))]
    export(*trained, tmp_path / "mine", development=rows, max_tokens=48, max_flips=1.0)
    shown: list = []
    classifier = stance.load(tmp_path / "mine")
    logits = classifier._session.logits

    def record(ids: object) -> object:
        shown.extend(ids.tolist())  # type: ignore[attr-defined]
        return logits(ids)  # type: ignore[arg-type]

    monkeypatch.setattr(classifier._session, "logits", record)
    list(classifier.classify_many([row.text for row in rows]))
    assert all(sorted(ids) == sorted(shown) for ids in seen)


def test_the_network_is_there_in_fp32_as_well_on_request(trained: tuple, tmp_path: Path) -> None:
    """It is loaded by its precision, and says what the checkpoint says; the card and the contract name it."""
    out = tmp_path / "mine"
    export(*trained, out, development=[DENIED, FELL], max_tokens=48)
    assert not (out / "model_fp32.onnx").exists()
    with pytest.raises(ModelError, match=r"names no model_fp32\.onnx"):
        stance.load(out, precision="fp32")
    export(*trained, out, development=[DENIED, FELL], max_tokens=48, fp32=True)
    assert "model_fp32.onnx" in open_bundle(out, every_file=True).hashes
    assert (
        '`model_fp32.onnx` in fp32 (`stance.load(..., precision="fp32")`)' in (out / "README.md").read_text()
    )
    row = AutoTokenizer.from_pretrained(out)(DENIED.text, return_tensors="pt")
    with torch.inference_mode():
        logits = AutoModelForSequenceClassification.from_pretrained(out).eval()(**row).logits.numpy()
    quantised, exact = (
        stance.load(out, precision=precision)._session.logits(row["input_ids"].numpy())[0]
        for precision in (None, "fp32")
    )
    assert exact == pytest.approx(logits, abs=1e-4)
    assert quantised != pytest.approx(exact, abs=1e-4)


def test_the_folder_is_a_hugging_face_checkpoint(trained: tuple, tmp_path: Path) -> None:
    """The usual classes open it, in full precision and with the right names."""
    export(*trained, tmp_path / "mine", development=[DENIED, FELL], max_tokens=48)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "mine")
    logits = model(**tokenizer(DENIED.text, return_tensors="pt")).logits[0]
    assert logits.dtype == torch.float32
    assert model.config.id2label[int(logits.argmax())] == "denial"


def test_a_folder_without_its_checkpoint_still_labels(trained: tuple, tmp_path: Path) -> None:
    """As the whole one does; it is no base to train from."""
    whole, small = tmp_path / "whole", tmp_path / "small"
    for folder in (whole, small):
        export(*trained, folder, development=[DENIED, FELL], max_tokens=48, checkpoint=folder == whole)
    answers = [stance.load(folder).classify(DENIED.text).probabilities for folder in (whole, small)]
    assert answers[0] == answers[1]
    assert "model.safetensors" not in open_bundle(small, every_file=True).hashes
    cards = [(folder / "README.md").read_text(encoding="utf-8") for folder in (whole, small)]
    assert ["There is no checkpoint" in card for card in cards] == [False, True]
    with pytest.raises(ModelError, match="small"):
        fit([DENIED], [DENIED], base=small, work=tmp_path / "work")


def test_stances_that_no_reader_gave_are_not_taken_for_none(trained: tuple, tmp_path: Path) -> None:
    """Labels alone leave the stances as the model has them: no temperature, no threshold is made up."""
    rows = [LabelledSentence(DENIED.text, "denial"), LabelledSentence(FELL.text, "none")]
    export(*trained, tmp_path / "mine", development=rows, max_tokens=48)
    calibration = open_bundle(tmp_path / "mine").calibration
    assert (calibration.stance_temperature, dict(calibration.stance_thresholds)) == (1.0, {})


def test_too_many_flips_are_refused_and_named(
    trained: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and the sentences are listed."""
    import stance.train.export as module

    build = module.build_graph

    def broken(weights: dict, *arguments: object, precision: str, **options: object) -> object:
        if precision == "int8":
            weights = weights | {"classifier.bias": -100 * weights["classifier.bias"] - 50}
            weights["classifier.bias"][2] = 100
        return build(weights, *arguments, precision=precision, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "build_graph", broken)
    with pytest.raises(ModelError, match=r"100\.0%.*\n.*It denied the deal"):
        export(*trained, tmp_path / "mine", development=[DENIED, FELL], max_tokens=48)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_fails_half_way_leaves_the_old_one(
    trained: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written whole or not at all."""
    out = tmp_path / "mine"
    export(*trained, out, development=[DENIED, FELL], max_tokens=48)
    before = {file.name: file.read_bytes() for file in out.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stance.train.export.write_contract", full)
    with pytest.raises(OutputError, match="No space left"):
        export(*trained, out, development=[DENIED, FELL], max_tokens=48)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_another_label_set_has_no_stances(tmp_path: Path) -> None:
    """Labels of the user's own are trained, exported and answered; there is nothing to say of stances."""
    rows = [
        LabelledSentence("It denied the deal.", "bad"),
        LabelledSentence("Parliament will debate.", "good"),
    ]
    model, tokenizer = fit(
        rows * 32, rows, base=TINY, work=tmp_path / "work", recipe=RECIPE, labels=("bad", "good"), stances=()
    )
    export(model, tokenizer, tmp_path / "mine", development=rows, max_tokens=48)
    classifier = stance.load(tmp_path / "mine")
    predictions = list(classifier.classify_many([row.text for row in rows]))
    assert [(prediction.label, prediction.stances) for prediction in predictions] == [
        ("bad", ()),
        ("good", ()),
    ]
    assert AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine").config.id2label == {
        0: "bad",
        1: "good",
    }


@pytest.mark.parametrize("taught", [True, False])
def test_a_model_finds_acts_only_if_it_was_taught(tmp_path: Path, taught: bool) -> None:
    """From labels alone, on an encoder that knows no acts, nothing is made up."""
    plain = tmp_path / "encoder"
    plain.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (plain / name).write_bytes((TINY / name).read_bytes())
    weights = {
        name: weight
        for name, weight in load_file(TINY / "model.safetensors").items()
        if "pointers" not in name
    }
    save_file(weights, plain / "model.safetensors", metadata={"format": "pt"})
    rows = [DENIED if taught else replace(DENIED, acts=None), FELL]
    recipe = Recipe(epochs=1)
    model, tokenizer = fit(rows * 4, rows, base=plain, work=tmp_path / "work", recipe=recipe)
    export(model, tokenizer, tmp_path / "mine", development=rows, max_tokens=48, max_flips=1.0)
    assert stance.load(tmp_path / "mine").bundle.finds_acts == taught
    assert ("pointers.query.weight" in load_file(tmp_path / "mine" / "model.safetensors")) == taught


def test_a_bert_with_another_activation_is_traced(tmp_path: Path) -> None:
    """What is written out by hand knows GELU alone; the network says what the checkpoint says."""
    encoder = tmp_path / "encoder"
    shutil.copytree(TINY, encoder)
    config = json.loads((encoder / "config.json").read_text())
    (encoder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    model = open_base(encoder, labels=stance.LABELS, stances=stance.LABELS[1:]).eval()
    rows, tokenizer = [DENIED, FELL], AutoTokenizer.from_pretrained(encoder)
    out = tmp_path / "mine"
    export(model, tokenizer, out, development=rows, max_tokens=48, precision=Precision.FP32)
    row = tokenizer(DENIED.text, return_tensors="pt")
    with torch.inference_mode():
        logits = AutoModelForSequenceClassification.from_pretrained(out).eval()(**row).logits.numpy()
    answered, _ = run_network((out / "model.onnx").read_bytes(), row["input_ids"].tolist())
    assert answered == pytest.approx(logits, abs=1e-3)
