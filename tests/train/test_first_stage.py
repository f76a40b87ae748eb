"""A first stage is fitted, and answers no more than it may."""

from pathlib import Path

import numpy as np
import pytest

import stance
from stance.bundle import open_bundle
from stance.calibration import Calibration, label_probabilities, softmax
from stance.errors import InputError, ModelError
from stance.first_stage import FIRST_STAGE
from stance.train.data import LabelledSentence
from stance.train.deferral import fit_deferral
from stance.train.first_stage import _scale, add_first_stage
from stance.train.metrics import macro_f1

from .conftest import labelled_by


def test_it_answers_without_loss(tiny_copy: Path) -> None:
    """The share that it says it answers is answered, and the labels are those of the network."""
    development = labelled_by(tiny_copy)
    share = add_first_stage(tiny_copy, development, development, max_loss=0.0)
    found = list(stance.load(tiny_copy).classify_many(row.text for row in development))
    assert np.mean([one.reason == "plain" for one in found]) == share > 0
    assert [one.label for one in found] == [row.label for row in development]


def test_its_probabilities_outlive_the_models_calibration() -> None:
    """Under a temperature they stay the regression's own; under a sharpness too they come nearer to them."""
    logits = np.random.default_rng(0).normal(size=(500, 3)) * 4
    own = softmax(logits)
    warm, sharp = Calibration(temperature=1.5), Calibration(temperature=1.5, sharpness=1.8)
    assert label_probabilities(logits * _scale(logits, warm), warm) == pytest.approx(own)

    def surprise(scale: float) -> float:
        return -float((own * np.log(label_probabilities(logits * scale, sharp) + 1e-12)).sum(axis=1).mean())

    assert surprise(_scale(logits, sharp)) < 0.9 * surprise(1.5)


def test_it_may_not_cost_more_than_was_allowed(tiny_copy: Path) -> None:
    """Where readers took plain sentences otherwise, it answers only what it may get wrong."""
    development = labelled_by(tiny_copy)
    taught = [LabelledSentence(row.text, "none" if i % 7 else "denial") for i, row in enumerate(development)]
    add_first_stage(tiny_copy, taught, development, max_loss=0.1)
    labels = open_bundle(tiny_copy).labels
    true = np.array([labels.index(row.label) for row in development])
    found = stance.load(tiny_copy).classify_many(row.text for row in development)
    assert macro_f1(true, np.array([labels.index(one.label) for one in found])) >= 0.9


def test_the_same_sentences_make_the_same_folder(tiny_copy: Path) -> None:
    """So that its hash says what it learnt from; a stage that is there is replaced."""
    development = labelled_by(tiny_copy)
    add_first_stage(tiny_copy, development, development)
    first = open_bundle(tiny_copy, every_file=True).digest
    add_first_stage(tiny_copy, development, development)
    assert open_bundle(tiny_copy, every_file=True).digest == first
    assert (tiny_copy / FIRST_STAGE).is_file()


def test_one_label_teaches_nothing(tiny_copy: Path) -> None:
    """It is refused, and the folder stays as it was."""
    with pytest.raises(InputError, match="two labels"):
        add_first_stage(tiny_copy, [LabelledSentence("It fell.", "none")], labelled_by(tiny_copy))
    assert open_bundle(tiny_copy).first_stage is None


def test_what_cannot_be_learnt_from_is_refused(tiny_copy: Path) -> None:
    """No held-out sentences, and a label that the model does not know."""
    known = labelled_by(tiny_copy)
    with pytest.raises(InputError, match="none came"):
        add_first_stage(tiny_copy, known, [])
    for taught, development in (
        ([*known, LabelledSentence("It.", "denail")], known),
        (known, [known[0], LabelledSentence("It.", "denail")]),
    ):
        with pytest.raises(InputError, match="denial"):
            add_first_stage(tiny_copy, taught, development)
    assert open_bundle(tiny_copy).first_stage is None


def test_a_model_needs_a_label_for_plain_sentences(tiny_copy: Path) -> None:
    """Without "none" there is nothing that a first stage could answer."""
    for name in ("stance.json", "config.json"):
        file = tiny_copy / name
        file.write_text(file.read_text().replace('"none"', '"nil"'))
    with pytest.raises(ModelError):
        add_first_stage(tiny_copy, [], [])


def test_a_new_first_stage_ends_a_threshold(tiny_copy: Path) -> None:
    """Which was fitted to how sure the model was without it."""
    development = labelled_by(tiny_copy)
    fit_deferral(tiny_copy, tiny_copy, development)
    assert open_bundle(tiny_copy).deferral_threshold is not None
    add_first_stage(tiny_copy, development, development)
    assert open_bundle(tiny_copy).deferral_threshold is None
