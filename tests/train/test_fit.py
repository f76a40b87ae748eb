"""From labelled sentences to a trained network, on a tiny encoder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    TrainerCallback,
    TrainerState,
)

import stance
from stance.train.data import LabelledSentence
from stance.train.fit import fit
from stance.train.metrics import macro_f1
from stance.train.model import open_base
from stance.train.recipe import ClassWeights, Recipe

from ..conftest import SENTENCES, TINY
from .conftest import DENIED, FELL, RECIPE, TRAIN


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


def test_a_run_that_lost_patience_does_not_go_on(tmp_path: Path) -> None:
    """Resumed, as after an export that was refused, it ends in the weights that it had ended in."""
    recipe = Recipe(learning_rate=1.0, warmup=0.0, epochs=9, batch_size=8, averaging=0.0, patience=1)
    weights = [
        fit(TRAIN, [DENIED, FELL], base=TINY, work=tmp_path, recipe=recipe, resume=resume)[0].state_dict()
        for resume in (False, True)
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert len(list(tmp_path.glob("checkpoint-*"))) < 9
    assert not (tmp_path / f"checkpoint-{9 * len(TRAIN) // 8}").exists()


def test_an_encoder_with_few_positions_reads_what_it_can(tmp_path: Path) -> None:
    """A sentence that is longer than it is cut."""
    long = LabelledSentence("It denied that. " * 100, "denial")
    model, _ = fit([long, FELL] * 8, [FELL], base=TINY, work=tmp_path, recipe=replace(RECIPE, epochs=1))
    assert model.classifier.config.max_position_embeddings < 128
