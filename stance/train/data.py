"""Files to labelled sentences."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Self, TextIO

from datasets import ClassLabel, load_dataset, load_from_disk

from stance.errors import InputError
from stance.predictions import Span
from stance.records import Malformed, records
from stance.sentences import well_formed

Row = Mapping[str, Any]

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
class BrokenRow:
    """A row that is no labelled sentence, and why."""

    row: int
    reason: str


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
    for number, row in enumerate(read_rows(source, columns), 1):
        yield row if isinstance(row, BrokenRow) else _labelled(row, columns, number)


def read_rows(source: str | Path, columns: Columns) -> Iterator[Row | BrokenRow]:
    """Read rows as they are, with all their columns; see `read`."""
    path = Path(source)
    try:
        match path.suffix.lower():
            case ".csv" | ".tsv":
                yield from _separated(path, columns)
            case ".jsonl" | ".ndjson":
                yield from _json_lines(path, columns)
            case _:
                yield from _dataset(str(source), columns)
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error


def without_context(sentences: Iterable[LabelledSentence]) -> list[LabelledSentence]:
    """Return sentences without what stood before them."""
    return [replace(sentence, context=None) for sentence in sentences]


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """Say that a label, or a stance, is unknown, which ones are known, and which is nearest."""
    near = get_close_matches(name, known, n=1)
    return f"unknown {kind} {name!r}; known: {', '.join(known)}" + (f"; meant {near[0]}?" if near else "")


def _separated(path: Path, columns: Columns) -> Iterator[Row | BrokenRow]:
    with _open_text(path) as file:
        separator = "\t" if path.suffix.lower() == ".tsv" else _separator(file.readline())
        file.seek(0)
        rows = records(file, separator=separator)
        header = next(rows, [])
        if isinstance(header, Malformed):
            raise InputError(f"{path}: the header: {header.reason}; mend it")
        _check_columns(path, columns, header)
        if twice := sorted({name for name in header if name and header.count(name) > 1}):
            raise InputError(f"{path}: column {', '.join(twice)} comes twice; give each column its own name")
        for number, cells in enumerate(rows, 1):
            if isinstance(cells, Malformed):
                yield BrokenRow(number, cells.reason)
            elif not cells:
                yield BrokenRow(number, "an empty line")
            elif len(cells) != len(header):
                yield BrokenRow(number, f"{len(cells)} fields; the header has {len(header)}")
            else:
                yield dict(zip(header, cells, strict=True))


def _separator(header: str) -> str:
    """Tell a comma from what spreadsheets write where the comma is the decimal sign."""
    return max(",;\t", key=header.count)


def _json_lines(path: Path, columns: Columns) -> Iterator[Row | BrokenRow]:
    with _open_text(path) as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except (RecursionError, ValueError) as error:
                yield BrokenRow(number, f"not JSON: {error}")
                continue
            if not isinstance(row, dict):
                yield BrokenRow(number, f"a JSON object was expected, {type(row).__name__} came")
                continue
            if number == 1:
                _check_columns(path, columns, list(row))
            yield row


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file; bytes that are not UTF-8 become U+FFFD, and line breaks stay as they are."""
    with path.open("rb") as raw:
        if b"\0" in raw.peek():
            raise InputError(f"{path}: UTF-8 was expected, UTF-16 or no text at all came; save it as UTF-8")
        yield TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def _dataset(source: str, columns: Columns) -> Iterator[Row]:
    path = Path(source)
    if path.suffix not in ("", ".parquet") and not path.is_dir():
        raise InputError(f"{source}: .csv, .tsv, .jsonl, .parquet, a folder or a Hub id was expected")
    try:
        if path.is_dir():
            dataset = load_from_disk(source)
            if isinstance(dataset, dict):
                if "train" not in dataset:
                    raise InputError(f"{source}: no split train; there are: {', '.join(dataset)}")
                dataset = dataset["train"]
        elif path.suffix == ".parquet":
            dataset = load_dataset("parquet", data_files=source, split="train", streaming=True)
        else:
            dataset = load_dataset(source, split="train", streaming=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: {error}") from error
    _check_columns(path, columns, dataset.column_names or list(next(iter(dataset), {})))
    kind = (dataset.features or {}).get(columns.label)
    if not isinstance(kind, ClassLabel):
        yield from dataset
        return
    for row in dataset:  # which holds labels by number; -1 stands for none
        number = row[columns.label]
        yield row | {columns.label: None if number is None or number < 0 else kind.int2str(number)}


def _check_columns(source: Path, columns: Columns, found: Sequence[str]) -> None:
    if missing := [name for name in columns.used() if name not in found]:
        raise InputError(f"{source}: no column {', '.join(missing)}; there are: {', '.join(found) or 'none'}")


def _labelled(row: Row, columns: Columns, number: int) -> LabelledSentence | BrokenRow:
    text, label = row.get(columns.text), row.get(columns.label)
    if not isinstance(text, str) or not text.strip():
        return BrokenRow(number, f"no text in column {columns.text}")
    if (name := _value(label)) is None:
        return BrokenRow(number, f"no label in column {columns.label}")
    text = well_formed(text)
    try:
        return LabelledSentence(
            text=text,
            label=columns.label_map.get(name, name),
            stances=_stances(row, columns),
            acts=_acts(row, columns, text),
            group=_value(row[columns.group]) if columns.group else None,
            row=number,
            context=_context(row, columns),
        )
    except (KeyError, TypeError, ValueError) as error:
        return BrokenRow(number, f"not a labelled sentence: {error!r}")


def _value(cell: object) -> str | None:
    """Return what a cell says; None where it is blank or, as a table of floats has it, not a number."""
    said = "" if cell is None or cell != cell else well_formed(str(cell)).strip()  # noqa: PLR0124
    return said or None


def _context(row: Row, columns: Columns) -> str | None:
    value = row.get(columns.context) if columns.context else None
    if value is not None and not isinstance(value, str):
        raise TypeError(f"a string was expected in column {columns.context}, {type(value).__name__} came")
    return well_formed(value) if value and value.strip() else None


def _stances(row: Row, columns: Columns) -> tuple[str, ...] | None:
    value = row[columns.stances] if columns.stances else None
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if value == NULL:
            return None
        value = json.loads(value) if value[:1] == "[" else value.replace(",", " ").replace(";", " ").split()
    return tuple(columns.label_map.get(name, name) for name in value)


def _acts(row: Row, columns: Columns, text: str) -> tuple[LabelledAct, ...] | None:
    acts = row[columns.acts] if columns.acts else None
    if isinstance(acts, str):
        acts = json.loads(acts) if acts.strip() else None
    if acts is None:
        return None
    found = (read_act(act, text) for act in acts)
    return tuple(replace(act, stance=columns.label_map.get(act.stance, act.stance)) for act in found)


def read_act(act: Row, text: str) -> LabelledAct:
    """Read an act whose spans are [start, end) pairs of offsets in `text`, or null.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    pairs = (act.get(name) for name in ("source", "cue", "claim"))
    source, cue, claim = (None if pair is None else Span.of(text, *pair) for pair in pairs)
    return LabelledAct(act.get("stance", ATTRIBUTION), cue, source, claim, whole="source" in act)
