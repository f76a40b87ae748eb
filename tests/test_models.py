"""A model is found by path or name; two with a + between them are a cascade."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.classifier import Classifier
from stance.errors import ModelError
from stance.models import open_model
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
    assert bundle.second
    return stance.load(bundle.path), stance.load(bundle.second.path)


def expected(
    parts: tuple[Classifier, Classifier], text: str, *, acts: bool = False, abstain: bool = False
) -> Prediction:
    """What a cascade ought to answer: the first model's answer where it is sure, else the second's."""
    first, second = parts
    own = first.classify(text, abstain=abstain)
    sure = own.reason == "plain" or own.confidence >= (first.bundle.deferral_threshold or 0)
    if sure and not (acts and (own.stances or own.label != "none")):
        return Prediction.from_dict(own.to_dict() | ({"acts": []} if acts else {}))
    return second.classify(text, acts=acts, abstain=abstain)


@pytest.mark.parametrize("abstain", [False, True])
@pytest.mark.parametrize("acts", [False, True])
def test_what_the_first_is_not_sure_of_is_the_seconds(
    cascade: Classifier, parts: tuple[Classifier, Classifier], acts: bool, abstain: bool
) -> None:
    """And so is what may have acts; both answer as they do alone."""
    found = list(cascade.classify_many(TEXTS, acts=acts, abstain=abstain))
    assert found == [expected(parts, text, acts=acts, abstain=abstain) for text in TEXTS]
    assert {one.model.partition("@")[0] for one in found} == {"first", "second"}


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
        expected(parts, sentence.text, acts=True).label for sentence in document.sentences
    ]


def test_it_is_named_by_both_and_opened_again(pair: str, cascade: Classifier) -> None:
    """Also where a folder has a + in its path."""
    bundle = open_model(cascade.bundle.reference)
    assert "+" in str(bundle.path)
    assert bundle.identity == cascade.bundle.identity
    assert [part.partition("@")[0] for part in bundle.identity.split("+")] == ["first", "second"]
    assert bundle.finds_acts


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


def test_both_must_have_the_same_labels(pair: str, tmp_path: Path) -> None:
    """The message has both."""
    other = tmp_path / "other"
    other.mkdir()
    for file in TINY.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    for name in ("stance.json", "config.json"):
        (other / name).write_text((other / name).read_text().replace('"denial"', '"refusal"'))
    first = open_model(pair).path
    with pytest.raises(ModelError):
        stance.load(f"{first}+{other}")


@pytest.mark.parametrize("model", ["fast+", "+base", "no+where", "nowhere"])
def test_what_is_not_there_is_named(model: str) -> None:
    """With the models that there are."""
    with pytest.raises(ModelError, match="shipped models"):
        open_model(model)


def test_sureness_decides_alone(cascade: Classifier, parts: tuple[Classifier, Classifier]) -> None:
    """Some of these sentences lie on either side of the threshold, so that the tests above see both."""
    confidences = np.array([one.confidence for one in parts[0].classify_many(TEXTS)])
    assert 0 < (confidences < (cascade.bundle.deferral_threshold or 0)).sum() < len(TEXTS)
