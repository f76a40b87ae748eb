"""Labelling, from text to prediction."""

import pickle
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.decisions import EMPTY
from stance.errors import InputError, ModelError
from stance.session import CpuSession

from .conftest import SENTENCES, TINY

NASTY = (
    "\x00",
    "It\x00 fell.",
    "\ud800 lone",
    "\u200f\u202eright to left",
    "🎉" * 500,
    "x" * 1_000_000,
    "\ufeffIt fell.",
)


def test_a_prediction_is_whole(tiny: stance.Classifier) -> None:
    """All probabilities, the decision among them, the stances and the model."""
    prediction = tiny.classify(SENTENCES[0])
    assert prediction.text == SENTENCES[0]
    assert tuple(prediction.probabilities) == stance.LABELS
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert prediction.confidence == prediction.probabilities[prediction.label]
    assert (prediction.label == "none") == (prediction.stances == ())
    assert prediction.model.startswith("tiny@")
    assert (prediction.truncated, prediction.reason) == (False, None)


@settings(deadline=None)
@given(st.lists(st.sampled_from(SENTENCES) | st.text(max_size=80), max_size=30), st.randoms())
def test_company_does_not_change_an_answer(texts: list[str], random: object) -> None:
    """The same text gets the same prediction alone, in any batch and in any order."""
    classifier = stance.load(TINY)
    alone = {text: classifier.classify(text) for text in texts}
    random.shuffle(texts)  # type: ignore[attr-defined]
    assert list(classifier.classify_many(texts)) == [alone[text] for text in texts]


def test_threads_do_not_change_an_answer() -> None:
    """One thread or two: the same predictions."""
    one, two = (list(stance.load(TINY, threads=threads).classify_many(SENTENCES * 20)) for threads in (1, 2))
    assert one == two


def test_order_is_kept_across_windows(tiny: stance.Classifier) -> None:
    """Texts come out as they went in, however many."""
    texts = [f"{SENTENCES[number % 6]} {number}" for number in range(sum(CpuSession.windows[:3]) + 7)]
    assert [prediction.text for prediction in tiny.classify_many(texts)] == texts


def test_texts_are_taken_lazily(tiny: stance.Classifier) -> None:
    """An endless iterable is fine, and no more than a window of it is taken for the first answer."""
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield SENTENCES[taken % 6]

    assert next(tiny.classify_many(endless())).text == SENTENCES[1]
    assert taken == CpuSession.windows[0]


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0\u2028"])
def test_blank_text_is_none_with_a_reason(tiny: stance.Classifier, text: str) -> None:
    """Nothing was said, so the model is not asked."""
    prediction = tiny.classify(text)
    assert (prediction.label, prediction.reason, prediction.confidence) == ("none", EMPTY, 1.0)
    assert prediction.stances == ()


def test_a_long_text_is_labelled_on_what_fits(tiny: stance.Classifier) -> None:
    """The end goes unread, and the prediction says so."""
    long = "The agency denied it. " * 100
    assert tiny.classify(long).truncated
    assert not tiny.classify("The agency denied it.").truncated


@pytest.mark.parametrize("text", NASTY, ids=lambda text: repr(text[:9]))
def test_nasty_text_gets_an_answer(tiny: stance.Classifier, text: str) -> None:
    """No text is a crash, and every text comes back as it went in."""
    assert tiny.classify(text).text == text
    assert tiny.read(text).text == text


@pytest.mark.parametrize("item", [None, 1, b"bytes", ["list"], float("nan")])
def test_what_is_no_string_is_named_with_its_position(tiny: stance.Classifier, item: object) -> None:
    """The answers to all texts before it have come."""
    answers = tiny.classify_many([*SENTENCES[:2], item])  # type: ignore[list-item]
    assert [next(answers).text, next(answers).text] == list(SENTENCES[:2])
    with pytest.raises(InputError, match=f"position 2, {type(item).__name__} came"):
        next(answers)


def test_what_fails_in_the_texts_comes_after_the_answers_before_it(tiny: stance.Classifier) -> None:
    """Whatever it is, as it was raised."""

    def failing() -> Iterator[str]:
        yield from SENTENCES[:2]
        raise OSError("the disk is gone")

    answers = tiny.classify_many(failing())
    assert [next(answers).text, next(answers).text] == list(SENTENCES[:2])
    with pytest.raises(OSError, match="the disk is gone"):
        next(answers)


def test_a_string_is_not_an_iterable_of_sentences(tiny: stance.Classifier) -> None:
    """A forgotten bracket must not label letters."""
    with pytest.raises(InputError, match="call classify"):
        tiny.classify_many("It fell.")


@pytest.mark.parametrize("text", [None, b"bytes", 3])
def test_reading_what_is_no_string_is_refused(tiny: stance.Classifier, text: object) -> None:
    """The message names the type."""
    with pytest.raises(InputError, match=type(text).__name__):
        tiny.read(text)  # type: ignore[arg-type]


def test_reading_labels_each_sentence_as_if_alone(tiny: stance.Classifier) -> None:
    """A document is its sentences, with offsets."""
    text = "\n\n".join(SENTENCES)
    document = tiny.read(text)
    assert [sentence.text for sentence in document.sentences] == list(SENTENCES)
    assert list(document.predictions) == [tiny.classify(sentence, acts=True) for sentence in SENTENCES]


def test_a_copy_gives_the_same(tiny: stance.Classifier, staged: Path, pair: str) -> None:
    """By pickle or deepcopy; without its folder, as it was loaded, and the same of a cascade."""
    plain = stance.load(staged, first_stage=False, threads=2)
    for classifier in (tiny, plain, stance.load(pair)):
        expected = list(classifier.classify_many(SENTENCES, acts=True))
        for again in (pickle.loads(pickle.dumps(classifier)), deepcopy(classifier)):
            assert list(again.classify_many(SENTENCES, acts=True)) == expected
            assert again.bundle.identity == classifier.bundle.identity


def test_another_engine_is_not_copied(tiny: stance.Classifier) -> None:
    """The message says what to do."""

    class Elsewhere(CpuSession):
        pass

    classifier = stance.Classifier(tiny.bundle, Elsewhere(tiny.bundle, threads=1))
    with pytest.raises(InputError, match="load it anew"):
        pickle.dumps(classifier)


def test_threads_must_be_positive() -> None:
    """Zero is not a way to say "all"."""
    with pytest.raises(InputError, match="at least 1"):
        stance.load(TINY, threads=0)


@pytest.mark.parametrize(("precision", "device"), [("fp16", "cpu"), ("int8", "cpu"), ("fp32", "cuda")])
def test_a_precision_that_is_not_there_is_refused(precision: str, device: str) -> None:
    """What came, and what could."""
    with pytest.raises(InputError, match=f"precision '{precision}' on device {device} came"):
        stance.load(TINY, precision=precision, device=device)


def test_a_folder_without_fp32_is_told_so() -> None:
    """It is not labelled in int8 instead."""
    with pytest.raises(ModelError, match=r"names no model_fp32\.onnx"):
        stance.load(TINY, precision="fp32")


def test_a_classifier_that_may_abstain_keeps_its_probabilities(tiny: stance.Classifier) -> None:
    """Below a label's threshold nothing is decided and the reason says so; all else is as it was."""
    plain = list(tiny.classify_many(SENTENCES, acts=True))
    limits = {prediction.label: prediction.confidence for prediction in plain}
    calibration = replace(tiny.bundle.calibration, label_thresholds=limits)
    careful = stance.Classifier(replace(tiny.bundle, calibration=calibration), tiny._session)
    answers = list(careful.classify_many(SENTENCES, acts=True, abstain=True))
    assert list(careful.classify_many(SENTENCES, acts=True)) == plain
    for before, after in zip(plain, answers, strict=True):
        assert after.probabilities == before.probabilities
        if before.confidence >= limits[before.label]:
            assert after == before
        else:
            assert (after.label, after.reason, after.stances, after.acts) == ("unsure", "unsure", (), ())
            assert after.top_label == before.label
    assert {answer.label for answer in answers} >= {"unsure"}


PAIRS = st.tuples(
    st.sampled_from(SENTENCES) | st.text(max_size=80), st.none() | st.sampled_from(SENTENCES) | st.text()
)


@settings(deadline=None)
@given(st.lists(PAIRS, max_size=20), st.randoms())
def test_company_does_not_change_an_answer_with_context(
    reader: stance.Classifier, pairs: list[tuple[str, str | None]], random: object
) -> None:
    """The same text and context get the same prediction and acts, alone, in any batch and in any order."""
    alone = {pair: reader.classify(pair[0], context=pair[1], acts=True) for pair in pairs}
    random.shuffle(pairs)  # type: ignore[attr-defined]
    texts, contexts = [text for text, _ in pairs], (context for _, context in pairs)
    answers = list(reader.classify_many(texts, contexts=contexts, acts=True))
    assert answers == [alone[pair] for pair in pairs]
    for answer in answers:
        for act in answer.acts or ():
            for span in (act.source, act.cue, act.claim):
                assert span is None or answer.text[span.start : span.end] == span.text


def test_context_is_read_and_no_context_changes_nothing(
    reader: stance.Classifier, tiny: stance.Classifier
) -> None:
    """With None, the answer is that of a model that reads sentences alone; with a context, another one."""
    for text in SENTENCES:
        alone, told = reader.classify(text), reader.classify(text, context="It denied the visit.")
        assert alone.probabilities == tiny.classify(text).probabilities
        assert alone.probabilities != told.probabilities


def test_contexts_are_read_only_by_a_model_that_learnt_to(tiny: stance.Classifier) -> None:
    """Before anything is labelled; the message says what to do."""
    for ask in (
        lambda: tiny.classify("It fell.", context="It rose."),
        lambda: tiny.classify_many(["It fell."], contexts=[None]),
        lambda: tiny.read("It fell.", context=True),
    ):
        with pytest.raises(ModelError, match="reads no context; leave the context out"):
            ask()


@pytest.mark.parametrize(("texts", "contexts"), [(2, 3), (3, 2)])
def test_each_text_needs_a_context_or_none(reader: stance.Classifier, texts: int, contexts: int) -> None:
    """The answers to all texts before have come."""
    answers = reader.classify_many(SENTENCES[:texts], contexts=iter(SENTENCES[:contexts]))
    assert [next(answers).text, next(answers).text] == list(SENTENCES[:2])
    with pytest.raises(InputError, match=r"2 \w+ and more \w+ came"):
        next(answers)


def test_what_is_no_context_is_named_with_its_position(reader: stance.Classifier) -> None:
    """Neither a string nor None."""
    with pytest.raises(InputError, match="position 1, int came"):
        list(reader.classify_many(SENTENCES[:2], contexts=[None, 3]))  # type: ignore[list-item]
    with pytest.raises(InputError, match="iterable of strings"):
        reader.classify_many(SENTENCES[:2], contexts="It fell.")


def test_reading_with_context_shows_each_sentence_the_one_before(reader: stance.Classifier) -> None:
    """The first one has none."""
    document = reader.read("\n\n".join(SENTENCES), context=True)
    before = [None, *SENTENCES[:-1]]
    expected = reader.classify_many(SENTENCES, contexts=before, acts=True)
    assert list(document.predictions) == list(expected)
    assert list(document.predictions) != list(reader.read(document.text).predictions)
    assert len(reader.read("", context=True)) == 0
