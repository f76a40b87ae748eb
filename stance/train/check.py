"""Labelled rows to those fit for training, and the reasons against all others."""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from unicodedata import category

from stance.errors import InputError
from stance.labels import LABELS, STANCES
from stance.train.data import LabelledSentence, unknown
from stance.train.readers import BrokenRow

FEWEST_ROWS = 5
"""A label with fewer rows can be neither learnt nor measured."""

NOT_UTF8 = "no letter beyond ASCII is whole: likely the file is not UTF-8; save it as UTF-8"

MOST_ROWS_NAMED = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Args:
        sentences: fit for training, in order.
        set_aside: the other rows, in order.
        contradictory: those of them that share a text, with one context, and not the label, by text; and why.
        warnings: what does not keep from training.
        refusals: what does.
    """

    sentences: tuple[LabelledSentence, ...]
    set_aside: tuple[BrokenRow, ...]
    contradictory: tuple[BrokenRow, ...]
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]

    @property
    def shares(self) -> dict[str, int]:
        """How many fit sentences each label has, the most frequent first."""
        return dict(Counter(sentence.label for sentence in self.sentences).most_common())

    def require(self) -> tuple[LabelledSentence, ...]:
        """Return the sentences.

        Raises:
            InputError: there are refusals.
        """
        if self.refusals:
            raise InputError("; ".join(self.refusals))
        return self.sentences


def check(
    rows: Iterable[LabelledSentence | BrokenRow],
    *,
    labels: Sequence[str] | None = None,
    development: Sequence[LabelledSentence] = (),
) -> Report:
    """Find what would spoil training.

    Args:
        rows: as `stance.train.data.read` gives them.
        labels: the known ones. Default: all that occur.
        development: a development part of its own, which may share no group and no text with the rows.

    Returns:
        Rows that are broken, have an unknown label or stance, or repeat another row and its context (but for
        case, punctuation and numbers) are set aside; so are all rows of a text that, with one context, has
        two labels, and rows whose text is in the development part. A label with fewer than five rows left, a
        single label, one that only the development part has, a group on both sides, and stances or acts
        under labels that are not the project's are refused.
    """
    rows = list(rows)
    own = _own_labels(rows)
    kept: list[LabelledSentence] = []
    aside: list[BrokenRow] = []
    for row in rows:
        if isinstance(row, BrokenRow):
            aside.append(row)
        elif labels is not None and row.label not in labels:
            aside.append(BrokenRow(row.row, unknown("label", row.label, labels)))
        elif not own and (strange := [name for name in row.held if name not in STANCES]):
            aside.append(BrokenRow(row.row, unknown("stance", strange[0], STANCES)))
        else:
            kept.append(row)
    warnings = (*_of_encoding(kept), *_of_labels(kept))
    kept, repeated, contradictory = _without_repeats(
        kept, {text_key(sentence.text) for sentence in development}
    )
    aside += [*repeated, *contradictory]
    return Report(
        sentences=tuple(kept),
        set_aside=tuple(sorted(aside, key=lambda row: row.row)),
        contradictory=tuple(contradictory),
        warnings=warnings,
        refusals=(*_misfits(kept, own), *_refusals(kept, labels, development)),
    )


def _own_labels(rows: Sequence[LabelledSentence | BrokenRow]) -> list[str]:
    """Return the labels that are not the project's, but for those so rare that they may be slips."""
    counts = Counter(row.label for row in rows if isinstance(row, LabelledSentence))
    return sorted(name for name, rows_of in counts.items() if name not in LABELS and rows_of >= FEWEST_ROWS)


def _misfits(sentences: Sequence[LabelledSentence], own: Sequence[str]) -> Iterable[str]:
    if own and any(row.stances is not None or row.acts is not None for row in sentences):
        yield (
            f"columns of stances and acts go with the labels {', '.join(LABELS)}; "
            f"{', '.join(own)} came: leave them out"
        )


def _without_repeats(
    sentences: Sequence[LabelledSentence], elsewhere: set[str]
) -> tuple[list[LabelledSentence], list[BrokenRow], list[BrokenRow]]:
    """Return what is kept, what repeats something, and what contradicts itself, each text in one place."""
    alike: dict[tuple[str, str], list[LabelledSentence]] = defaultdict(list)
    keys = [(text_key(sentence.text), text_key(sentence.context or "")) for sentence in sentences]
    for key, sentence in zip(keys, sentences, strict=True):
        alike[key].append(sentence)
    labels_of = {key: sorted({sentence.label for sentence in same}) for key, same in alike.items()}
    kept, aside, contradictory = [], [], []
    for key, sentence in zip(keys, sentences, strict=True):
        same = alike[key]
        if key[0] in elsewhere:
            aside.append(BrokenRow(sentence.row, "its text is in the development part"))
        elif len(found := labels_of[key]) > 1:
            if sentence is same[0]:
                rows = _named([other.row for other in same])
                what = "one text" if len({other.text for other in same}) == 1 else "nearly one text"
                why = f"{what} with labels {', '.join(found)}: rows {rows}"
                contradictory += [BrokenRow(other.row, why) for other in same]
        elif sentence is not same[0]:
            how = "repeats" if sentence.text == same[0].text else "nearly repeats"
            aside.append(BrokenRow(sentence.row, f"{how} row {same[0].row}"))
        else:
            kept.append(sentence)
    return kept, aside, contradictory


def text_key(text: str) -> str:
    """Return what two texts share that differ in case, punctuation, white space or numbers only."""
    return " ".join(re.sub(r"\d+", "0", text.casefold().translate(_punctuation())).split()) or text


@cache
def _punctuation() -> dict[int, None]:
    """Return what `str.translate` drops: punctuation, and none of the marks that letters take."""
    return dict.fromkeys(code for code in range(sys.maxunicode + 1) if category(chr(code)).startswith("P"))


def _of_encoding(sentences: Sequence[LabelledSentence]) -> Iterable[str]:
    damaged, whole = _beyond_ascii(sentences)
    if damaged:
        yield f"bytes that are not UTF-8 were replaced in rows {_named(damaged)}"
        if not whole:
            yield NOT_UTF8


def _beyond_ascii(sentences: Sequence[LabelledSentence]) -> tuple[list[int], list[int]]:
    """Return the rows with letters beyond ASCII that were replaced, and those in which all are whole."""
    parts: tuple[list[int], list[int]] = [], []
    for sentence in sentences:
        said = sentence.text + sentence.label
        if not said.isascii():
            parts["\ufffd" not in said].append(sentence.row)
    return parts


def _of_labels(sentences: Sequence[LabelledSentence]) -> Iterable[str]:
    found = sorted({sentence.label for sentence in sentences})
    same: dict[str, list[str]] = defaultdict(list)
    for label in found:
        same[label.casefold()].append(label)
    for names in same.values():
        if len(names) > 1:
            yield f"labels {', '.join(names)} differ in case alone, and are taken for different ones"
    if set(found) < set(LABELS):
        yield (
            f"labels {', '.join(found)} are the project's: the model will know "
            f"{', '.join(label for label in LABELS if label not in found)} as well, of which there is no row"
        )


def _refusals(
    sentences: Sequence[LabelledSentence],
    labels: Sequence[str] | None,
    development: Sequence[LabelledSentence],
) -> Iterable[str]:
    counts = Counter(sentence.label for sentence in sentences)
    damaged, whole = _beyond_ascii(sentences)
    if len(damaged) >= FEWEST_ROWS and not whole:
        yield f"{NOT_UTF8}: rows {_named(damaged)}"
    if not sentences:
        yield "no row is left to train on"
    elif len(counts) == 1:
        yield f"one label only: {next(iter(counts))}; at least two are needed"
    for label in labels or counts:
        if 0 < counts[label] < FEWEST_ROWS:
            rows = _named([sentence.row for sentence in sentences if sentence.label == label])
            refusal = f"label {label} has {counts[label]} rows ({rows}), at least {FEWEST_ROWS} are needed"
            near = get_close_matches(label, [other for other in counts if counts[other] >= FEWEST_ROWS], n=1)
            yield refusal + (f"; meant {near[0]}?" if near else "")
    strange = {sentence.label for sentence in development} - counts.keys()
    if rows_of := [sentence.row for sentence in development if sentence.label in strange]:
        yield (
            f"labels of the development part that no other row has: {', '.join(sorted(strange))}, rows "
            f"{_named(rows_of)}"
        )
    groups = {sentence.group for sentence in development if sentence.group is not None}
    if shared := [sentence.row for sentence in sentences if sentence.group in groups]:
        yield f"groups of the development part are in the training part too: rows {_named(shared)}"


def _named(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:MOST_ROWS_NAMED]))
    return shown if len(rows) <= MOST_ROWS_NAMED else f"{shown} and {len(rows) - MOST_ROWS_NAMED} more"
