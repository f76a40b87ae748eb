"""Labelled sentences to a training and a development part."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from stance.errors import InputError
from stance.train.check import text_key
from stance.train.data import LabelledSentence

Parts = tuple[list[LabelledSentence], list[LabelledSentence]]


def split(sentences: Sequence[LabelledSentence], *, share: float = 0.15, seed: int = 0) -> Parts:
    """Split by group where there are groups, and so that both parts have each label in like shares.

    Args:
        sentences: each with its group, or without one.
        share: of the development part, above 0, at most a half; met as nearly as groups allow. Default 0.15.
        seed: decides which. Default 0.

    Returns:
        The training part and the development part, each in the order of the input. What has the same group,
        or (in several contexts) the same text, is in the same part.

    Raises:
        InputError: the share is out of range, there is but one group, there are fewer rows of each label
            than parts, or a label would be in the development part alone.
    """
    if not 0 < share <= 0.5:
        raise InputError(f"a share above 0 and at most 0.5 was expected, {share} came")
    groups = _groups(sentences)
    count = round(1 / share) if groups is None else max(2, min(round(1 / share), len(set(groups.tolist()))))

    def suits(parts: tuple[NDArray[np.intp], NDArray[np.intp]]) -> tuple[int, float]:
        """Say how well a fold serves: not every one has each label, nor the size that was asked for."""
        _, development = parts
        labels = {sentences[row].label for row in development}
        return len(labels), -abs(len(development) - share * len(sentences))

    train, development = max(folds(sentences, count, seed=seed), key=suits)
    return [sentences[row] for row in train], [sentences[row] for row in development]


def folds(
    sentences: Sequence[LabelledSentence], count: int, *, seed: int = 0
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Cut sentences into folds, by group where there are groups, each label in like shares.

    Args:
        sentences: each with its group, or without one.
        count: of folds, at least 2.
        seed: decides which. Default 0.

    Yields:
        For each fold the indices of all other sentences, and its own.

    Raises:
        InputError: there are fewer groups, or rows of any label, than folds, or a label is in one fold alone.
    """
    labels = [sentence.label for sentence in sentences]
    groups = _groups(sentences)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    cuts = kind(count, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels, groups)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a label with fewer rows than folds
            found = list(cuts)
    except ValueError as error:
        raise InputError(
            f"{len(sentences)} sentences cannot be split into {count} parts: {error} "
            "Give more of them, or a development part of their own"
        ) from error
    for rest, _ in found:
        if alone := set(labels) - {labels[row] for row in rest}:
            raise InputError(
                f"{len(sentences)} sentences cannot be split into {count} parts: all rows with label "
                f"{min(alone)} are in one of them. Give more groups, or a development part of their own"
            )
    yield from found


def _groups(sentences: Sequence[LabelledSentence]) -> NDArray[np.int32] | None:
    """Number what must stay together: rows of one group or with one text; None where no rows must.

    A row of one group may have the text of a row of another: then both groups are one.
    """
    names = [(row, ("group", sentence.group)) for row, sentence in enumerate(sentences) if sentence.group]
    if any(sentence.context for sentence in sentences):  # else a check has left each text once
        names += [(row, ("text", text_key(sentence.text))) for row, sentence in enumerate(sentences)]
    places: dict[tuple[str, str], int] = {}
    pairs = [(row, len(sentences) + places.setdefault(name, len(places))) for row, name in names]
    size = len(sentences) + len(places)
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(size, size))
    count, numbers = connected_components(graph, directed=False)
    return None if count == len(sentences) else numbers[: len(sentences)]
