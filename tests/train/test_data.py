"""Rows to labelled sentences."""

from pathlib import Path

import pytest

from stance.errors import InputError
from stance.predictions import Span
from stance.train.data import Columns, LabelledAct, LabelledSentence, read
from stance.train.readers import BrokenRow

from .conftest import write


def test_acts_and_stances_are_read_on_request(tmp_path: Path) -> None:
    """Spans that a reader gave, or found missing, or was not asked for; without a column all is unknown."""
    acts = [
        {"stance": "denial", "source": [0, 2], "cue": [3, 9], "claim": None},
        {"stance": "hedge", "cue": None},
    ]
    stances = ["denial", "hedge"]
    row = {"text": "It denied that.", "label": "denial", "stances": stances, "acts": acts, "document": "a"}
    file = write(tmp_path / "rows.jsonl", [row])
    whole, plain = (next(iter(read(file, columns))) for columns in (Columns.of_this_project(), Columns()))
    denial = LabelledAct("denial", Span("denied", 3, 9), Span("It", 0, 2), None, whole=True)
    expected = (denial, LabelledAct("hedge", None))
    assert whole == LabelledSentence("It denied that.", "denial", ("denial", "hedge"), expected, "a", 1)
    assert plain == LabelledSentence("It denied that.", "denial", row=1)


def test_a_span_outside_the_text_breaks_its_row(tmp_path: Path) -> None:
    """Offsets of another text are not cut to fit."""
    row = {"text": "Denied.", "label": "denial", "acts": [{"stance": "denial", "cue": [3, 90]}]}
    broken = next(iter(read(write(tmp_path / "rows.jsonl", [row]), Columns(acts="acts"))))
    assert isinstance(broken, BrokenRow)
    assert "[3, 90)" in broken.reason


def test_stances_may_be_one_cell(tmp_path: Path) -> None:
    """As spreadsheets have it."""
    file = write(tmp_path / "rows.csv", [{"text": "x", "label": "hedge", "all": "hedge; denial,allegation"}])
    assert next(iter(read(file, Columns(stances="all")))).stances == ("hedge", "denial", "allegation")  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet", "folder"])
def test_contexts_are_read_from_their_column(tmp_path: Path, name: str) -> None:
    """Blank ones are none; without the column's name nothing is read, and a wrong name is an error."""
    rows = [{"text": "It fell.", "label": "none", "before": context} for context in ("It rose.", " ", "")]
    file = write(tmp_path / name, rows)
    assert [row.context for row in read(file, Columns(context="before"))] == ["It rose.", None, None]  # type: ignore[union-attr]
    assert {row.context for row in read(file)} == {None}  # type: ignore[union-attr]
    with pytest.raises(InputError, match="no column previous; there are: text, label, before"):
        list(read(file, Columns(context="previous")))


def test_a_context_that_is_no_text_breaks_its_row(tmp_path: Path) -> None:
    """Null, or nothing at all, is no context."""
    rows = [{"text": "It fell.", "label": "none", "before": context} for context in (None, 3)]
    file = write(tmp_path / "rows.jsonl", [*rows, {"text": "It fell.", "label": "none"}])
    first, second, third = read(file, Columns(context="before"))
    assert first.context is third.context is None  # type: ignore[union-attr]
    assert isinstance(second, BrokenRow)
    assert "int came" in second.reason


def test_odd_values_cost_their_rows_alone(tmp_path: Path) -> None:
    """Not a number, half a character, an endless nesting."""
    lines = [
        '{"text": "It fell.", "label": NaN, "g": "a"}',
        '{"text": "It rose. \\ud83d", "label": "no\\ud83d", "g": " "}',
        '{"text": ' + "[" * 100_000,
        '{"text": "It sank.", "label": "no", "g": null}',
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    first, second, third, fourth = read(tmp_path / "rows.jsonl", Columns(group="g"))
    assert first == BrokenRow(1, "no label in column label")
    assert second == LabelledSentence("It rose. \ufffd", "no\ufffd", row=2)
    assert isinstance(third, BrokenRow)
    assert fourth == LabelledSentence("It sank.", "no", row=4)


def test_a_whole_number_is_a_label_without_decimals(tmp_path: Path) -> None:
    """A table that lacks some labels holds the others as floats; so it may groups."""
    rows = [{"text": "It fell.", "label": label, "g": 3.0} for label in (0.0, 1.5, None)]
    first, second, _ = read(write(tmp_path / "rows.parquet", rows), Columns(group="g", label_map={"0": "no"}))
    assert first == LabelledSentence("It fell.", "no", group="3", row=1)
    assert second == LabelledSentence("It fell.", "1.5", group="3", row=2)
