"""A model and labelled sentences to an evaluation: figures, slices, mistakes; and two models compared."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stance.classifier import Classifier
from stance.errors import InputError
from stance.train.data import LabelledSentence, unknown_label
from stance.train.metrics import Array, Indices, Scores, macro_f1, paired_bootstrap, score

MOST_MISTAKES = 50
FEWEST_IN_SLICE = 10
"""Slices of fewer rows say nothing, and are left out."""

DOUBT = 0.05
"""From this share of resamples without a gain on, a difference is called noise."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Sentences that share something, and how they were labelled."""

    kind: str
    name: str
    rows: int
    macro_f1: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sentence that was labelled otherwise than its reader did."""

    row: int
    text: str
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model does on labelled sentences.

    Args:
        model: name and hash.
        labels: in the order of the columns of `probabilities`.
        true: [n] indices of the true labels.
        probabilities: [n, labels].
        scores: the figures.
        slices: the figures of parts.
        mistakes: the most confident ones first.
    """

    model: str
    labels: tuple[str, ...]
    true: Indices
    probabilities: Array
    scores: Scores
    slices: tuple[Slice, ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same sentences.

    Args:
        first, second: name and hash of each.
        ahead: how much macro-F1 the second has more than the first, -1 to 1.
        doubt: share of bootstrap resamples in which it is not ahead (behind, if `ahead` is below 0).
        flips: the sentences that the two label differently, as mistakes of the second against the first:
            `label` is the first's, `predicted` the second's.
    """

    first: str
    second: str
    ahead: float
    doubt: float
    flips: tuple[Mistake, ...]

    @property
    def verdict(self) -> str:
        """One line: which is better, by how much, and whether it is more than noise."""
        better, worse = (self.second, self.first) if self.ahead >= 0 else (self.first, self.second)
        gap = f"{abs(self.ahead):.4f} macro-F1 ({self.doubt:.1%} of resamples disagree)"
        if self.doubt >= DOUBT:
            return f"no difference beyond noise: {better} is {gap} ahead of {worse}"
        return f"{better} is better than {worse} by {gap}"


def evaluate(classifier: Classifier, sentences: Sequence[LabelledSentence]) -> Evaluation:
    """Label sentences and compare with what their readers said.

    Raises:
        InputError: there are no sentences, or one has a label that the model does not know.
    """
    true, probabilities = _run(classifier, sentences)
    predicted = probabilities.argmax(axis=1)
    labels = classifier.bundle.labels
    mistakes = [
        Mistake(sentence.row, sentence.text, sentence.label, labels[guess], float(row[guess]))
        for sentence, guess, row in zip(sentences, predicted, probabilities, strict=True)
        if labels[guess] != sentence.label
    ]
    return Evaluation(
        model=classifier.bundle.identity,
        labels=labels,
        true=true,
        probabilities=probabilities,
        scores=score(labels, true, probabilities),
        slices=tuple(_slices(sentences, true, predicted)),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: -mistake.confidence)[:MOST_MISTAKES]),
    )


def compare(first: Classifier, second: Classifier, sentences: Sequence[LabelledSentence]) -> Comparison:
    """Compare two models of one label set by paired bootstrap.

    Raises:
        InputError: the label sets differ, there are no sentences, or a label is unknown.
    """
    if set(first.bundle.labels) != set(second.bundle.labels):
        sets = " and ".join(", ".join(model.bundle.labels) for model in (first, second))
        raise InputError(f"two models of one label set were expected; {sets} came")
    true, probabilities = _run(first, sentences)
    _, other = _run(second, sentences)
    order = [second.bundle.labels.index(label) for label in first.bundle.labels]
    other = other[:, order]
    a, b = probabilities.argmax(axis=1), other.argmax(axis=1)
    ahead, behind = paired_bootstrap(true, a, b)
    names = first.bundle.labels
    return Comparison(
        first=first.bundle.identity,
        second=second.bundle.identity,
        ahead=ahead,
        doubt=behind if ahead >= 0 else paired_bootstrap(true, b, a)[1],
        flips=tuple(
            Mistake(row.row, row.text, names[a[i]], names[b[i]], float(other[i, b[i]]))
            for i, row in enumerate(sentences)
            if a[i] != b[i]
        ),
    )


def _run(classifier: Classifier, sentences: Sequence[LabelledSentence]) -> tuple[Indices, Array]:
    """Return true labels [n] and probabilities [n, labels]."""
    labels = classifier.bundle.labels
    if not sentences:
        raise InputError("at least one labelled sentence was expected, none came")
    for sentence in sentences:
        if sentence.label not in labels:
            raise InputError(f"row {sentence.row}: {unknown_label(sentence.label, labels)}")
    predictions = classifier.classify_many(sentence.text for sentence in sentences)
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in predictions])
    return np.array([labels.index(sentence.label) for sentence in sentences]), probabilities


def _slices(sentences: Sequence[LabelledSentence], true: Indices, predicted: Indices) -> Iterator[Slice]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, sentence in enumerate(sentences):
        for key in _keys(sentence):
            members[key].append(row)
    for (kind, name), rows in sorted(
        members.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1])
    ):
        if len(rows) >= FEWEST_IN_SLICE:
            accuracy = float((true[rows] == predicted[rows]).mean())
            yield Slice(kind, name, len(rows), macro_f1(true[rows], predicted[rows]), accuracy)


def _keys(sentence: LabelledSentence) -> set[tuple[str, str]]:
    words = len(sentence.text.split())
    length = next((name for limit, name in LENGTHS if words <= limit), "over 40 words")
    keys = {("label", sentence.label), ("length", length)}
    keys |= {("cue", cue.text.casefold()) for cue in sentence.cues}
    return keys | ({("group", sentence.group)} if sentence.group is not None else set())


LENGTHS = ((10, "up to 10 words"), (20, "11 to 20 words"), (40, "21 to 40 words"))
