"""Labelled sentences to encoded rows."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerFast

from stance.errors import InputError

IGNORED = -100
"""The target of a token that takes no part in the loss, as PyTorch has it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """The words `text[start:end]` by which a sentence shows a stance."""

    stance: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence and what a reader said of it.

    Args:
        text: the sentence.
        label: the stance of its main act, or "none".
        stances: the stances of all its acts; None where the reader was not asked.
        cues: the cues of all its acts; None where the reader was not asked.
        group: what must not be on both sides of a split (article, outlet); None if unknown.
    """

    text: str
    label: str
    stances: tuple[str, ...] | None = None
    cues: tuple[Cue, ...] | None = None
    group: str | None = None


def read_jsonl(path: Path) -> Iterator[LabelledSentence]:
    """Read labelled sentences, one JSON object a line.

    Args:
        path: a file whose objects have `text` and `label`, and may have `stances` (a list),
            `acts` (a list of objects with `stance` and `cue`, a [start, end) pair or null) and
            `document`.

    Raises:
        InputError: the file cannot be read, or a line is not such an object; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            yield from_row(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path}, line {number}: an object with text and label was expected: {error!r}"
            ) from error


def from_row(row: Mapping[str, Any]) -> LabelledSentence:
    """Build a labelled sentence from a row of the form that `read_jsonl` describes."""
    acts = row.get("acts")
    stances = row.get("stances")
    return LabelledSentence(
        text=str(row["text"]),
        label=str(row["label"]),
        stances=None if stances is None else tuple(stances),
        cues=None if acts is None else tuple(Cue(act["stance"], *act["cue"]) for act in acts if act["cue"]),
        group=row.get("document"),
    )


def encode(
    sentences: Iterable[LabelledSentence],
    tokenizer: PreTrainedTokenizerFast,
    *,
    labels: Sequence[str],
    stances: Sequence[str],
    max_tokens: int,
) -> Dataset:
    """Turn labelled sentences into what the model learns from.

    Args:
        sentences: to be encoded, in order.
        tokenizer: the encoder's.
        labels: in the order of the label logits.
        stances: in the order of the stance logits.
        max_tokens: longer sentences are cut.

    Returns:
        Columns `input_ids`, `length`, `labels` (an index), `stance_labels` (a 0 or 1 for each
        stance) and `cue_labels` (for each token 0, or 1 + the index of a stance). Targets that no
        reader gave are -100.

    Raises:
        InputError: a label or a stance is not among the known ones.
    """
    sentences = list(sentences)
    _check_known(sentences, labels, stances)
    encodings = tokenizer(
        [sentence.text for sentence in sentences],
        truncation=True,
        max_length=max_tokens,
        return_offsets_mapping=True,
    )
    ids = encodings["input_ids"]
    return Dataset.from_dict(
        {
            "input_ids": ids,
            "length": [len(row) for row in ids],
            "labels": [labels.index(sentence.label) for sentence in sentences],
            "stance_labels": [_stance_targets(sentence, stances) for sentence in sentences],
            "cue_labels": [
                _cue_targets(sentence.cues, offsets, stances)
                for sentence, offsets in zip(sentences, encodings["offset_mapping"], strict=True)
            ],
        }
    )


def _check_known(
    sentences: Sequence[LabelledSentence], labels: Sequence[str], stances: Sequence[str]
) -> None:
    unknown = {sentence.label for sentence in sentences} - set(labels)
    unknown |= {stance for sentence in sentences for stance in sentence.stances or ()} - set(stances)
    if unknown:
        raise InputError(f"unknown labels {sorted(unknown)}; known are {list(labels)}")


def _stance_targets(sentence: LabelledSentence, stances: Sequence[str]) -> list[float]:
    if sentence.stances is None:
        return [float(IGNORED)] * len(stances)
    return [float(stance in sentence.stances) for stance in stances]


def _cue_targets(
    cues: tuple[Cue, ...] | None, offsets: Sequence[tuple[int, int]], stances: Sequence[str]
) -> list[int]:
    if cues is None:
        return [IGNORED] * len(offsets)
    targets = [0 if end > start else IGNORED for start, end in offsets]
    for cue in reversed(cues):  # the main act comes first, and wins where cues overlap
        for token, (start, end) in enumerate(offsets):
            if end > start and start < cue.end and end > cue.start:
                targets[token] = 1 + stances.index(cue.stance)
    return targets
