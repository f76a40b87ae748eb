"""From labelled sentences to a model folder, on a tiny encoder."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    TrainerCallback,
    TrainerState,
)

import stance
from stance.bundle import open_bundle
from stance.errors import ModelError, OutputError
from stance.predictions import Span
from stance.train.data import LabelledAct, LabelledSentence
from stance.train.export import export
from stance.train.fit import ClassWeights, Recipe, fit
from stance.train.metrics import macro_f1
from stance.train.model import StanceModel, open_base

from ..conftest import SENTENCES, TINY

DENIAL = LabelledAct("denial", Span("denied", 3, 9), Span("It", 0, 2), Span("the deal", 10, 18), whole=True)
DENIED = LabelledSentence("It denied the deal.", "denial", ("denial",), (DENIAL,))
FELL = LabelledSentence("Parliament will debate.", "none", (), ())
TRAIN = [DENIED, FELL] * 32
RECIPE = Recipe(learning_rate=5e-3, epochs=8, batch_size=8, averaging=0.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[StanceModel, object]:
    """The tiny encoder, taught to tell two sentences apart."""
    work = tmp_path_factory.mktemp("work")
    return fit(TRAIN, [DENIED, FELL], base=TINY, work=work, recipe=RECIPE)


def test_training_learns_and_the_folder_answers(trained: tuple, tmp_path: Path) -> None:
    """What was learnt is what the exported model says, with calibrated probabilities."""
    flips = export(*trained, tmp_path / "mine", held_out=[DENIED, FELL], max_tokens=48)
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
    export(*trained, tmp_path / "mine", held_out=rows, max_tokens=48, max_flips=1.0)
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
    export(*trained, out, held_out=[DENIED, FELL], max_tokens=48)
    assert not (out / "model_fp32.onnx").exists()
    with pytest.raises(ModelError, match=r"names no model_fp32\.onnx"):
        stance.load(out, precision="fp32")
    export(*trained, out, held_out=[DENIED, FELL], max_tokens=48, fp32=True)
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
    export(*trained, tmp_path / "mine", held_out=[DENIED, FELL], max_tokens=48)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "mine")
    logits = model(**tokenizer(DENIED.text, return_tensors="pt")).logits[0]
    assert logits.dtype == torch.float32
    assert model.config.id2label[int(logits.argmax())] == "denial"


def test_a_folder_without_its_checkpoint_still_labels(trained: tuple, tmp_path: Path) -> None:
    """As the whole one does; it is no base to train from."""
    whole, small = tmp_path / "whole", tmp_path / "small"
    for folder in (whole, small):
        export(*trained, folder, held_out=[DENIED, FELL], max_tokens=48, checkpoint=folder == whole)
    answers = [stance.load(folder).classify(DENIED.text).probabilities for folder in (whole, small)]
    assert answers[0] == answers[1]
    assert "model.safetensors" not in open_bundle(small, every_file=True).hashes
    cards = [(folder / "README.md").read_text(encoding="utf-8") for folder in (whole, small)]
    assert ["There is no checkpoint" in card for card in cards] == [False, True]
    with pytest.raises(ModelError, match="small"):
        fit([DENIED], [DENIED], base=small, work=tmp_path / "work")


def test_training_again_gives_the_same_weights(tmp_path: Path) -> None:
    """The seed decides."""
    first, second = (
        fit(TRAIN[:16], [DENIED], base=TINY, work=tmp_path, recipe=Recipe(epochs=1))[0].state_dict()
        for _ in range(2)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_frozen_layers_stay_as_they_are(tmp_path: Path) -> None:
    """The embeddings and the lowest layers are the base's after training, and the others are not."""
    hedged = replace(DENIED, label="hedge", stances=("hedge",), acts=None)  # not what the base says
    model, _ = fit(
        [hedged, FELL] * 32, [hedged, FELL], base=TINY, work=tmp_path, recipe=replace(RECIPE, frozen=1)
    )
    before = AutoModel.from_pretrained(TINY).state_dict()
    after = model.classifier.base_model.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all(name.startswith(("encoder.layer.1.", "pooler.")) for name in moved)


def test_bfloat16_is_computed_in_where_it_is_asked_for(tmp_path: Path) -> None:
    """Weights stay in fp32, and come out otherwise than without."""
    exact, rounded = (
        fit(TRAIN, TRAIN[:8], base=TINY, work=tmp_path, recipe=replace(RECIPE, bf16=bf16))[0].state_dict()
        for bf16 in (False, True)
    )
    assert all(weight.dtype == torch.float32 for weight in rounded.values() if weight.is_floating_point())
    assert any(not torch.equal(exact[name], rounded[name]) for name in exact)


@pytest.mark.parametrize("stopped_after", [1, 2])
def test_a_stopped_run_resumes_to_the_same_weights(tmp_path: Path, stopped_after: int) -> None:
    """Killed after an epoch, with a half-written checkpoint lying about, it ends as if it had not been."""

    class Kill(TrainerCallback):
        def on_epoch_begin(self, args: object, state: TrainerState, control: object, **_: object) -> None:
            if state.epoch and state.epoch >= stopped_after:
                raise KeyboardInterrupt

    def run(work: Path, **options: object) -> dict:
        model, _ = fit(TRAIN, [DENIED, FELL], base=TINY, work=work, recipe=RECIPE, **options)  # type: ignore[arg-type]
        return model.state_dict()

    expected = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", callbacks=[Kill()])
    (tmp_path / "killed" / "checkpoint-999").mkdir()
    resumed = run(tmp_path / "killed", resume=True)
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def test_the_best_epoch_is_kept_and_patience_ends_the_run(tmp_path: Path) -> None:
    """A learning rate that destroys the model later on does not cost what was learnt."""
    scores: list[float] = []

    class Note(TrainerCallback):
        def on_evaluate(self, args: object, state: object, control: object, **given: dict) -> None:
            scores.append(given["metrics"]["eval_macro_f1"])

    recipe = Recipe(learning_rate=1.0, warmup=0.9, epochs=60, batch_size=8, averaging=0.0, patience=9)
    rows = [DENIED, FELL]
    model, tokenizer = fit(TRAIN, rows, base=TINY, work=tmp_path, recipe=recipe, callbacks=[Note()])
    guesses = []
    for sentence in rows:
        row = tokenizer(sentence.text, return_tensors="pt")
        with torch.inference_mode():
            guesses.append(int(model.eval()(row["input_ids"], row["attention_mask"])["logits"].argmax()))
    true = np.array([stance.LABELS.index(sentence.label) for sentence in rows])
    assert macro_f1(true, np.array(guesses)) == max(scores) > scores[-1]
    assert len(scores) < 60


@pytest.mark.parametrize("keep_last", [False, True])
def test_the_last_epoch_is_kept_where_it_is_asked_for(tmp_path: Path, keep_last: bool) -> None:
    """Even if what it started from had the better macro-F1."""
    recipe = Recipe(learning_rate=1.0, epochs=1, batch_size=8, averaging=0.0, keep_last=keep_last)
    tiny = stance.load(TINY)
    said = [LabelledSentence(one.text, one.label) for one in tiny.classify_many(SENTENCES)]
    model, _ = fit(TRAIN, said, base=TINY, work=tmp_path, recipe=recipe)
    before = open_base(TINY, labels=stance.LABELS, stances=stance.LABELS[1:]).state_dict()
    assert keep_last != all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())


def test_a_new_run_never_resumes_an_old_one(tmp_path: Path) -> None:
    """Checkpoints that lie about in the work folder are gone once a run begins anew."""
    fit(TRAIN, [DENIED], base=TINY, work=tmp_path, recipe=RECIPE)
    assert (tmp_path / "checkpoint-64").is_dir()
    fit(TRAIN[:16], [DENIED], base=TINY, work=tmp_path, recipe=RECIPE)
    assert sorted(folder.name for folder in tmp_path.glob("checkpoint-*")) == [
        "checkpoint-14",
        "checkpoint-16",
    ]


def test_stances_that_no_reader_gave_are_not_taken_for_none(trained: tuple, tmp_path: Path) -> None:
    """Labels alone leave the stances as the model has them: no temperature, no threshold is made up."""
    rows = [LabelledSentence(DENIED.text, "denial"), LabelledSentence(FELL.text, "none")]
    export(*trained, tmp_path / "mine", held_out=rows, max_tokens=48)
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
        export(*trained, tmp_path / "mine", held_out=[DENIED, FELL], max_tokens=48)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_fails_half_way_leaves_the_old_one(
    trained: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written whole or not at all."""
    out = tmp_path / "mine"
    export(*trained, out, held_out=[DENIED, FELL], max_tokens=48)
    before = {file.name: file.read_bytes() for file in out.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stance.train.export.write_contract", full)
    with pytest.raises(OutputError, match="No space left"):
        export(*trained, out, held_out=[DENIED, FELL], max_tokens=48)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_an_encoder_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """The message says what was expected."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nothing"}))
    with pytest.raises(ModelError, match="Hub id or folder"):
        open_base(tmp_path, labels=("a", "b"), stances=("b",))


def test_another_label_set_has_no_stances(tmp_path: Path) -> None:
    """Labels of the user's own are trained, exported and answered; there is nothing to say of stances."""
    rows = [
        LabelledSentence("It denied the deal.", "bad"),
        LabelledSentence("Parliament will debate.", "good"),
    ]
    model, tokenizer = fit(
        rows * 32, rows, base=TINY, work=tmp_path / "work", recipe=RECIPE, labels=("bad", "good"), stances=()
    )
    export(model, tokenizer, tmp_path / "mine", held_out=rows, max_tokens=48)
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


def test_a_model_folder_keeps_its_heads_as_a_base() -> None:
    """Training goes on from all that the folder has learnt."""
    first, second = (open_base(TINY, labels=stance.LABELS, stances=stance.LABELS[1:]) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = open_base(TINY, labels=("a", "b"), stances=("b",))
    assert other.heads["stances"].weight.shape == (1, 32)


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
    export(model, tokenizer, tmp_path / "mine", held_out=rows, max_tokens=48, max_flips=1.0)
    assert stance.load(tmp_path / "mine").bundle.finds_acts == taught
    assert ("pointers.query.weight" in load_file(tmp_path / "mine" / "model.safetensors")) == taught


def test_class_weights_favour_rare_labels(tiny: stance.Classifier, tmp_path: Path) -> None:
    """Of two labels for the same text, new to the model, the rarer one wins when they are weighed."""
    text = next(text for text in SENTENCES if tiny.classify(text).label not in ("none", "denial"))
    rows = [LabelledSentence(text, "none")] * 30 + [LabelledSentence(text, "denial")] * 20
    answers = []
    for weighed in ClassWeights:
        recipe = Recipe(learning_rate=1e-2, epochs=3, warmup=0.0, averaging=0.0, class_weights=weighed)
        model, tokenizer = fit(rows, rows, base=TINY, work=tmp_path / weighed, recipe=recipe)
        row = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            logits = model.eval()(row["input_ids"], row["attention_mask"])["logits"][0]
        answers.append(float(logits[stance.LABELS.index("denial")] - logits[stance.LABELS.index("none")]))
    assert answers[1] > answers[0]
