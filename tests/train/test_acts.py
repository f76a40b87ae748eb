"""Found acts against marked ones."""

import pytest

from stance.predictions import Act, Span
from stance.train.acts import score_acts
from stance.train.data import LabelledAct

TEXT = "The envoy denied the sale of shells."
SOURCE, CUE, CLAIM = (Span.of(TEXT, *place) for place in ((0, 9), (10, 16), (17, 35)))
TRUE = LabelledAct("denial", CUE, SOURCE, CLAIM, whole=True)
FOUND = Act("denial", SOURCE, CUE, CLAIM)


def test_the_same_acts_score_one() -> None:
    """Every figure is 1 where nothing differs."""
    scores = score_acts([(TEXT, [FOUND], [TRUE])])
    assert scores.f1 == scores.source.token_f1 == scores.claim.exact == 1


def test_an_act_of_another_stance_or_cue_is_not_the_same() -> None:
    """Both the stance and a word of the cue must agree."""
    for other in (Act("hedge", SOURCE, CUE, CLAIM), Act("denial", SOURCE, Span.of(TEXT, 17, 20), CLAIM)):
        assert score_acts([(TEXT, [other], [TRUE])]).f1 == 0


def test_each_marked_act_is_found_once() -> None:
    """The second of two found acts for one marked act is one too many."""
    scores = score_acts([(TEXT, [FOUND, FOUND], [TRUE])])
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 1.0, pytest.approx(2 / 3))


def test_spans_are_measured_by_their_words() -> None:
    """Four words found where two are right: two shared, of six."""
    found = Act("denial", SOURCE, CUE, CLAIM)
    true = LabelledAct("denial", CUE, SOURCE, Span.of(TEXT, 17, 25), whole=True)
    claim = score_acts([(TEXT, [found], [true])]).claim
    assert (claim.token_f1, claim.exact) == (pytest.approx(2 * 2 / 6), 0.0)


def test_a_span_that_both_lack_is_exact() -> None:
    """An unnamed source is right when none is found, and a span too many is not."""
    unnamed = LabelledAct("denial", CUE, None, CLAIM, whole=True)
    assert score_acts([(TEXT, [Act("denial", None, CUE, CLAIM)], [unnamed])]).source.exact == 1
    assert score_acts([(TEXT, [FOUND], [unnamed])]).source.exact == 0


def test_spans_that_no_reader_was_asked_for_do_not_count() -> None:
    """An act of which only the cue was marked is found, and says nothing of spans."""
    scores = score_acts([(TEXT, [FOUND], [LabelledAct("denial", CUE)])])
    assert (scores.f1, scores.source.exact) == (1.0, 0.0)
