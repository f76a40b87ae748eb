"""The network in PyTorch, run on the CPU: it says what the trained one says, and what ONNX Runtime says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, DistilBertConfig

import stance
from stance.bundle import WEIGHTS, open_bundle, write_contract
from stance.calibration import Calibration
from stance.errors import InputError, ModelError
from stance.gpu.encoders import Bert, Reading, StockEncoder
from stance.gpu.session import TorchSession
from stance.models import find_model
from stance.train.model import StanceModel, checkpoint_weights, open_base, save_checkpoint

from ..conftest import SENTENCES, TINY

CHALLENGE = Path(__file__).resolve().parent.parent / "data" / "challenge.jsonl"
IDS = np.random.default_rng(0).integers(5, 90, (5, 17))
TOLERANCE = 1e-5


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Threads that wait for one another are slow where others compute, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def session() -> TorchSession:
    return TorchSession(open_bundle(TINY), device="cpu")


def classifier(folder: Path, **options: object) -> stance.Classifier:
    bundle = open_bundle(folder)
    return stance.Classifier(bundle, TorchSession(bundle, device="cpu", **options))  # type: ignore[arg-type]


def trained(folder: Path) -> dict[str, np.ndarray]:
    """What the network says as training has it."""
    bundle = open_bundle(folder)
    model = open_base(folder, labels=bundle.labels, stances=bundle.stances).eval()
    with torch.inference_mode():
        found = model(torch.from_numpy(IDS), torch.ones(IDS.shape, dtype=torch.long))
    return {name: tensor.numpy() for name, tensor in found.items()}


def made(folder: Path, config: BertConfig | DistilBertConfig, stances: tuple[str, ...]) -> Path:
    """Make a model folder of random weights; of its network there is only the checkpoint."""
    torch.manual_seed(0)
    config.id2label = dict(enumerate(stance.LABELS))
    classifier = AutoModelForSequenceClassification.from_config(config)
    model = StanceModel(classifier, label_names=stance.LABELS, stance_names=stances)
    for name in ("tokenizer.json", "model.onnx"):
        (folder / name).write_bytes((TINY / name).read_bytes())
    save_checkpoint(folder, model, checkpoint_weights(model))
    write_contract(
        folder,
        name="made",
        labels=stance.LABELS,
        stances=stances,
        max_tokens=48,
        calibration=Calibration(),
        finds_acts=False,
        reads_context=False,
    )
    return folder


WORDS = 1_000
DISTILBERT = DistilBertConfig(vocab_size=WORDS, dim=32, n_layers=2, n_heads=4, hidden_dim=64)
BERT = BertConfig(
    vocab_size=WORDS, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64
)


@pytest.mark.parametrize("folder", [TINY, find_model()], ids=["tiny", "base"])
def test_logits_are_those_of_training(folder: Path) -> None:
    """Labels, stances, cues and pointers, though the last layer is computed of the first token alone."""
    session, expected = TorchSession(open_bundle(folder), device="cpu"), trained(folder)
    labels, stances = session.logits(IDS)
    acts = session.act_logits(IDS)
    for name, found in {
        "logits": labels,
        "stance_logits": stances,
        "cue_logits": acts.cues,
        "pointer_logits": acts.pointers,
    }.items():
        np.testing.assert_allclose(found, expected[name], atol=TOLERANCE, rtol=0)
    np.testing.assert_array_equal(acts.labels, labels)
    np.testing.assert_array_equal(acts.stances, stances)


@pytest.mark.parametrize(
    ("config", "encoder", "stances"),
    [(DISTILBERT, StockEncoder, stance.LABELS[1:]), (DISTILBERT, StockEncoder, ()), (BERT, Bert, ())],
    ids=["distilbert", "distilbert without stances", "bert without stances"],
)
def test_any_model_folder_runs(
    config: BertConfig | DistilBertConfig, encoder: type, stances: tuple[str, ...], tmp_path: Path
) -> None:
    """Encoders other than BERT run as `transformers` has them; a label set need not be about stances."""
    folder = made(tmp_path, config, stances)
    session, expected = TorchSession(open_bundle(folder), device="cpu"), trained(folder)
    assert isinstance(session._encoder, encoder)
    labels, found = session.logits(IDS)
    np.testing.assert_allclose(labels, expected["logits"], atol=TOLERANCE, rtol=0)
    if stances:
        np.testing.assert_allclose(found, expected["stance_logits"], atol=TOLERANCE, rtol=0)
    assert found.shape == (len(IDS), len(stances))
    assert classifier(folder).classify(SENTENCES[0]).label in stance.LABELS


@pytest.fixture(scope="module")
def answers() -> dict[str, list[stance.Prediction]]:
    """What the shipped model says of a hundred sentences, in each precision."""
    texts = [json.loads(line)["text"] for line in CHALLENGE.read_text(encoding="utf-8").splitlines()][::5]
    models = {
        "int8": stance.load(),
        "fp32": classifier(find_model()),
        "bf16": classifier(find_model(), precision=torch.bfloat16),
    }
    return {name: list(model.classify_many(texts)) for name, model in models.items()}


@pytest.mark.parametrize(
    ("one", "other", "most"), [("fp32", "int8", 0.12), ("bf16", "int8", 0.12), ("bf16", "fp32", 0.02)]
)
def test_labels_do_not_hang_on_the_precision(
    one: str, other: str, most: float, answers: dict[str, list[stance.Prediction]]
) -> None:
    """At most one in a hundred is another one, and no probability moves far."""
    pairs = list(zip(answers[one], answers[other], strict=True))
    assert sum(a.label != b.label for a, b in pairs) <= 0.01 * len(pairs)
    moved = [
        abs(a.probabilities[label] - b.probabilities[label]) for a, b in pairs for label in stance.LABELS
    ]
    assert 0 < max(moved) < most


def test_acts_are_found_as_on_the_cpu() -> None:
    """The demonstration sentence has the same acts, with the same words."""
    text = "Pyongyang denied accusations by Washington that it sells arms to Moscow."
    assert (
        classifier(find_model()).classify(text, acts=True).acts
        == stance.load().classify(text, acts=True).acts
    )


def test_a_batch_changes_answers_by_rounding_alone(session: TorchSession) -> None:
    """What a sentence is batched with is not read along with it."""
    together, _ = session.logits(IDS)
    alone = np.concatenate([session.logits(row[None])[0] for row in IDS])
    np.testing.assert_allclose(together, alone, atol=3 * TOLERANCE, rtol=0)


def test_a_batch_that_does_not_fit_is_run_by_halves(session: TorchSession) -> None:
    """Too little memory costs time and no answer; if one sentence is too much, it is said."""
    whole, sizes = session._encoder, list[int]()

    def small(ids: torch.Tensor) -> Reading:
        sizes.append(len(ids))
        if len(ids) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(ids)

    other = TorchSession(open_bundle(TINY), device="cpu")
    other._encoder, most = small, 2
    np.testing.assert_allclose(other.logits(IDS)[0], session.logits(IDS)[0], atol=TOLERANCE, rtol=0)
    assert sizes == [5, 3, 2, 1, 2]
    most = 0
    with pytest.raises(ModelError, match="one sentence does not fit into memory"):
        other.logits(IDS)


def test_a_device_that_fails_ends_the_run(session: TorchSession) -> None:
    """What PyTorch raises of it becomes one of our errors, so that no row is blamed."""
    with pytest.raises(ModelError, match="the network cannot run"):
        session.logits(IDS.astype(np.float32))  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_damaged_checkpoint_is_refused(tiny_copy: Path, damage: str) -> None:
    """It is verified, and named, only where it is read."""
    file = tiny_copy / WEIGHTS
    file.write_bytes(file.read_bytes()[:-1]) if damage == "cut" else file.unlink()
    stance.load(tiny_copy)
    with pytest.raises(ModelError, match=rf"{WEIGHTS}.*get the model folder again"):
        TorchSession(open_bundle(tiny_copy), device="cpu")


def test_a_folder_without_checkpoint_is_refused() -> None:
    """A contract may name no checkpoint."""
    bundle = open_bundle(TINY)
    rest = {name: value for name, value in bundle.hashes.items() if name != WEIGHTS}
    with pytest.raises(ModelError, match=f"names no {WEIGHTS}"):
        TorchSession(replace(bundle, hashes=rest), device="cpu")


def test_a_checkpoint_of_another_shape_is_refused() -> None:
    """What does not fit is named, in one line."""
    bundle = replace(open_bundle(TINY), stances=("denial",))
    with pytest.raises(ModelError, match=r"no network for PyTorch: .*\[4, 32\].*"):
        TorchSession(bundle, device="cpu")


def test_reading_ahead_changes_nothing() -> None:
    """Across windows, in order, with one window read while the predictions of another are taken."""
    ahead, taken = classifier(TINY), 0
    first, second, _ = TorchSession.windows
    count = first + second + 9

    def texts() -> Iterator[str]:
        nonlocal taken
        for taken in range(count):
            yield f"{SENTENCES[taken % 6]} {taken}"

    predictions = ahead.classify_many(texts())
    assert next(predictions).text == f"{SENTENCES[0]} 0"
    assert taken == first + second - 1
    assert [one.text for one in predictions] == [f"{SENTENCES[row % 6]} {row}" for row in range(1, count)]


def test_what_is_no_text_is_refused_in_its_place() -> None:
    """All predictions before it come, though more has been read."""
    texts = [*(SENTENCES * 100)[:400], None]
    found = []
    predictions = classifier(TINY).classify_many(texts)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="position 400"):
        found.extend(prediction.text for prediction in predictions)
    assert found == texts[:400]


def test_a_missing_extra_is_named() -> None:
    """Asking for a GPU without PyTorch says how to install it."""
    code = (
        f"import sys; sys.modules['torch'] = None; import stance; stance.load({str(TINY)!r}, device='cuda')"
    )
    run = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=False)
    assert 'pip install "stance-classifier[gpu]"' in run.stderr.splitlines()[-1]
