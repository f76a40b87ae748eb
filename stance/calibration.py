"""Logits to probabilities, and probabilities to decisions."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers, fitted on held-out sentences, that make a model's scores honest.

    Args:
        temperature: divides the label logits, above 0. Default 1.
        sharpness: the power, above 0, of how far a label's divided logit is below the highest. Above 1 it
            makes labels that are close more alike, and leaves less to those that are far off. Default 1.
        stance_temperature: divides the stance logits, above 0. Default 1.
        stance_thresholds: for each stance the probability, 0 to 1, from which a sentence is said
            to hold it; 0.5 where none is given.
        label_thresholds: for each label the probability, 0 to 1, below which a classifier that may abstain
            does; 0 where none is given.

    Raises:
        ValueError: one of them is none of these numbers.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """

    temperature: float = 1.0
    sharpness: float = 1.0
    stance_temperature: float = 1.0
    stance_thresholds: Mapping[str, float] = field(default_factory=dict)
    label_thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("temperature", "sharpness", "stance_temperature"):
            value = getattr(self, name)
            if not _is_number(value) or not 0 < value < math.inf:
                raise ValueError(f"{name}: a number above 0 was expected, {value!r} came")
        for name in ("stance_thresholds", "label_thresholds"):
            for one, threshold in dict(getattr(self, name)).items():
                require_probability(f"{name} of {one}", threshold)

    def is_sure(self, label: str, probability: float) -> bool:
        """Say whether a label is probable enough to be decided by one who may abstain."""
        return probability >= self.label_thresholds.get(label, 0.0)


def require_probability(name: str, value: Any) -> None:
    """Raise a ValueError unless a value is a number of 0 to 1; the message says whose by `name`."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name}: a probability, 0 to 1, was expected, {value!r} came")


def softmax(logits: Array) -> Array:
    """Turn logits [n, labels] into probabilities [n, labels] that add up to 1 in each row."""
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Array = exponents / exponents.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: Array) -> Array:
    """Turn independent logits into probabilities, without overflow."""
    probabilities: Array = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities


def label_probabilities(logits: Array, calibration: Calibration) -> Array:
    """Turn label logits [n, labels] into calibrated probabilities [n, labels]."""
    scaled = logits.astype(np.float64) / calibration.temperature
    return softmax(-((scaled.max(axis=-1, keepdims=True) - scaled) ** calibration.sharpness))


def stance_probabilities(logits: Array, calibration: Calibration) -> Array:
    """Turn stance logits [n, stances] into calibrated, independent probabilities [n, stances]."""
    return sigmoid(logits.astype(np.float64) / calibration.stance_temperature)


def decide_stances(
    label: str, probabilities: Iterable[float], stances: tuple[str, ...], calibration: Calibration
) -> tuple[str, ...]:
    """Choose which stances a sentence holds, so that they never contradict its label.

    Args:
        label: the sentence's label. One that is no stance means that there is no act at all.
        probabilities: [stances], independent.
        stances: their names, in the same order.
        calibration: holds the thresholds.

    Returns:
        The label's stance and all that reach their thresholds, in the order of `stances`.
    """
    if label not in stances:
        return ()
    thresholds = calibration.stance_thresholds
    return tuple(
        stance
        for stance, probability in zip(stances, probabilities, strict=True)
        if stance == label or probability >= thresholds.get(stance, 0.5)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
