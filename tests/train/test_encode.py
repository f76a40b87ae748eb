"""Labelled sentences to what the model learns from."""

import pytest
from transformers import PreTrainedTokenizerFast

from stance.errors import InputError
from stance.labels import LABELS, STANCES
from stance.train.data import Cue, LabelledSentence
from stance.train.encode import IGNORED, collate, encode

from ..conftest import TINY

DENIAL = LabelledSentence("It denied that.", "denial", ("denial",), (Cue("denial", 3, 9),))


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
    sentence = LabelledSentence("It denied that.", "hedge", None, (Cue("hedge", 3, 9), Cue("denial", 0, 9)))
    targets = rows(tokenizer, sentence)[0]["cue_labels"]
    assert targets[1] == 1 + STANCES.index("denial")
    assert targets[2] == 1 + STANCES.index("hedge")


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
