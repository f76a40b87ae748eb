"""Sentences without labels to sentences with the soft labels of teachers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat, tee

import numpy as np

from stance.classifier import Classifier
from stance.errors import InputError
from stance.predictions import Prediction
from stance.train.data import LabelledSentence


def teach(
    texts: Iterable[str], teachers: Sequence[Classifier], *, contexts: Iterable[str | None] | None = None
) -> Iterator[LabelledSentence]:
    """Label sentences with the mean of what several models say.

    Args:
        texts: sentences.
        teachers: at least one, all of one label set.
        contexts: for each text the sentence before it, or None, for teachers that read it. Default: none.

    Yields:
        For each text, in order, the most probable label and the probabilities of all, and its context.

    Raises:
        InputError: there is no teacher, or their labels differ.
        ModelError: contexts were given, and none of the teachers reads them.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network".
    """
    labels = {teacher.bundle.labels for teacher in teachers}
    if len(labels) != 1:
        raise InputError(f"teachers of one label set were expected, {len(labels)} sets came")
    names = labels.pop()
    if contexts is not None and not any(teacher.bundle.reads_context for teacher in teachers):
        teachers[0].bundle.require_context()
    pairs = zip(texts, repeat(None)) if contexts is None else zip(texts, contexts, strict=True)
    own, *streams = tee(pairs, 1 + len(teachers))
    said = (_ask(teacher, stream) for teacher, stream in zip(teachers, streams, strict=True))
    for (text, context), *answers in zip(own, *said, strict=True):
        mean = np.mean([list(answer.probabilities.values()) for answer in answers], axis=0)
        soft = tuple(round(float(value), 6) for value in mean)
        yield LabelledSentence(text, names[int(mean.argmax())], soft=soft, context=context)


def _ask(teacher: Classifier, pairs: Iterable[tuple[str, str | None]]) -> Iterator[Prediction]:
    """Let a teacher label sentences, with their contexts if it reads them."""
    first, second = tee(pairs)
    contexts = (context for _, context in second) if teacher.bundle.reads_context else None
    return teacher.classify_many((text for text, _ in first), contexts=contexts)
