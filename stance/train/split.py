"""Labelled sentences to a training and a development part."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from stance.errors import InputError
from stance.train.data import LabelledSentence

Parts = tuple[list[LabelledSentence], list[LabelledSentence]]


def split(sentences: Sequence[LabelledSentence], *, share: float = 0.15, seed: int = 0) -> Parts:
    """Split by group where there are groups, and so that both parts have each label in like shares.

    Args:
        sentences: all of them with a group, or none.
        share: of the development part, above 0, at most a half; met as nearly as groups allow. Default 0.15.
        seed: decides which. Default 0.

    Returns:
        The training part and the development part, each in the order of the input.

    Raises:
        InputError: the share is out of range, or there are fewer groups, or rows of a label, than parts.
    """
    if not 0 < share <= 0.5:
        raise InputError(f"a share above 0 and at most 0.5 was expected, {share} came")
    train, development = next(folds(sentences, round(1 / share), seed=seed))
    return [sentences[row] for row in train], [sentences[row] for row in development]


def folds(
    sentences: Sequence[LabelledSentence], count: int, *, seed: int = 0
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Cut sentences into folds, by group where there are groups, each label in like shares.

    Args:
        sentences: all of them with a group, or none.
        count: of folds, at least 2.
        seed: decides which. Default 0.

    Yields:
        For each fold the indices of all other sentences, and its own.

    Raises:
        InputError: there are fewer groups, or rows of a label, than folds.
    """
    labels = [sentence.label for sentence in sentences]
    groups = None if any(sentence.group is None for sentence in sentences) else [s.group for s in sentences]
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    try:
        yield from kind(count, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels, groups)
    except ValueError as error:
        raise InputError(
            f"{len(sentences)} sentences cannot be split into {count} parts: {error} "
            "Give more of them, or a development part of their own"
        ) from error
