"""Fitting temperatures and thresholds."""

import numpy as np
import pytest

from stance.calibration import Calibration, label_probabilities
from stance.labels import LABELS
from stance.train.calibrate import fit_calibration, fit_label_biases
from stance.train.metrics import calibration_error


def test_overconfident_logits_are_cooled() -> None:
    """The temperature that spoilt the logits is found again, and calibration gets better."""
    generator = np.random.default_rng(0)
    honest = generator.normal(size=(4000, 5)) * 2
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(5, p=row) for row in shares])
    held = np.eye(5, dtype=bool)[labels][:, 1:]
    fitted = fit_calibration(3 * honest, labels, 3 * honest[:, 1:], held, ("a", "b", "c", "d"), LABELS)
    assert fitted.temperature == pytest.approx(3, rel=0.1)
    assert calibration_error(labels, label_probabilities(3 * honest, fitted)) < 0.03


def test_logits_that_are_too_sure_between_and_not_sure_enough_at_the_ends_are_sharpened() -> None:
    """The power that bent the distances is found again; from a handful of sentences hardly any is made up."""
    generator = np.random.default_rng(0)
    honest = generator.normal(size=(4000, 3)) * 3
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(3, p=row) for row in shares])
    bent = -np.sqrt(honest.max(axis=1, keepdims=True) - honest)
    none = np.zeros((0, 0))
    fitted = fit_calibration(bent, labels, none, none.astype(bool), (), ("x", "y", "z"))
    assert fitted.sharpness == pytest.approx(2, rel=0.15)
    assert calibration_error(labels, label_probabilities(bent, fitted)) < 0.02
    few = fit_calibration(bent[:6], labels[:6], none, none.astype(bool), (), ("x", "y", "z"))
    assert 0.7 < few.sharpness < 1.6


def test_each_stance_gets_its_own_threshold() -> None:
    """A stance whose scores all run low is given a low threshold."""
    held = np.array([[True, True], [False, False]] * 50)
    scores = np.where(held, [[4.0, -0.7]], [[-4.0, -4.0]])
    fitted = fit_calibration(scores, held[:, 0].astype(int), scores, held, ("high", "low"), ("x", "y"))
    assert fitted.stance_thresholds["low"] < 0.5


def test_a_stance_that_never_occurs_keeps_a_half() -> None:
    """Where no threshold is better than another, none is invented."""
    held = np.zeros((50, 1), dtype=bool)
    scores = np.linspace(-3, 3, 50)[:, None]
    logits = np.hstack([-scores, scores])
    fitted = fit_calibration(logits, (scores[:, 0] > 0).astype(int), scores, held, ("never",), ("x", "y"))
    assert fitted.stance_thresholds["never"] == 0.5


def test_biases_undo_a_shift_of_label_shares() -> None:
    """Logits that favour a label are put right; with few sentences hardly anything is changed."""
    generator = np.random.default_rng(0)
    honest = generator.normal(size=(4000, 3)) * 2
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(3, p=row) for row in shares])
    shifted = honest + np.array([1.0, 0.0, -1.0])
    assert fit_label_biases(shifted, labels) == pytest.approx([-1, 0, 1], abs=0.15)
    assert np.abs(fit_label_biases(shifted[:4], labels[:4])).max() < 0.7


def test_labels_are_sure_where_most_of_their_sentences_are() -> None:
    """Each label's threshold leaves out the same share; one that is never given has none."""
    generator = np.random.default_rng(0)
    logits = np.column_stack([generator.normal(size=(4000, 2)) * [[1, 3]], np.full(4000, -100)])
    shares = label_probabilities(logits, Calibration())
    labels = np.array([generator.choice(3, p=row) for row in shares])
    none = np.zeros((0, 0))
    fitted = fit_calibration(logits, labels, none, none.astype(bool), (), ("x", "y", "z"))
    confidence = label_probabilities(logits, fitted).max(axis=1)
    assert set(fitted.label_thresholds) == {"x", "y"}
    for index, name in enumerate(("x", "y")):
        given = logits.argmax(axis=1) == index
        assert np.mean([fitted.is_sure(name, value) for value in confidence[given]]) == pytest.approx(
            0.8, abs=0.01
        )
