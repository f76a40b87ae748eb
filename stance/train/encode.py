"""Labelled sentences to what the model learns from."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerFast

from stance.acts import POINTERS
from stance.errors import InputError
from stance.predictions import Span
from stance.tokens import SentenceTokenizer, Tokens
from stance.train.data import ATTRIBUTION, LabelledAct, LabelledSentence, label_indices, unknown

IGNORED = -100
"""The target of a token that takes no part in the loss, as PyTorch has it."""

NOWHERE = 0
"""The token, [CLS], that is pointed to where the sentence holds no such span."""

Offsets = Sequence[tuple[int, int]]


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
        max_tokens: longer sentences are cut; of contexts as much is read as there is room for.

    Returns:
        Columns `input_ids` (of the sentence, then of its context), `length`, `sentence_length` (without the
        context), `labels` (an index), `label_targets` (for each label its probability: 0 or 1 where a reader
        gave the label), `stance_labels` (a 0 or 1 for each stance), `cue_labels` (for each token 0, or 1 +
        the index of a stance), `attribution_labels` (for each token 0 or 1) and `pointer_labels` (for each
        token the indices of the tokens that `POINTERS` names). What no reader gave, and what would be said of
        a context's tokens, is -100.

    Raises:
        InputError: a label or a stance is not among the known ones.
    """
    sentences = list(sentences)
    indices = label_indices(sentences, labels)
    _check_stances(sentences, stances)
    tokens = tokenise(sentences, tokenizer, max_tokens=max_tokens)
    pairs = [(sentence, _all_offsets(row)) for sentence, row in zip(sentences, tokens, strict=True)]
    return Dataset.from_dict(
        {
            "input_ids": [row.ids for row in tokens],
            "length": [len(row.ids) for row in tokens],
            "sentence_length": [row.sentence for row in tokens],
            "labels": indices.tolist(),
            "label_targets": [_label_targets(sentence, labels) for sentence in sentences],
            "stance_labels": [_stance_targets(sentence, stances) for sentence in sentences],
            "cue_labels": [_cue_targets(s.acts, offsets, stances) for s, offsets in pairs],
            "attribution_labels": [
                _cue_targets(s.attributions, offsets, [ATTRIBUTION]) for s, offsets in pairs
            ],
            "pointer_labels": [
                _pointer_targets((*(s.acts or ()), *(s.attributions or ())), offsets) for s, offsets in pairs
            ],
        }
    )


def tokenise(
    sentences: Sequence[LabelledSentence], tokenizer: PreTrainedTokenizerFast, *, max_tokens: int
) -> list[Tokens]:
    """Turn sentences, with their contexts, into what a classifier will see of them."""
    content = tokenizer.backend_tokenizer.to_str().encode()
    texts, contexts = [row.text for row in sentences], [row.context for row in sentences]
    return SentenceTokenizer(content, max_tokens=max_tokens).encode(texts, contexts, offsets=True)


def _all_offsets(tokens: Tokens) -> Offsets:
    """Return where all tokens stand in the sentence: those of its context nowhere, as special ones."""
    return [*tokens.offsets, *[(0, 0)] * (len(tokens.ids) - tokens.sentence)]


def _check_stances(sentences: Sequence[LabelledSentence], stances: Sequence[str]) -> None:
    for sentence in sentences:
        if strange := [name for name in sentence.held if name not in stances]:
            raise InputError(f"row {sentence.row}: {unknown('stance', strange[0], stances)}")


def _label_targets(sentence: LabelledSentence, labels: Sequence[str]) -> list[float]:
    return [float(label == sentence.label) for label in labels] if sentence.soft is None else [*sentence.soft]


def _stance_targets(sentence: LabelledSentence, stances: Sequence[str]) -> list[float]:
    if sentence.stances is None:
        return [float(IGNORED)] * len(stances)
    return [float(stance in sentence.stances) for stance in stances]


def _cue_targets(acts: tuple[LabelledAct, ...] | None, offsets: Offsets, stances: Sequence[str]) -> list[int]:
    if acts is None:
        return [IGNORED] * len(offsets)
    targets = [0 if end > start else IGNORED for start, end in offsets]
    for act in reversed(acts):  # the main act comes first, and wins where cues overlap
        for token in _tokens(act.cue, offsets):
            targets[token] = 1 + stances.index(act.stance)
    return targets


def _pointer_targets(acts: Sequence[LabelledAct], offsets: Offsets) -> list[list[int]]:
    targets = [[IGNORED] * len(POINTERS) for _ in offsets]
    for act in reversed(acts):
        if act.whole:
            ends = [*_ends(act.source, offsets), *_ends(act.claim, offsets)]
            for token in _tokens(act.cue, offsets):
                targets[token] = ends
    return targets


def _ends(span: Span | None, offsets: Offsets) -> tuple[int, int]:
    """Return the first and the last token of a span, which has none where a long sentence was cut."""
    if span is None:
        return NOWHERE, NOWHERE
    tokens = _tokens(span, offsets)
    return (tokens[0], tokens[-1]) if tokens else (IGNORED, IGNORED)


def _tokens(span: Span | None, offsets: Offsets) -> list[int]:
    if span is None:
        return []
    return [
        token
        for token, (start, end) in enumerate(offsets)
        if end > start and start < span.end and end > span.start
    ]


def collate(batch: Sequence[dict[str, Any]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad the rows of a batch to its longest.

    Returns:
        `input_ids`, `attention_mask`, `sentence_mask`, `cue_labels`, `attribution_labels` [batch, tokens],
        `pointer_labels` [batch, tokens, pointers], `labels` [batch], `label_targets` [batch, labels] and
        `stance_labels` [batch, stances].
    """

    def padded(rows: Sequence[Sequence[Any]], value: int) -> torch.Tensor:
        tensors = [torch.tensor(row) for row in rows]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)

    ids = padded([row["input_ids"] for row in batch], pad_id)

    def masked(name: str) -> torch.Tensor:
        lengths = torch.tensor([row[name] for row in batch])
        return (torch.arange(ids.shape[1]) < lengths[:, None]).long()

    return {
        "input_ids": ids,
        "attention_mask": masked("length"),
        "sentence_mask": masked("sentence_length"),
        **{
            name: padded([row[name] for row in batch], IGNORED)
            for name in ("cue_labels", "attribution_labels", "pointer_labels")
        },
        "labels": torch.tensor([row["labels"] for row in batch]),
        "label_targets": torch.tensor([row["label_targets"] for row in batch]),
        "stance_labels": torch.tensor([row["stance_labels"] for row in batch]),
    }
