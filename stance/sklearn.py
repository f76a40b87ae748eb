"""A scikit-learn vectorizer: texts to the probabilities of the labels (extra `sklearn`).

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from stance.sklearn import StanceVectorizer

make_pipeline(StanceVectorizer(), LogisticRegression()).fit(texts, targets)
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stance.choices import Unit, pick
from stance.classifier import Classifier, load
from stance.errors import InputError, MissingExtraError
from stance.models import identify
from stance.predictions import Prediction
from stance.sentences import split

try:
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.utils import Tags
except ImportError as error:
    raise MissingExtraError("the scikit-learn vectorizer", "sklearn") from error

MOST_MODELS = 4
"""The most models that are kept open at once."""


class StanceVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns each text into the probabilities of its labels, and the stances that it holds.

    It learns nothing, so that it may be used without `fit`. Clones and copies in other processes open
    the model when they first need it; those in one process share it.

    Args:
        unit: what a text is: "sentence", or "document", which is split into its sentences, and has the
            mean of their columns. Default: "sentence".
        stances: add a column for each stance, 1 where the sentence holds it, beside its label perhaps.
            Default: False.
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        threads: for the network, at least 1. Default: one for each core.
    """

    def __init__(
        self,
        *,
        unit: Unit | str = Unit.SENTENCE.value,  # scikit-learn takes nothing but plain values
        stances: bool = False,
        model: str | Path | None = None,
        threads: int | None = None,
    ) -> None:
        self.unit = unit
        self.stances = stances
        self.model = model
        self.threads = threads

    def fit(self, X: Iterable[str], y: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Check the parameters and open the model.

        Args:
            X: is not looked at.
            y: is not looked at.

        Raises:
            InputError: `unit` is neither "sentence" nor "document", or `threads` is less than 1.
            ModelError: the model folder is missing, damaged, or not of this format.
        """
        pick(Unit, self.unit)
        self._open()
        return self

    def transform(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """Label texts.

        Args:
            X: texts: any iterable of strings, a pandas column, or a table of one column.

        Returns:
            [texts, columns], the columns being those of `get_feature_names_out`.

        Raises:
            InputError: there is something else than texts in `X`, whose position is named, or a parameter is
                out of its range.
            ModelError: the model folder is missing, damaged, or not of this format.
        """
        unit = pick(Unit, self.unit)
        classifier = self._open()
        groups = [[text] if unit is Unit.SENTENCE else _sentences(text) for text in _texts(X)]
        predictions = classifier.classify_many(chain.from_iterable(groups))
        names = classifier.bundle.stances if self.stances else ()
        rows = [_mean(islice(predictions, len(group)), names) for group in groups]
        return np.array(rows, np.float64).reshape(len(rows), len(classifier.bundle.labels) + len(names))

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the columns: "p_" and a label, then "stance_" and a stance.

        Args:
            input_features: is not looked at.
        """
        bundle = self._open().bundle
        names = [f"p_{label}" for label in bundle.labels]
        if self.stances:
            names += [f"stance_{stance}" for stance in bundle.stances]
        return np.array(names, object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _open(self) -> Classifier:
        return _classifier(self.model, self.threads, identify(self.model))


@lru_cache(maxsize=MOST_MODELS)
def _classifier(model: str | Path | None, threads: int | None, identity: str) -> Classifier:
    """Open a model, one of this name and hash, once in a process, however often an estimator is cloned."""
    return load(model, threads=threads)


def _mean(predictions: Iterable[Prediction], names: Sequence[str]) -> NDArray[np.float64]:
    """Return the mean of the columns of a text's sentences; `names` are the stances that have a column."""
    rows = [
        [*prediction.probabilities.values(), *(name in prediction.stances for name in names)]
        for prediction in predictions
    ]
    mean: NDArray[np.float64] = np.array(rows, np.float64).mean(axis=0)
    return mean


def _texts(values: Any) -> list[str]:
    """Check that these are texts.

    Raises:
        InputError: they are not.
    """
    if isinstance(values, str | bytes):
        raise InputError(
            f"an iterable of strings was expected, one {type(values).__name__} came; put it in a list"
        )
    array = np.asarray(values if hasattr(values, "shape") else list(values), object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(
            f"a column of texts was expected, an array of shape {array.shape} came; "
            "choose the column, in a ColumnTransformer by its name"
        )
    for position, value in enumerate(array):
        if not isinstance(value, str):
            raise InputError(
                f"a string was expected at position {position}, {type(value).__name__} came; "
                'make numbers strings, and what is missing ""'
            )
    return [str(value) for value in array]


def _sentences(text: str) -> list[str]:
    """Split a text; one without a sentence is one itself, and gets the answer for nothing."""
    return [sentence.text for sentence in split(text)] or [text]
