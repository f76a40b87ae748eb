"""A model is found by path or name; two with a + between them are a cascade."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.classifier import Classifier
from stance.errors import ModelError
from stance.models import identify, open_model
from stance.predictions import Prediction

from .conftest import PLAIN, SENTENCES, TINY

TEXTS = (
    *SENTENCES,
    "",
    "It fell.",
    "Officials may have lied.",
    "The dealer denied it.",
    "The visit is next.",
)


@pytest.fixture(scope="module")
def cascade(pair: str) -> Classifier:
    return stance.load(pair)


@pytest.fixture(scope="module")
def parts(pair: str, cascade: Classifier) -> tuple[Classifier, Classifier]:
    bundle = cascade.bundle
    assert bundle.stages
    first, second = bundle.stages
    return stance.load(first.path), stance.load(second.path)


def expected(parts: tuple[Classifier, Classifier], text: str, *, abstain: bool = False) -> Prediction:
    """What a cascade ought to answer: the first model's answer where it is sure, else the second's."""
    first, second = parts
    own = first.classify(text)
    sure = own.reason is not None or own.confidence >= (first.bundle.deferral_threshold or 0)
    return (first if sure else second).classify(text, abstain=abstain)


@pytest.mark.parametrize("abstain", [False, True])
def test_what_the_first_is_not_sure_of_is_the_seconds(
    cascade: Classifier, parts: tuple[Classifier, Classifier], abstain: bool
) -> None:
    """Both answer as they do alone, and abstain by their own thresholds."""
    found = list(cascade.classify_many(TEXTS, abstain=abstain))
    assert found == [expected(parts, text, abstain=abstain) for text in TEXTS]
    assert {one.model.partition("@")[0] for one in found} == {"first", "second"}


@pytest.mark.parametrize("abstain", [False, True])
def test_acts_change_no_answer(cascade: Classifier, abstain: bool) -> None:
    """They are the second model's, of the stances that were decided on."""
    without = list(cascade.classify_many(TEXTS, abstain=abstain))
    found = list(cascade.classify_many(TEXTS, acts=True, abstain=abstain))
    assert [replace(one, acts=None) for one in found] == without
    for one in found:
        assert {act.stance for act in one.acts or ()} == set(one.stances)
    assert abstain or {one.model.partition("@")[0] for one in found if one.acts} == {"first", "second"}


@settings(deadline=None)
@given(st.lists(st.sampled_from([*TEXTS, PLAIN, f"{PLAIN} {SENTENCES[0]}", " "]), max_size=9), st.booleans())
def test_company_and_order_change_nothing(cascade: Classifier, texts: list[str], acts: bool) -> None:
    """Each sentence is answered as it is alone."""
    assert list(cascade.classify_many(texts, acts=acts)) == [
        cascade.classify(one, acts=acts) for one in texts
    ]


def test_articles_are_read_with_acts(cascade: Classifier, parts: tuple[Classifier, Classifier]) -> None:
    """As the second model finds them."""
    text = " ".join(SENTENCES)
    document = cascade.read(text)
    assert any(one.acts for one in document.predictions)
    assert [one.label for one in document.predictions] == [
        expected(parts, sentence.text).label for sentence in document.sentences
    ]


def test_it_is_named_by_both_and_opened_again(pair: str, cascade: Classifier) -> None:
    """Also where a folder has a + in its path."""
    bundle = open_model(cascade.bundle.reference)
    assert "+" in str(bundle.path)
    assert bundle.identity == cascade.bundle.identity
    assert [part.partition("@")[0] for part in bundle.identity.split("+")] == ["first", "second"]
    assert bundle.finds_acts


def test_a_model_is_identified_without_its_network(pair: str, cascade: Classifier, tiny_copy: Path) -> None:
    """By its contract alone, which must be one."""
    assert identify(pair) == cascade.bundle.identity
    expected = open_model(tiny_copy).identity
    (tiny_copy / "model.onnx").unlink()
    assert identify(tiny_copy) == expected
    (tiny_copy / "stance.json").write_text("{")
    with pytest.raises(ModelError, match=r"stance\.json: not JSON"):
        identify(tiny_copy)


def test_a_text_that_is_none_stops_it_where_it_stands(cascade: Classifier) -> None:
    """All before it are answered."""
    found = cascade.classify_many([*SENTENCES[:2], 3])  # type: ignore[list-item]
    assert [next(found).text for _ in range(2)] == list(SENTENCES[:2])
    with pytest.raises(stance.InputError, match="position 2"):
        next(found)


def test_who_cannot_say_when_to_ask_is_no_first(staged: Path) -> None:
    """The message says what fits the threshold."""
    with pytest.raises(ModelError, match="fit_deferral"):
        stance.load(f"{staged}+{TINY}")


@pytest.mark.parametrize("field", ["labels", "stances"])
def test_both_must_have_the_same_labels(pair: str, tiny_copy: Path, field: str) -> None:
    """In the same order; the message says which they have."""
    config = tiny_copy / "config.json"
    contract = json.loads((tiny_copy / "stance.json").read_text())
    contract[field].reverse()
    if field == "labels":
        names = json.loads(config.read_text()) | {"id2label": dict(enumerate(contract["labels"]))}
        config.write_text(json.dumps(names))
        contract["files"]["config.json"] = hashlib.sha256(config.read_bytes()).hexdigest()
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    first = open_model(pair).stages[0].path
    with pytest.raises(
        ModelError, match=f"the {field} .*, {', '.join(contract[field])}|{', '.join(contract[field])};"
    ):
        stance.load(f"{first}+{tiny_copy}")


@pytest.mark.parametrize("threshold", [2, "high", -0.1])
def test_a_threshold_is_a_probability(tiny_copy: Path, threshold: object) -> None:
    """Or the contract is not one."""
    file = tiny_copy / "stance.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"deferral_threshold": threshold}))
    with pytest.raises(ModelError, match="contract"):
        open_model(tiny_copy)


@pytest.mark.parametrize("model", ["fast+", "+base", "no+where", "c++/missing", "nowhere"])
def test_what_is_not_there_is_named(model: str) -> None:
    """With the models that there are."""
    with pytest.raises(ModelError, match=re.escape(repr(model))):
        open_model(model)


def test_sureness_decides_alone(cascade: Classifier, parts: tuple[Classifier, Classifier]) -> None:
    """Some of these sentences lie on either side of the threshold, so that the tests above see both."""
    confidences = np.array([one.confidence for one in parts[0].classify_many(TEXTS)])
    assert 0 < (confidences < (cascade.bundle.deferral_threshold or 0)).sum() < len(TEXTS)
