"""Logits on held-out sentences to the biases, temperatures and thresholds of a model."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from sklearn.metrics import f1_score, log_loss

from stance.calibration import Calibration, label_probabilities, softmax, stance_probabilities

Array = NDArray[np.floating]
TEMPERATURES = (0.05, 20.0)
SHARPNESSES = (0.5, 4.0)
SHARPNESS_SPREAD = 0.5
"""The standard deviation of its logarithm that is expected of models."""

THRESHOLDS = np.arange(0.2, 0.81, 0.05).round(2)
COVERAGE = 0.8
"""The share of each label's sentences that a classifier which may abstain still answers."""


def fit_calibration(
    logits: Array,
    labels: NDArray[np.integer],
    stance_logits: Array,
    stance_labels: NDArray[np.bool_],
    stances: Sequence[str],
    names: Sequence[str],
) -> Calibration:
    """Fit temperatures and sharpness by likelihood, stance thresholds by F1 and label thresholds by coverage.

    Args:
        logits: [n, labels].
        labels: [n] indices.
        stance_logits: [m, stances], of the sentences whose stances a reader gave; there may be none.
        stance_labels: [m, stances].
        stances: their names.
        names: of the labels.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    found = _fit_labels(logits, labels)
    limits = _label_thresholds(label_probabilities(logits, found), names)
    if not stances or not len(stance_labels):
        return replace(found, label_thresholds=limits)
    stance_temperature = _fit_temperature(
        lambda t: log_loss(
            stance_labels.ravel(),
            stance_probabilities(stance_logits, Calibration(stance_temperature=t)).ravel(),
            labels=[False, True],
        )
    )
    probabilities = stance_probabilities(stance_logits, Calibration(stance_temperature=stance_temperature))
    thresholds = {
        stance: _best_threshold(stance_labels[:, index], probabilities[:, index])
        for index, stance in enumerate(stances)
    }
    return replace(
        found,
        stance_temperature=stance_temperature,
        stance_thresholds=thresholds,
        label_thresholds=limits,
    )


def fit_label_biases(logits: Array, labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Fit what to add to each label's logit, so that labels which training saw too often are not favoured.

    A temperature is fitted along with the biases, and left to `fit_calibration`. A normal prior of unit
    variance keeps the biases near 0 where there are few sentences.

    Args:
        logits: [n, labels].
        labels: [n] indices.

    Returns:
        Biases [labels], their mean 0.

    Source: vector scaling with a common slope, Guo et al. 2017.
    """

    def loss(parameters: Array) -> float:
        slope, biases = np.exp(parameters[0]), parameters[1:]
        probabilities = softmax(slope * (logits.astype(np.float64) + biases))
        likelihood = np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean()
        return float((biases**2).sum() / (2 * len(labels)) - likelihood)

    found: NDArray[np.float64] = minimize(loss, np.zeros(1 + logits.shape[1])).x[1:]
    biases: NDArray[np.float32] = (found - found.mean()).astype(np.float32)
    return biases


def _label_thresholds(probabilities: Array, names: Sequence[str]) -> dict[str, float]:
    """Return for each label that is given at all the probability that `COVERAGE` of its sentences reach."""
    confidence, given = probabilities.max(axis=1), probabilities.argmax(axis=1)
    return {
        name: math.floor(1e4 * np.quantile(confidence[given == index], 1 - COVERAGE)) / 1e4
        for index, name in enumerate(names)
        if (given == index).any()
    }


def _fit_labels(logits: Array, labels: NDArray[np.integer]) -> Calibration:
    """Fit temperature and sharpness at once.

    A normal prior on the logarithm of the sharpness keeps it near 1 where there are few sentences.
    """
    known = np.arange(logits.shape[1])

    def calibration(logarithms: Array) -> Calibration:
        temperature, sharpness = np.exp(logarithms)
        return Calibration(round(float(temperature), 4), round(float(sharpness), 4))

    def loss(logarithms: Array) -> float:
        probabilities = label_probabilities(logits, calibration(logarithms))
        prior = (logarithms[1] / SHARPNESS_SPREAD) ** 2 / (2 * len(labels))
        return float(log_loss(labels, probabilities, labels=known) + prior)

    bounds = [np.log(TEMPERATURES), np.log(SHARPNESSES)]
    return calibration(minimize(loss, np.zeros(2), method="Nelder-Mead", bounds=bounds).x)


def _fit_temperature(loss: Callable[[float], float]) -> float:
    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(lambda log: loss(float(np.exp(log))), bounds=(low, high), method="bounded")
    return round(float(np.exp(found.x)), 4)


def _best_threshold(held: NDArray[np.bool_], probabilities: Array) -> float:
    """Return the threshold with the best F1; of equals, the one next to a half."""
    scores = [f1_score(held, probabilities >= limit, zero_division=0.0) for limit in THRESHOLDS]
    best = max(range(len(THRESHOLDS)), key=lambda index: (scores[index], -abs(THRESHOLDS[index] - 0.5)))
    return float(THRESHOLDS[best])
