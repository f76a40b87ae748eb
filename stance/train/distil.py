"""Sentences without labels to sentences with the soft labels of teachers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import numpy as np

from stance.classifier import Classifier
from stance.errors import InputError
from stance.train.data import LabelledSentence


def teach(texts: Iterable[str], teachers: Sequence[Classifier]) -> Iterator[LabelledSentence]:
    """Label sentences with the mean of what several models say.

    Args:
        texts: sentences.
        teachers: at least one, all of one label set.

    Yields:
        For each text, in order, the most probable label and the probabilities of all.

    Raises:
        InputError: there is no teacher, or their labels differ.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network".
    """
    labels = {teacher.bundle.labels for teacher in teachers}
    if len(labels) != 1:
        raise InputError(f"teachers of one label set were expected, {len(labels)} sets came")
    names = labels.pop()
    streams = zip(teachers, tee(texts, len(teachers)), strict=True)
    for answers in zip(*(teacher.classify_many(stream) for teacher, stream in streams), strict=True):
        mean = np.mean([list(answer.probabilities.values()) for answer in answers], axis=0)
        soft = tuple(round(float(value), 6) for value in mean)
        yield LabelledSentence(answers[0].text, names[int(mean.argmax())], soft=soft)
