"""Logits to probabilities to decisions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stance.calibration import (
    Calibration,
    decide_stances,
    label_probabilities,
    sigmoid,
    stance_probabilities,
)

LOGITS = arrays(np.float32, (3, 5), elements=st.floats(-1e4, 1e4, width=32))


@given(LOGITS, st.floats(0.05, 20), st.floats(0.5, 4))
def test_label_probabilities_add_up_to_one(logits: np.ndarray, temperature: float, sharpness: float) -> None:
    """Whatever the logits, each row is a distribution, and its order is theirs."""
    probabilities = label_probabilities(logits, Calibration(temperature, sharpness))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3))
    assert np.all(probabilities.max(axis=1) == probabilities[range(3), logits.argmax(axis=1)])


def test_a_high_temperature_lowers_confidence() -> None:
    """Temperature is what divides the logits."""
    logits = np.array([[2.0, 0.0]])
    assert label_probabilities(logits, Calibration(2.0))[0, 0] == pytest.approx(sigmoid(np.array(1.0)))
    assert stance_probabilities(logits, Calibration(stance_temperature=4.0))[0, 0] == pytest.approx(
        1 / (1 + np.exp(-0.5))
    )


def test_sharpness_parts_what_is_far_and_joins_what_is_near() -> None:
    """It is a power of the distance of divided logits."""
    near, far = ([[0.5, 0.0]], [[2.0, 0.0]])
    for logits, expected in ((near, 0.25), (far, 4.0)):
        found = label_probabilities(2 * np.array(logits), Calibration(temperature=2.0, sharpness=2.0))
        assert found[0, 0] == pytest.approx(sigmoid(np.array(expected)))


@pytest.mark.parametrize("name", ["temperature", "sharpness", "stance_temperature"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", None, True])
def test_what_divides_and_raises_is_a_number_above_0(name: str, value: Any) -> None:
    """Any other would give no probabilities, or turn them round; it is named."""
    with pytest.raises(ValueError, match=rf"{name}: a number above 0 was expected, {value!r} came"):
        Calibration(**{name: value})


@pytest.mark.parametrize("name", ["stance_thresholds", "label_thresholds"])
@pytest.mark.parametrize("value", [1.1, -0.1, float("nan"), "0.5", None, False])
def test_a_threshold_is_a_probability(name: str, value: Any) -> None:
    """Both ends are; of any other the label or stance is named."""
    Calibration(**{name: {"hedge": 0, "denial": 1.0}})
    with pytest.raises(
        ValueError, match=rf"{name} of denial: a probability, 0 to 1, was expected, {value!r} came"
    ):
        Calibration(**{name: {"hedge": 0.5, "denial": value}})


def test_stances_hold_the_label_and_all_above_their_threshold() -> None:
    """The label's stance is always there; a threshold is reached from below and included."""
    calibration = Calibration(stance_thresholds={"denial": 0.3, "hedge": 0.9})
    names = ("allegation", "hedge", "denial")
    assert decide_stances("allegation", np.array([0.1, 0.8, 0.3]), names, calibration) == (
        "allegation",
        "denial",
    )


def test_no_stance_means_no_stances() -> None:
    """A sentence without an act holds no stance, however high a score."""
    assert decide_stances("none", np.array([0.9]), ("hedge",), Calibration()) == ()
