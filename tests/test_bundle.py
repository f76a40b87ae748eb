"""Opening and verifying model folders."""

import json
from pathlib import Path

import pytest

from stance.bundle import open_bundle
from stance.errors import ModelError
from stance.models import find_model


def test_a_folder_says_what_it_is(tiny_copy: Path) -> None:
    """Labels, limits and identity come from the contract."""
    bundle = open_bundle(tiny_copy, every_file=True)
    assert bundle.labels == ("none", *bundle.stances)
    assert bundle.max_tokens == 48
    assert bundle.identity == f"tiny@{bundle.digest}"


def test_a_model_reads_contexts_only_if_its_folder_says_so(tiny_copy: Path, reading: Path) -> None:
    """Folders from before there were any say nothing."""
    contract = json.loads((tiny_copy / "stance.json").read_text())
    contract.pop("reads_context", None)
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    open_bundle(reading).require_context()
    with pytest.raises(ModelError, match="trained with a context column"):
        open_bundle(tiny_copy).require_context()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_changed_file_is_named(tiny_copy: Path, name: str) -> None:
    """One byte is enough."""
    content = bytearray((tiny_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tiny_copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: cut short or changed"):
        open_bundle(tiny_copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_file_cut_short_is_named(tiny_copy: Path, name: str) -> None:
    """As an interrupted download leaves it."""
    (tiny_copy / name).write_bytes((tiny_copy / name).read_bytes()[:-10])
    with pytest.raises(ModelError, match=f"{name}: cut short"):
        open_bundle(tiny_copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx", "stance.json"])
def test_a_missing_file_is_named(tiny_copy: Path, name: str) -> None:
    """Also the contract itself."""
    (tiny_copy / name).unlink()
    with pytest.raises(ModelError, match=name):
        open_bundle(tiny_copy)


def test_weights_are_verified_on_request(tiny_copy: Path) -> None:
    """Labelling does not read them, so opening does not; `every_file` does."""
    (tiny_copy / "model.safetensors").write_bytes(b"no weights")
    open_bundle(tiny_copy)
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        open_bundle(tiny_copy, every_file=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["none", "other"]}, r"config\.json: labels"),
        ({"format": 99}, "format 99"),
        ({"max_tokens": "many"}, "not a contract"),
        ({"calibration": {"heat": 1}}, "not a contract"),
        ({"calibration": {"temperature": 0}}, "temperature: a number above 0"),
        ({"calibration": {"label_thresholds": [0.5]}}, "not a contract"),
        ({"calibration": {"label_thresholds": {"none": 80}}}, "label_thresholds of none"),
        ({"first_stage_threshold": 1.5}, "first_stage_threshold: a probability"),
        ({"deferral_threshold": "0.5"}, "deferral_threshold: a probability"),
        ({"files": {}}, "not a contract"),
        ({"stances": ["rumour"]}, "not all labels"),
    ],
)
def test_another_contract_is_refused(tiny_copy: Path, change: dict, message: str) -> None:
    """Other labels, another format, nonsense: each is named."""
    contract = json.loads((tiny_copy / "stance.json").read_text()) | change
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    with pytest.raises(ModelError, match=message):
        open_bundle(tiny_copy)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_contract_that_is_no_json_object_is_refused(tiny_copy: Path, content: str) -> None:
    """A damaged contract is an error of the model folder."""
    (tiny_copy / "stance.json").write_text(content)
    with pytest.raises(ModelError, match=r"stance\.json"):
        open_bundle(tiny_copy)


def test_a_model_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """The message names what was asked for and what is shipped."""
    with pytest.raises(ModelError, match=r"nowhere.*shipped models"):
        find_model(tmp_path / "nowhere")
