"""Tables and files of text to articles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from stance.choices import Unit
from stance.corpus.folder import Folder
from stance.corpus.sources import Source, find
from stance.errors import InputError
from stance.ledger.articles import Article, Columns, articles

TEXTS = ["It denied the deal.", "Parliament will debate."]


def sources(path: Path) -> tuple[Source, ...]:
    """The files of an input."""
    return find([str(path)], Folder.at(path.parent / "out"))


def read(path: Path, columns: Columns) -> tuple[list[Article], list[Mapping[str, Any]], list[object]]:
    """The articles of a file, what was rejected, and the dates that could not be read."""
    rejected: list[Mapping[str, Any]] = []
    undated: list[object] = []
    found = articles(
        sources(path),
        columns=columns,
        unit=Unit.SENTENCE,
        reject=rejected.append,
        undated=lambda _, date: undated.append(date),
    )
    return list(found), rejected, undated


def test_a_row_is_an_article(tmp_path: Path) -> None:
    """Named by its file and row, or by its id."""
    path = tmp_path / "news.csv"
    path.write_text(f"id,text,day,paper\n7,{TEXTS[0]},2026-03-01,Gazette\n8,{TEXTS[1]},,\n", encoding="utf-8")
    found, _, undated = read(path, Columns(id="id", date="day", outlet="paper"))
    assert found == [Article("7", TEXTS[0], "2026-03-01", "Gazette"), Article("8", TEXTS[1])]
    assert undated == []
    assert [article.id for article in read(path, Columns())[0]] == [f"{path}:1", f"{path}:2"]


def test_a_row_without_text_costs_only_itself(tmp_path: Path) -> None:
    """It is named, with its reason."""
    path = tmp_path / "news.parquet"
    parquet.write_table(pa.table({"text": [None, TEXTS[1]]}), path)
    found, rejected, _ = read(path, Columns())
    assert [article.text for article in found] == TEXTS[1:]
    assert [(one["row"], one["reason"]) for one in rejected] == [(1, "no text: column text is null")]


def test_what_is_no_column_of_texts_is_refused(tmp_path: Path) -> None:
    """One that is not there, that comes twice, or that holds something else; the message names the file."""
    path = tmp_path / "news.parquet"
    for table, told in (
        (pa.table({"body": TEXTS}), "no column 'text'; there are: body"),
        (pa.table([TEXTS, TEXTS], names=["text", "text"]), "a column name comes twice"),
        (pa.table({"text": [1, 2]}), "column 'text' holds int64, text was expected"),
    ):
        parquet.write_table(table, path)
        with pytest.raises(InputError, match=f"news.parquet: {told}"):
            read(path, Columns())


def test_a_date_that_python_cannot_hold_costs_only_itself(tmp_path: Path) -> None:
    """The article of the year 12000 comes without a date, and is told of; the others come with theirs."""
    days = pa.array([3_663_619, 20_513], pa.int32()).cast(pa.date32())
    path = tmp_path / "news.parquet"
    parquet.write_table(pa.table({"text": TEXTS, "day": days}), path)
    found, _, undated = read(path, Columns(date="day"))
    assert [article.date for article in found] == [None, "2026-03-01"]
    assert len(undated) == 1


def test_a_file_of_text_is_a_document_or_a_row_a_line(tmp_path: Path) -> None:
    """As the unit says; the byte order mark is no part of it."""
    path = tmp_path / "news.txt"
    path.write_text("\ufeff" + "\n".join(TEXTS), encoding="utf-8")

    def texts(unit: Unit) -> list[str]:
        found = articles(
            sources(path), columns=Columns(), unit=unit, reject=lambda _: None, undated=lambda *_: None
        )
        return [article.text for article in found]

    assert texts(Unit.DOCUMENT) == ["\n".join(TEXTS)]
    assert texts(Unit.SENTENCE) == TEXTS
