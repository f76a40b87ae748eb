"""The scikit-learn vectorizer."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import Tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

import stance
from stance.errors import InputError, ModelError
from stance.sklearn import StanceVectorizer

from .conftest import SENTENCES, TINY

TEXTS = [*SENTENCES, "", "\x00 “é” 🎉"]
P_LABELS = [f"p_{label}" for label in stance.LABELS]
STANCES = [f"stance_{name}" for name in stance.LABELS[1:]]


@pytest.fixture
def vectorizer() -> StanceVectorizer:
    return StanceVectorizer(model=TINY)


def probabilities(predictions: Any) -> NDArray[np.float64]:
    return np.array([list(prediction.probabilities.values()) for prediction in predictions])


class NumberVectorizer(StanceVectorizer):
    """Writes rows of numbers, which are what scikit-learn's checks come with, as texts."""

    def fit(self, X: Any, y: object = None) -> "NumberVectorizer":  # noqa: N803
        validate_data(self, X)
        return super().fit(X)

    def transform(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        rows = validate_data(self, X, reset=False)
        return super().transform([" ".join(map(str, row)) for row in rows])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        return tags


@parametrize_with_checks([NumberVectorizer(model=TINY, threads=1)])
def test_it_keeps_the_rules_of_scikit_learn(estimator: Any, check: Any) -> None:
    """All of `check_estimator` that does not turn on what the input is."""
    check(estimator)


def test_a_row_holds_the_probabilities(vectorizer: StanceVectorizer, tiny: stance.Classifier) -> None:
    """Exactly those of the prediction, in the order of the names."""
    found = vectorizer.fit_transform(TEXTS)
    np.testing.assert_array_equal(found, probabilities(tiny.classify_many(TEXTS)))
    assert list(vectorizer.get_feature_names_out()) == P_LABELS
    assert vectorizer.transform([]).shape == (0, len(P_LABELS))


def test_stances_have_columns(tiny: stance.Classifier) -> None:
    """1 where the sentence holds the stance, else 0."""
    vectorizer = StanceVectorizer(model=TINY, stances=True).set_output(transform="pandas")
    frame = vectorizer.transform(TEXTS)
    assert list(frame.columns) == P_LABELS + STANCES
    for row, prediction in zip(frame.to_dict("records"), tiny.classify_many(TEXTS), strict=True):
        assert [row[name] for name in STANCES] == [name in prediction.stances for name in stance.LABELS[1:]]


def test_a_document_has_the_mean_of_its_sentences(tiny: stance.Classifier) -> None:
    """As `read` splits it; one without a sentence is none."""
    vectorizer = StanceVectorizer(model=TINY, unit="document")
    articles = [" ".join(SENTENCES), " \n", SENTENCES[0]]
    found = vectorizer.fit_transform(articles)
    expected = [probabilities(tiny.read(article).predictions).mean(axis=0) for article in articles[::2]]
    np.testing.assert_array_equal(found[::2], expected)
    assert found[1].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "texts",
    [
        tuple(SENTENCES),
        iter(SENTENCES),
        np.array(SENTENCES),
        np.array(SENTENCES, object).reshape(-1, 1),
        pd.Series(SENTENCES, index=range(7, 13)),
        pd.DataFrame({"text": SENTENCES}),
        pd.DataFrame({"text": pd.Categorical(SENTENCES)}),
    ],
    ids=["tuple", "iterator", "array", "column", "series", "frame", "categories"],
)
def test_any_column_of_texts_will_do(vectorizer: StanceVectorizer, texts: Any) -> None:
    """The same rows come, whatever holds the texts."""
    np.testing.assert_array_equal(vectorizer.fit_transform(texts), vectorizer.transform(list(SENTENCES)))


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (SENTENCES[0], "put it in a list"),
        (b"It fell.", "put it in a list"),
        ([SENTENCES[0], None], "position 1, NoneType"),
        (pd.Series(["It fell.", np.nan]), "position 1, float"),
        ([b"It fell."], "position 0, bytes"),
        (np.ones(3), "position 0, float"),
        (pd.DataFrame({"a": SENTENCES, "b": SENTENCES}), r"shape \(6, 2\)"),
        (np.array("It fell."), r"shape \(\)"),
    ],
)
def test_what_is_no_text_is_refused(vectorizer: StanceVectorizer, texts: Any, told: str) -> None:
    """The message says where and what it is."""
    with pytest.raises(InputError, match=told):
        vectorizer.transform(texts)


def test_bad_parameters_are_refused_by_fit() -> None:
    """And not before, as scikit-learn wants it."""
    with pytest.raises(InputError, match='unit "page" came'):
        StanceVectorizer(unit="page", model=TINY).fit(SENTENCES)
    with pytest.raises(InputError, match="threads"):
        StanceVectorizer(threads=0, model=TINY).fit(SENTENCES)
    with pytest.raises(ModelError, match="nowhere"):
        StanceVectorizer(model="nowhere").fit(SENTENCES)


def test_copies_work(vectorizer: StanceVectorizer) -> None:
    """A clone and a pickle, which holds no network, give the same; the pickle in a fresh process, too."""
    expected = vectorizer.fit_transform(SENTENCES)
    pickled = pickle.dumps(vectorizer)
    assert len(pickled) < 1_000
    for copy in (clone(vectorizer), pickle.loads(pickled)):
        np.testing.assert_array_equal(copy.transform(SENTENCES), expected)
    code = f"import pickle; print(pickle.loads({pickled!r}).transform({SENTENCES!r}).tolist())"
    run = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == expected.tolist()


def test_an_open_model_is_not_read_again(tiny_copy: Path) -> None:
    """Neither for texts nor for names; what is missing in the folder is missed when it is opened next."""
    vectorizer = StanceVectorizer(model=tiny_copy)
    expected = vectorizer.fit_transform(SENTENCES)
    (tiny_copy / "model.onnx").unlink()
    np.testing.assert_array_equal(clone(vectorizer).fit_transform(SENTENCES), expected)
    assert list(vectorizer.get_feature_names_out()) == P_LABELS
    with pytest.raises(ModelError, match=r"model\.onnx"):
        StanceVectorizer(model=tiny_copy, threads=1).fit(SENTENCES)


def test_a_model_that_was_put_in_place_of_another_is_opened(tiny_copy: Path) -> None:
    """A new contract is a new model."""
    vectorizer = StanceVectorizer(model=tiny_copy)
    before = vectorizer.transform(SENTENCES)
    contract = json.loads((tiny_copy / "stance.json").read_text())
    contract["calibration"]["temperature"] = 19
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    assert (vectorizer.transform(SENTENCES).max(axis=1) < before.max(axis=1)).all()
    (tiny_copy / "stance.json").unlink()
    with pytest.raises(ModelError, match="no model folder"):
        vectorizer.transform(SENTENCES)


def test_it_works_in_a_pipeline(vectorizer: StanceVectorizer) -> None:
    """Before a classifier, and searched over."""
    targets = [0, 1, 0, 1, 0, 1] * 3
    pipeline = make_pipeline(vectorizer, LogisticRegression())
    grid = {"stancevectorizer__unit": ["sentence", "document"], "stancevectorizer__stances": [False, True]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit([*SENTENCES] * 3, targets)
    assert search.predict_proba(SENTENCES).shape == (6, 2)


@pytest.mark.parametrize("column", ["title", ["title"]])
def test_it_works_on_a_column_of_a_table(vectorizer: StanceVectorizer, column: Any) -> None:
    """Index and names are kept where pandas is asked for."""
    table = pd.DataFrame({"year": range(6), "title": SENTENCES}, index=list("abcdef"))
    transformer = ColumnTransformer([("title", vectorizer, column)], remainder="passthrough")
    found = transformer.set_output(transform="pandas").fit_transform(table)
    assert list(found.columns) == [f"title__{name}" for name in P_LABELS] + ["remainder__year"]
    assert list(found.index) == list(table.index)
    np.testing.assert_array_equal(found.iloc[:, :5], vectorizer.transform(SENTENCES))
