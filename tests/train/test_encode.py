"""Labelled sentences to what the model learns from."""

from dataclasses import replace

import pytest
from transformers import PreTrainedTokenizerFast

from stance.errors import InputError
from stance.labels import LABELS, STANCES
from stance.predictions import Span
from stance.train.data import ATTRIBUTION, LabelledAct, LabelledSentence
from stance.train.encode import IGNORED, NOWHERE, collate, encode

from ..conftest import TINY

TEXT = "It denied that deal again."


def act(stance: str, start: int, end: int, **spans: tuple[int, int]) -> LabelledAct:
    """An act of `TEXT`, with its source and claim if they are given."""
    places = {name: Span.of(TEXT, *place) for name, place in spans.items()}
    return LabelledAct(stance, Span.of(TEXT, start, end), **places, whole=bool(spans))


DENIAL = LabelledSentence("It denied that.", "denial", ("denial",), (act("denial", 3, 9),))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """The tiny model's."""
    return PreTrainedTokenizerFast.from_pretrained(TINY)


def rows(tokenizer: PreTrainedTokenizerFast, *sentences: LabelledSentence) -> list[dict]:
    """Encode with the default labels."""
    return encode(sentences, tokenizer, labels=LABELS, stances=STANCES, max_tokens=16).to_list()


def test_a_cue_marks_its_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    """Tokens of the cue carry its stance, other words 0, and special tokens take no part."""
    row = rows(tokenizer, DENIAL)[0]
    tokens = tokenizer.convert_ids_to_tokens(row["input_ids"])
    marked = {token for token, target in zip(tokens, row["cue_labels"], strict=True) if target > 0}
    assert "".join(token.removeprefix("##") for token in tokens if token in marked) == "denied"
    assert {target for target in row["cue_labels"] if target > 0} == {1 + STANCES.index("denial")}
    assert row["cue_labels"][0] == row["cue_labels"][-1] == IGNORED


def test_targets_follow_the_order_of_labels(tokenizer: PreTrainedTokenizerFast) -> None:
    """Indices and zeros and ones, as the heads have their columns."""
    row = rows(tokenizer, DENIAL)[0]
    assert row["labels"] == LABELS.index("denial")
    assert row["stance_labels"] == [float(name == "denial") for name in STANCES]
    assert row["label_targets"] == [float(name == "denial") for name in LABELS]
    assert row["length"] == len(row["input_ids"])


def test_what_teachers_gave_is_learnt_in_place_of_the_label(tokenizer: PreTrainedTokenizerFast) -> None:
    """Soft labels are targets as they are."""
    soft = (0.1, 0.2, 0.0, 0.0, 0.7)
    row = rows(tokenizer, LabelledSentence("It denied that.", "denial", soft=soft))[0]
    assert row["label_targets"] == list(soft)


def test_what_no_reader_gave_is_ignored(tokenizer: PreTrainedTokenizerFast) -> None:
    """A label alone is enough; it says nothing of stances and cues."""
    row = rows(tokenizer, LabelledSentence("It denied that.", "denial"))[0]
    assert set(row["stance_labels"]) == {float(IGNORED)}
    assert set(row["cue_labels"]) == {IGNORED}


def test_the_main_cue_wins_where_cues_overlap(tokenizer: PreTrainedTokenizerFast) -> None:
    """Acts come with the main one first."""
    sentence = LabelledSentence("It denied that.", "hedge", None, (act("hedge", 3, 9), act("denial", 0, 9)))
    targets = rows(tokenizer, sentence)[0]["cue_labels"]
    assert targets[1] == 1 + STANCES.index("denial")
    assert targets[2] == 1 + STANCES.index("hedge")


def test_a_cue_points_to_the_ends_of_its_source_and_claim(tokenizer: PreTrainedTokenizerFast) -> None:
    """From each token of the cue, by the place of a token; from all others nowhere is asked for."""
    whole = act("denial", 3, 9, source=(0, 2), claim=(10, 19))
    row = rows(tokenizer, LabelledSentence(TEXT, "denial", None, (whole,)))[0]
    tokens = [token.removeprefix("##") for token in tokenizer.convert_ids_to_tokens(row["input_ids"])]
    for token, cue, ends in zip(tokens, row["cue_labels"], row["pointer_labels"], strict=True):
        if cue <= 0:
            assert set(ends) == {IGNORED}, token
            continue
        source, claim = ("".join(tokens[ends[i] : ends[i + 1] + 1]) for i in (0, 2))
        assert (source, claim) == ("it", "thatdeal")


def test_a_span_that_the_sentence_lacks_is_nowhere(tokenizer: PreTrainedTokenizerFast) -> None:
    """A reader who was asked for spans and gave none is learnt from; one who was not asked is not."""
    asked = LabelledAct("denial", Span.of(TEXT, 3, 9), whole=True)
    unasked = act("denial", 3, 9)
    for one, expected in ((asked, NOWHERE), (unasked, IGNORED)):
        row = rows(tokenizer, LabelledSentence(TEXT, "denial", None, (one,)))[0]
        places = [ends for ends, cue in zip(row["pointer_labels"], row["cue_labels"], strict=True) if cue > 0]
        assert places
        assert all(set(ends) == {expected} for ends in places)


def test_a_span_that_was_cut_off_is_not_learnt(tokenizer: PreTrainedTokenizerFast) -> None:
    """Where a long sentence ends early, its claim is neither there nor nowhere."""
    whole = LabelledAct("denial", Span.of(TEXT, 3, 9), Span.of(TEXT, 0, 2), Span.of(TEXT, 20, 25), whole=True)
    sentence = LabelledSentence(TEXT, "denial", None, (whole,))
    long = rows(tokenizer, sentence)[0]
    first = next(i for i, cue in enumerate(long["cue_labels"]) if cue > 0)
    cut = encode([sentence], tokenizer, labels=LABELS, stances=STANCES, max_tokens=first + 2).to_list()[0]
    assert cut["pointer_labels"][first] == [*long["pointer_labels"][first][:2], IGNORED, IGNORED]


def test_attributions_are_marked_apart_from_stances(tokenizer: PreTrainedTokenizerFast) -> None:
    """Who says what is learnt with the same pointers and a tagger of its own."""
    said = LabelledAct(ATTRIBUTION, Span.of(TEXT, 3, 9), Span.of(TEXT, 0, 2), None, whole=True)
    row = rows(tokenizer, LabelledSentence(TEXT, "none", attributions=(said,)))[0]
    assert set(row["cue_labels"]) == {IGNORED}
    assert set(row["attribution_labels"]) == {0, 1, IGNORED}
    assert any(ends[2:] == [NOWHERE, NOWHERE] for ends in row["pointer_labels"])


def test_unknown_labels_are_named(tokenizer: PreTrainedTokenizerFast) -> None:
    """Before anything is trained."""
    with pytest.raises(InputError, match="rumour"):
        rows(tokenizer, LabelledSentence("It fell.", "rumour"))


def test_a_batch_is_padded_to_its_longest(tokenizer: PreTrainedTokenizerFast) -> None:
    """Padding is masked, and is no target."""
    encoded = rows(tokenizer, DENIAL, LabelledSentence("It denied that deal again.", "denial"))
    batch = collate(encoded, 0)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == batch["cue_labels"].shape
    padding = batch["attention_mask"] == 0
    assert padding.sum() == abs(encoded[0]["length"] - encoded[1]["length"]) > 0
    assert (batch["cue_labels"][padding] == IGNORED).all()


def test_a_context_is_read_but_never_a_target(tokenizer: PreTrainedTokenizerFast) -> None:
    """The sentence's targets are those of the sentence alone; its context's tokens have none."""
    whole = act("denial", 3, 9, source=(0, 2), claim=(10, 19))
    sentence = LabelledSentence(TEXT, "denial", ("denial",), (whole,))
    alone = rows(tokenizer, sentence)[0]
    told = rows(tokenizer, replace(sentence, context="It denied that deal."))[0]
    length = alone["length"]
    assert told["sentence_length"] == alone["sentence_length"] == length < told["length"]
    for name in ("input_ids", "cue_labels", "pointer_labels"):
        assert told[name][:length] == alone[name], name
    assert set(told["cue_labels"][length:]) == {IGNORED}
    assert all(set(ends) == {IGNORED} for ends in told["pointer_labels"][length:])
    batch = collate([told, alone], 0)
    assert batch["attention_mask"].sum(dim=1).tolist() == [told["length"], length]
    assert batch["sentence_mask"].sum(dim=1).tolist() == [length, length]
