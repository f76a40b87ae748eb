"""The columns of the output, as the options and the input make them."""

from pathlib import Path

import pytest

import stance
from stance.choices import Unit
from stance.corpus.layout import Options, Output
from stance.errors import InputError, StanceError

from ..conftest import TINY
from .conftest import lines, score_here


def test_columns_are_chosen(sheet: Path, tmp_path: Path) -> None:
    """--keep, --id-column and --labels-only leave what was asked for."""
    options = Options("body", id_column="id", keep=("outlet",), format=Output.JSONL, labels_only=True)
    score_here(sheet, tmp_path / "out", options)
    assert list(lines(tmp_path / "out" / "rows")[0]) == ["id", "outlet", "label", "confidence"]


def test_an_id_column_may_be_called_document_id(tmp_path: Path) -> None:
    """It holds what the column of that name is to hold."""
    (tmp_path / "a.csv").write_text("document_id,text\nd1,It fell. It rose.\n")
    options = Options(id_column="document_id", unit=Unit.DOCUMENT, format=Output.JSONL)
    score_here(tmp_path / "a.csv", tmp_path / "out", options)
    assert [row["document_id"] for row in lines(tmp_path / "out" / "rows")] == ["d1", "d1"]


@pytest.mark.parametrize(
    ("header", "options", "words"),
    [
        ("text,label", Options(), "column label of the input .* rename it, or leave it out .* `keep`"),
        ("text,index", Options(unit=Unit.DOCUMENT), "column index"),
        ("body", Options(), "no column 'text'; there are: body. Give another `text_column`"),
        ("text", Options(id_column="id"), "Give another `id_column`"),
        ("text", Options(keep=("outlet",)), "`keep`: no column outlet; there are: text"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    header: str, options: Options, words: str, tmp_path: Path
) -> None:
    """Before the first row, and nothing is written."""
    (tmp_path / "a.csv").write_text(f"{header}\n")
    with pytest.raises(InputError, match=words):
        score_here(tmp_path / "a.csv", tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


def test_a_clash_is_solved_by_keep(tmp_path: Path) -> None:
    """The column of the input that is not kept makes room."""
    (tmp_path / "a.csv").write_text("text,label\nIt fell.,x\n")
    score_here(tmp_path / "a.csv", tmp_path / "out", Options(keep=("text",), format=Output.JSONL))
    assert lines(tmp_path / "out" / "rows")[0]["label"] in stance.LABELS


def test_context_is_refused_where_it_cannot_be(reading: Path, tmp_path: Path) -> None:
    """By a model that reads none, in the way of the other unit, and from a column that is not there."""
    (tmp_path / "a.csv").write_text("text,previous,n\nIt fell.,It rose.,1\n")
    for options, model, words in (
        (Options(context_column="previous"), TINY, "reads no context"),
        (Options(context=True, unit=Unit.DOCUMENT), TINY, "reads no context"),
        (Options(context_column="previous", unit=Unit.DOCUMENT), reading, "for documents take `context`"),
        (Options(context=True), reading, "as `context_column`"),
        (Options(context_column="before"), reading, "no column 'before'; .* Give another `context_column`"),
    ):
        with pytest.raises(StanceError, match=words):
            score_here(tmp_path / "a.csv", tmp_path / "out", options, model=model)
    assert not (tmp_path / "out").exists()
