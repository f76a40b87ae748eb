"""Rows to labelled sentences."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stance.errors import InputError
from stance.predictions import Span
from stance.sentences import well_formed
from stance.train.readers import BrokenRow, Row, read_rows

NULL = "null"
"""What a cell says where other cells of its column hold lists, and this one nothing."""

ATTRIBUTION = "attribution"
"""What an act is where a reader marked who says what, and not with which stance."""


@dataclass(frozen=True, slots=True)
class LabelledAct:
    """What a reader marked of a stance act.

    Args:
        stance: which; `ATTRIBUTION` if it was not asked for.
        cue: the words that show it; None if there are none.
        source: who takes it; None if the sentence does not say, or the reader was not asked.
        claim: what it is about; likewise.
        whole: whether the reader was asked for source and claim, and not for the cue alone.
    """

    stance: str
    cue: Span | None
    source: Span | None = None
    claim: Span | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence and what a reader said of it.

    Args:
        text: the sentence.
        label: the stance of its main act, or "none"; in another label set, any of its labels.
        stances: the stances of all its acts; None where the reader was not asked.
        acts: all its acts, the main one first; None where the reader was not asked.
        group: what must not be on both sides of a split (article, outlet); None if unknown, or blank.
        row: where it stood in its file, from 1.
        soft: for each label the probability that teachers gave, learnt in place of the label; None if a
            reader gave the label.
        attributions: who says what, whatever the stance; None where the reader was not asked.
        context: the sentence before it; None if unknown.
    """

    text: str
    label: str
    stances: tuple[str, ...] | None = None
    acts: tuple[LabelledAct, ...] | None = None
    group: str | None = None
    row: int = 0
    soft: tuple[float, ...] | None = None
    attributions: tuple[LabelledAct, ...] | None = None
    context: str | None = None

    @property
    def cues(self) -> tuple[Span, ...]:
        """The words that show its stances."""
        return tuple(act.cue for act in self.acts or () if act.cue)

    @property
    def held(self) -> tuple[str, ...]:
        """The stances that it is said to hold, and those of its acts."""
        return (*(self.stances or ()), *(act.stance for act in self.acts or ()))


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what.

    Args:
        text: the sentence. Default "text".
        label: its label. Default "label".
        stances: a list, or names separated by blanks, commas or semicolons; null where no reader was asked.
            Default: not read.
        acts: a list of objects with `stance` and `cue`, a [start, end) pair of offsets in the text or null,
            and likewise `source` and `claim` if the reader was asked for them; the list may be a string of
            JSON. Null or blank where no reader was asked. Default: not read.
        group: article or outlet. Default: not read.
        context: the sentence before; null or blank where there is none. Default: not read.
        label_map: new names of labels; others stay. Default: none.
    """

    text: str = "text"
    label: str = "label"
    stances: str | None = None
    acts: str | None = None
    group: str | None = None
    context: str | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_project(cls, *, context: str | None = None) -> Self:
        """Name the columns of the project's own labelled files; that of contexts if it shall be read."""
        return cls(stances="stances", acts="acts", group="document", context=context)

    def used(self) -> list[str]:
        """Return the names of the columns that are read."""
        optional = (self.stances, self.acts, self.group, self.context)
        return [name for name in (self.text, self.label, *optional) if name]


def read(source: str | Path, columns: Columns | None = None) -> Iterator[LabelledSentence | BrokenRow]:
    """Read labelled sentences; a broken row costs only itself.

    Args:
        source: a `.csv`, `.tsv`, `.jsonl` or `.parquet` file, a folder that `datasets` saved, or the Hub id
            of a dataset (its `train` split).
        columns: which columns hold what. Default: `Columns()`.

    Yields:
        For each row, in order, what it holds or why it is broken.

    Raises:
        InputError: the source cannot be read or lacks a column; the columns that there are are named.
    """
    columns = columns or Columns()
    for number, row in enumerate(read_rows(source, columns.used()), 1):
        yield row if isinstance(row, BrokenRow) else _labelled(row, columns, number)


def without_context(sentences: Iterable[LabelledSentence]) -> list[LabelledSentence]:
    """Return sentences without what stood before them."""
    return [replace(sentence, context=None) for sentence in sentences]


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """Say that a label, or a stance, is unknown, which ones are known, and which is nearest."""
    near = get_close_matches(name, known, n=1)
    return f"unknown {kind} {name!r}; known: {', '.join(known)}" + (f"; meant {near[0]}?" if near else "")


def label_indices(sentences: Iterable[LabelledSentence], labels: Sequence[str]) -> NDArray[np.intp]:
    """Return where in `labels` the label of each sentence stands, [n].

    Raises:
        InputError: a label is not among them.
    """
    places = {label: place for place, label in enumerate(labels)}
    found = []
    for sentence in sentences:
        if sentence.label not in places:
            raise InputError(f"row {sentence.row}: {unknown('label', sentence.label, labels)}")
        found.append(places[sentence.label])
    return np.array(found, np.intp)


def _labelled(row: Row, columns: Columns, number: int) -> LabelledSentence | BrokenRow:
    text, label = row.get(columns.text), row.get(columns.label)
    if not isinstance(text, str) or not text.strip():
        return BrokenRow(number, f"no text in column {columns.text}")
    if (name := read_value(label)) is None:
        return BrokenRow(number, f"no label in column {columns.label}")
    text = well_formed(text)
    try:
        with _named(columns.stances):
            stances = _stances(row, columns)
        with _named(columns.acts):
            acts = _acts(row, columns, text)
        with _named(columns.context):
            context = _context(row, columns)
    except ValueError as error:
        return BrokenRow(number, str(error))
    return LabelledSentence(
        text=text,
        label=columns.label_map.get(name, name),
        stances=stances,
        acts=acts,
        group=read_value(row.get(columns.group)) if columns.group else None,
        row=number,
        context=context,
    )


@contextmanager
def _named(column: str | None) -> Iterator[None]:
    """Say of what cannot be read in which column it stands."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"column {column} cannot be read: {error}") from error


def _context(row: Row, columns: Columns) -> str | None:
    value = row.get(columns.context) if columns.context else None
    if value is not None and not isinstance(value, str):
        raise TypeError(f"a string was expected, {type(value).__name__} came")
    return well_formed(value) if value and value.strip() else None


def _stances(row: Row, columns: Columns) -> tuple[str, ...] | None:
    value = row.get(columns.stances) if columns.stances else None
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if value == NULL:
            return None
        value = json.loads(value) if value[:1] == "[" else value.replace(",", " ").replace(";", " ").split()
    return tuple(columns.label_map.get(name, name) for name in value)


def _acts(row: Row, columns: Columns, text: str) -> tuple[LabelledAct, ...] | None:
    acts = row.get(columns.acts) if columns.acts else None
    if isinstance(acts, str):
        acts = json.loads(acts) if acts.strip() else None
    if acts is None:
        return None
    found = (read_act(act, text) for act in acts)
    return tuple(replace(act, stance=columns.label_map.get(act.stance, act.stance)) for act in found)


def read_value(cell: object) -> str | None:
    """Return what a cell of labels or groups says.

    None where it is blank or, as a table of floats has it, not a number; whole numbers have no decimals.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    said = "" if cell is None or cell != cell else well_formed(str(cell)).strip()  # noqa: PLR0124
    return said or None


def read_act(act: Row, text: str) -> LabelledAct:
    """Read an act whose spans are [start, end) pairs of offsets in `text`, or null.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    pairs = (act.get(name) for name in ("source", "cue", "claim"))
    source, cue, claim = (None if pair is None else Span.of(text, *pair) for pair in pairs)
    return LabelledAct(act.get("stance", ATTRIBUTION), cue, source, claim, whole="source" in act)
