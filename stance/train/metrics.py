"""True labels and probabilities to figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

Array = NDArray[np.floating]
Indices = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of a classifier on labelled sentences.

    Args:
        rows: how many sentences.
        accuracy: share of right labels, 0 to 1.
        macro_f1: mean over labels of F1, 0 to 1.
        interval: 95 % bootstrap interval of macro_f1.
        calibration_error: expected calibration error, 0 to 1.
        per_label: for each label `precision`, `recall`, `f1` and `rows`.
        confusion: [labels, labels], true by predicted.
    """

    rows: int
    accuracy: float
    macro_f1: float
    interval: tuple[float, float]
    calibration_error: float
    per_label: dict[str, dict[str, float]]
    confusion: list[list[int]]


def score(labels: Sequence[str], true: Indices, probabilities: Array) -> Scores:
    """Compute the figures of a classifier.

    Args:
        labels: their names, in the order of the columns.
        true: [n] indices of the true labels.
        probabilities: [n, labels].
    """
    predicted = probabilities.argmax(axis=1)
    known = np.arange(len(labels))
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=known, zero_division=0.0
    )
    columns: dict[str, Any] = {"precision": precision, "recall": recall, "f1": f1, "rows": support}
    return Scores(
        rows=len(true),
        accuracy=float((true == predicted).mean()),
        macro_f1=macro_f1(true, predicted),
        interval=bootstrap_interval(true, predicted),
        calibration_error=calibration_error(true, probabilities),
        per_label={
            label: {name: float(column[index]) for name, column in columns.items()}
            for index, label in enumerate(labels)
        },
        confusion=confusion_matrix(true, predicted, labels=known).tolist(),
    )


def macro_f1(true: Indices, predicted: Indices) -> float:
    """Average F1 over the labels that occur in either [n]."""
    return float(f1_score(true, predicted, average="macro", zero_division=0.0))


def calibration_error(true: Indices, probabilities: Array, *, bins: int = 15) -> float:
    """Compute the expected calibration error of the top label.

    Args:
        true: [n] indices of the true labels.
        probabilities: [n, labels].
        bins: of equal width, at least 1. Default 15.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    counts, confidence, accuracy = reliability(true, probabilities, bins=bins)
    return float((counts * np.abs(confidence - accuracy)).sum() / len(true))


def reliability(true: Indices, probabilities: Array, *, bins: int = 15) -> tuple[Indices, Array, Array]:
    """Group sentences by the probability of their top label; see `calibration_error`.

    Returns:
        For each bin [bins]: rows, mean confidence and accuracy, both 0 where there are no rows.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == true
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    counts, sums, hits = (np.bincount(bin_of, weights, bins) for weights in (None, confidence, right))
    rows = np.maximum(counts, 1)
    return counts, sums / rows, hits / rows


def bootstrap_interval(
    true: Indices, predicted: Indices, *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of macro-F1 for [n] labels."""
    low, high = np.quantile([f1 for (f1,) in _resamples(rounds, seed, true, predicted)], [0.025, 0.975])
    return float(low), float(high)


def paired_bootstrap(
    true: Indices, first: Indices, second: Indices, *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Compare two classifiers on the same [n] sentences.

    Returns:
        How much macro-F1 the second is ahead, and the share of resamples in which it is not.

    Source: Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation".
    """
    gaps = [b - a for a, b in _resamples(rounds, seed, true, first, second)]
    ahead = macro_f1(true, second) - macro_f1(true, first)
    return ahead, float(np.mean(np.array(gaps) <= 0))


def _resamples(rounds: int, seed: int, true: Indices, *predicted: Indices) -> Iterator[tuple[float, ...]]:
    """Yield the macro-F1 of each classifier on sentences drawn anew, which are only counted: that is fast."""
    generator = np.random.default_rng(seed)
    labels = 1 + max(int(column.max()) for column in (true, *predicted))
    pairs = [true * labels + column for column in predicted]
    for _ in range(rounds):
        rows = generator.integers(0, len(true), len(true))
        counts = (np.bincount(pair[rows], minlength=labels**2).reshape(labels, labels) for pair in pairs)
        yield tuple(map(_macro_f1_of, counts))


def _macro_f1_of(confusion: Indices) -> float:
    """Return what `macro_f1` would, from the confusion [labels, labels]."""
    either = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * confusion.diagonal()[either > 0] / either[either > 0]).mean())
