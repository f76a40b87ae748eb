"""Plain sentences are answered before the network is asked, all others as if there were no first stage."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import stance
from stance.bundle import open_bundle
from stance.classifier import Classifier
from stance.errors import ModelError
from stance.first_stage import FIRST_STAGE
from stance.session import CpuSession, Logits

from .conftest import PLAIN, SENTENCES


class Counting(CpuSession):
    """A session that counts the sentences that it is asked about."""

    asked = 0

    def logits(self, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
        self.asked += len(ids)
        return super().logits(ids)


@pytest.fixture(scope="module")
def classifier(staged: Path) -> Classifier:
    return stance.load(staged)


@pytest.fixture(scope="module")
def network(staged: Path) -> Classifier:
    return stance.load(staged, first_stage=False)


def test_a_plain_sentence_never_reaches_the_network(staged: Path) -> None:
    """It is asked about all others."""
    bundle = open_bundle(staged)
    session = Counting(bundle)
    found = list(Classifier(bundle, session).classify_many(SENTENCES))
    assert session.asked == len(SENTENCES) - 1
    assert [one.text for one in found if one.reason == "plain"] == [PLAIN]


@pytest.mark.parametrize("acts", [False, True])
def test_a_plain_sentence_takes_no_stance(classifier: Classifier, acts: bool) -> None:
    """Its label is none, with the first stage's probabilities, and it has no acts."""
    found = classifier.classify(PLAIN, acts=acts)
    assert (found.label, found.stances, found.acts) == ("none", (), () if acts else None)
    assert found.confidence == found.probabilities["none"] >= 0.9
    assert sum(found.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("acts", [False, True])
def test_what_is_not_plain_is_answered_as_ever(
    classifier: Classifier, network: Classifier, acts: bool
) -> None:
    """To the last digit."""
    others = [text for text in SENTENCES if text != PLAIN]
    assert list(classifier.classify_many(others, acts=acts)) == list(network.classify_many(others, acts=acts))


def test_one_option_turns_it_off(network: Classifier, classifier: Classifier) -> None:
    """The network then answers plain sentences as well, under the same name."""
    assert network.classify(PLAIN).reason is None
    assert network.classify(PLAIN).model == classifier.classify(PLAIN).model


@given(st.lists(st.sampled_from([*SENTENCES, PLAIN, f"{PLAIN} {PLAIN}", "", " ", "Parliament"]), max_size=9))
def test_company_and_order_change_nothing(classifier: Classifier, texts: list[str]) -> None:
    """Each sentence is answered as it is alone."""
    assert list(classifier.classify_many(texts)) == [classifier.classify(text) for text in texts]


def test_the_name_of_a_special_token_in_words_counts_for_nothing(staged: Path) -> None:
    """The first token carries the biases, once."""
    stage = open_bundle(staged).first_stage
    assert stage
    ids = [2, 7, 9, 3]
    assert np.array_equal(stage.logits(ids), stage.logits([2, 7, 2, 9, 2, 3]))
    assert not np.array_equal(stage.logits(ids), stage.logits([2, 7, 9, 9, 3]))


def test_an_empty_text_stays_empty(classifier: Classifier) -> None:
    """Nothing was said, whatever the first stage makes of no words."""
    assert classifier.classify(" ", acts=True).reason == "empty"


def test_a_damaged_first_stage_is_named(staged: Path, tmp_path: Path) -> None:
    """It is verified with the files of the network."""
    for file in staged.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / FIRST_STAGE).write_bytes(b"cut short")
    with pytest.raises(ModelError, match=FIRST_STAGE):
        stance.load(tmp_path)
