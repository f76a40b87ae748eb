"""Figures of a classifier."""

import numpy as np
import pytest

from stance.train.metrics import _resamples, calibration_error, macro_f1, paired_bootstrap, score

TRUE = np.array([0, 0, 1, 1, 2, 2] * 20)


def certain(labels: np.ndarray) -> np.ndarray:
    """Return probabilities that leave no doubt."""
    return np.eye(3)[labels]


def test_perfect_answers_score_one() -> None:
    """And their calibration error is nought."""
    scores = score(("a", "b", "c"), TRUE, certain(TRUE))
    assert (scores.accuracy, scores.macro_f1, scores.calibration_error) == (1.0, 1.0, 0.0)
    assert scores.interval == (1.0, 1.0)
    assert scores.confusion == [[40, 0, 0], [0, 40, 0], [0, 0, 40]]


def test_macro_f1_is_the_mean_over_labels() -> None:
    """By hand: F1 of 2/3, 0.8 and 1."""
    true, predicted = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 2])
    assert macro_f1(true, predicted) == pytest.approx((2 / 3 + 0.8 + 1) / 3)


def test_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    """Sure at 0.9 and right half of the time: 0.4."""
    probabilities = np.array([[0.9, 0.1]] * 10)
    assert calibration_error(np.array([0, 1] * 5), probabilities) == pytest.approx(0.4)


def test_resamples_are_measured_as_the_whole_is() -> None:
    """The macro-F1 of each is that of scikit-learn on the sentences that were drawn."""
    generator = np.random.default_rng(3)
    true, predicted = generator.integers(0, 4, 40), generator.integers(0, 5, 40)
    rows = np.random.default_rng(0).integers(0, 40, 40)
    first = next(_resamples(1, 0, true, predicted, true))
    assert first == pytest.approx((macro_f1(true[rows], predicted[rows]), 1.0))


def test_paired_bootstrap_tells_better_from_equal() -> None:
    """A clear gain leaves hardly a resample behind; no gain is not ahead in any."""
    worse = np.where(np.arange(len(TRUE)) % 4 == 0, (TRUE + 1) % 3, TRUE)
    ahead, doubt = paired_bootstrap(TRUE, worse, TRUE, rounds=200)
    assert ahead > 0.2
    assert doubt < 0.01
    assert paired_bootstrap(TRUE, worse, worse, rounds=50) == (0.0, 1.0)
