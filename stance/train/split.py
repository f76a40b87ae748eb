"""Labelled sentences to a training and a development part."""

from collections.abc import Sequence

import numpy as np
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
    folds = round(1 / share)
    labels = [sentence.label for sentence in sentences]
    groups = None if any(sentence.group is None for sentence in sentences) else [s.group for s in sentences]
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    try:
        parts = kind(folds, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels, groups)
        train, development = next(parts)
    except ValueError as error:
        raise InputError(f"{len(sentences)} sentences cannot be split into {folds} parts: {error}") from error
    return [sentences[row] for row in train], [sentences[row] for row in development]
