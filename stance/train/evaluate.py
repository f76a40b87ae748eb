"""A model and labelled sentences to an evaluation: figures, slices, mistakes; and two models compared."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stance.classifier import Classifier
from stance.errors import InputError
from stance.train.data import LabelledSentence, label_indices
from stance.train.metrics import Array, Indices, Scores, macro_f1, paired_bootstrap, score

MOST_MISTAKES = 50
FEWEST_IN_SLICE = 10
"""Slices of fewer rows say nothing, and are left out."""

LENGTHS = ((10, "up to 10 words"), (20, "11 to 20 words"), (40, "21 to 40 words"))

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
class Flip:
    """A sentence that two models label differently: what its reader said, the first model, and the second."""

    row: int
    text: str
    label: str
    first: str
    second: str


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
        flips: the sentences that the two label differently.
    """

    first: str
    second: str
    ahead: float
    doubt: float
    flips: tuple[Flip, ...]

    @property
    def verdict(self) -> str:
        """One line: which is better, by how much, and whether it is more than noise."""
        if not self.flips:
            return f"no difference: {self.first} and {self.second} label every sentence alike"
        better, worse = (self.second, self.first) if self.ahead >= 0 else (self.first, self.second)
        gap = f"{abs(self.ahead):.4f} macro-F1 ({self.doubt:.1%} of resamples disagree)"
        if self.doubt >= DOUBT:
            return f"no difference beyond noise: {better} is {gap} ahead of {worse}"
        return f"{better} is better than {worse} by {gap}"


def evaluate(classifier: Classifier, sentences: Sequence[LabelledSentence]) -> Evaluation:
    """Label sentences and compare with what their readers said.

    Args:
        classifier: the model.
        sentences: with their contexts, where they have any: they are read, and slices of the kind "context"
            say what that gives.

    Raises:
        InputError: there are no sentences, or one has a label that the model does not know.
        ModelError: a sentence has a context, and the model reads none.
    """
    true = _true_labels(classifier, sentences)
    probabilities = _probabilities(classifier, sentences, with_contexts=_has_contexts(sentences))
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
        slices=(
            *_slices(sentences, true, predicted),
            *_context_slices(classifier, sentences, true, predicted),
        ),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: -mistake.confidence)[:MOST_MISTAKES]),
    )


def compare(first: Classifier, second: Classifier, sentences: Sequence[LabelledSentence]) -> Comparison:
    """Compare two models of one label set by paired bootstrap.

    Args:
        first, second: the models.
        sentences: with their contexts, where they have any; of two models of which one reads contexts, the
            other is shown the same sentences without.

    Raises:
        InputError: the label sets differ, there are no sentences, or a label is unknown.
        ModelError: a sentence has a context, and neither model reads any.
    """
    if set(first.bundle.labels) != set(second.bundle.labels):
        sets = " and ".join(", ".join(model.bundle.labels) for model in (first, second))
        raise InputError(f"two models of one label set were expected; {sets} came")
    true = _true_labels(first, sentences)
    reading = [model.bundle.reads_context for model in (first, second)]
    if _has_contexts(sentences) and not any(reading):
        first.bundle.require_context()
    probabilities, other = (
        _probabilities(model, sentences, with_contexts=reads and _has_contexts(sentences))
        for model, reads in zip((first, second), reading, strict=True)
    )
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
            Flip(row.row, row.text, row.label, names[a[i]], names[b[i]])
            for i, row in enumerate(sentences)
            if a[i] != b[i]
        ),
    )


def _true_labels(classifier: Classifier, sentences: Sequence[LabelledSentence]) -> Indices:
    """Return the indices [n] of the labels that readers gave."""
    if not sentences:
        raise InputError("at least one labelled sentence was expected, none came")
    return label_indices(sentences, classifier.bundle.labels)


def _has_contexts(sentences: Sequence[LabelledSentence]) -> bool:
    return any(sentence.context for sentence in sentences)


def _probabilities(
    classifier: Classifier, sentences: Sequence[LabelledSentence], *, with_contexts: bool
) -> Array:
    """Return what the model says [n, labels]."""
    texts = [sentence.text for sentence in sentences]
    contexts = [sentence.context for sentence in sentences] if with_contexts else None
    predictions = classifier.classify_many(texts, contexts=contexts)
    return np.array([list(prediction.probabilities.values()) for prediction in predictions])


def _slices(sentences: Sequence[LabelledSentence], true: Indices, predicted: Indices) -> Iterator[Slice]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, sentence in enumerate(sentences):
        for key in _keys(sentence):
            members[key].append(row)
    for (kind, name), rows in sorted(
        members.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1])
    ):
        yield from _slice(kind, name, true[rows], predicted[rows])


def _context_slices(
    classifier: Classifier, sentences: Sequence[LabelledSentence], true: Indices, predicted: Indices
) -> Iterator[Slice]:
    """Yield how sentences with contexts are labelled, how they are alone, and how those without are."""
    if not _has_contexts(sentences):
        return
    given = np.array([bool(sentence.context) for sentence in sentences])
    before = [sentence for sentence in sentences if sentence.context]
    alone = _probabilities(classifier, before, with_contexts=False).argmax(axis=1)
    yield from _slice("context", "with context", true[given], predicted[given])
    yield from _slice("context", "without context", true[given], alone)
    yield from _slice("context", "no context given", true[~given], predicted[~given])


def _slice(kind: str, name: str, true: Indices, predicted: Indices) -> Iterator[Slice]:
    """Yield a slice if it says anything."""
    if len(true) >= FEWEST_IN_SLICE:
        accuracy = float((true == predicted).mean())
        yield Slice(kind, name, len(true), macro_f1(true, predicted), accuracy)


def _keys(sentence: LabelledSentence) -> set[tuple[str, str]]:
    words = len(sentence.text.split())
    length = next((name for limit, name in LENGTHS if words <= limit), "over 40 words")
    keys = {("label", sentence.label), ("length", length)}
    keys |= {("cue", cue.text.casefold()) for cue in sentence.cues}
    return keys | ({("group", sentence.group)} if sentence.group is not None else set())
