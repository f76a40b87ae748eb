"""What was read and what the model said of it, side by side, in every format."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import stance
from stance.choices import Unit
from stance.corpus.layout import Options, Output
from stance.corpus.writers import COLUMN_READERS

from ..conftest import SENTENCES
from .conftest import lines, score_here


def test_rows_hold_what_classify_gives(sheet: Path, tmp_path: Path, tiny: stance.Classifier) -> None:
    """All columns of the input, and then the prediction."""
    score_here(sheet, tmp_path / "out", Options(text_column="body", format=Output.JSONL))
    for number, (row, text) in enumerate(zip(lines(tmp_path / "out" / "rows"), SENTENCES, strict=True)):
        expected = tiny.classify(text).to_dict()
        assert expected.pop("acts") is None
        probabilities = {f"p_{label}": share for label, share in expected.pop("probabilities").items()}
        assert (
            row
            == {"id": str(number), "body": expected.pop("text"), "outlet": "Post"} | expected | probabilities
        )


def test_every_format_holds_the_same(sheet: Path, tmp_path: Path) -> None:
    """Parquet and JSON lines alike; CSV in its own spelling."""
    for form in Output:
        score_here(sheet, tmp_path / form, Options(text_column="body", format=form))
    rows = lines(tmp_path / "jsonl" / "rows")
    assert parquet.read_table(tmp_path / "parquet" / "rows").to_pylist() == rows
    (file,) = (tmp_path / "csv" / "rows").iterdir()
    with file.open(newline="", encoding="utf-8") as stream:
        cells = list(csv.DictReader(stream))
    assert [row["stances"].split() for row in cells] == [row["stances"] for row in rows]
    assert [float(row["p_denial"]) for row in cells] == [row["p_denial"] for row in rows]
    assert {row["truncated"] for row in cells} == {"false"}
    assert {row["reason"] for row in cells} == {""}


@pytest.mark.parametrize("identified", [True, False])
def test_documents_become_sentences(identified: bool, tmp_path: Path) -> None:
    """Each with its place in its document; an empty document is not lost, and the rest comes through."""
    texts = ["He denied it. She confirmed that.\n\nIt may rain.", "  ", "Nobody came."]
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate(texts)))
    options = Options(id_column="n" if identified else None, unit=Unit.DOCUMENT, format=Output.JSONL)
    summary = score_here(file, tmp_path / "out", options)
    rows = lines(tmp_path / "out" / "rows")
    assert (summary.read, summary.scored, summary.sentences) == (3, 3, 5)
    assert all(texts[row["n"]][row["start"] : row["end"]] == row["text"] for row in rows)
    assert [(row["n"], row["index"]) for row in rows] == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]
    assert rows[3]["reason"] == "empty"
    assert rows[4]["document_id"] == (2 if identified else f"{file}:3")


@pytest.mark.parametrize("form", list(Output))
def test_acts_come_with_their_sentences(tiny: stance.Classifier, tmp_path: Path, form: Output) -> None:
    """Nested columns, or JSON in a cell; the same as the classifier gives, and gone if not asked for."""
    source = tmp_path / "in.txt"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    score_here(source, tmp_path / "out", Options(format=form, acts=True))
    (file,) = (tmp_path / "out" / "rows").iterdir()
    found = [row[0] for row in COLUMN_READERS[form](file.read_bytes(), ["acts"])]
    expected = [tiny.classify(text, acts=True).to_dict()["acts"] for text in SENTENCES]
    assert [json.loads(acts) if form is Output.CSV and acts else acts or [] for acts in found] == expected
    score_here(source, tmp_path / "plain", Options(format=Output.JSONL))
    assert "acts" not in lines(tmp_path / "plain" / "rows")[0]


def test_what_is_unsure_is_written_so(tiny: stance.Classifier, tmp_path: Path) -> None:
    """The decision of a classifier that may abstain, with its reason."""
    source = tmp_path / "in.txt"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    score_here(source, tmp_path / "out", Options(format=Output.JSONL, abstain=True))
    expected = [(one.label, one.reason) for one in tiny.classify_many(SENTENCES, abstain=True)]
    assert [(row["label"], row["reason"]) for row in lines(tmp_path / "out" / "rows")] == expected
    assert any(label == "unsure" for label, _ in expected)


def test_documents_name_their_sources_as_reading_does(tiny: stance.Classifier, tmp_path: Path) -> None:
    """The same acts, with the same first full mentions."""
    text = " ".join(SENTENCES)
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"text": text}), encoding="utf-8")
    options = Options(unit=Unit.DOCUMENT, format=Output.JSONL, acts=True)
    score_here(source, tmp_path / "out", options)
    expected = [prediction.to_dict()["acts"] for prediction in tiny.read(text).predictions]
    assert [row["acts"] for row in lines(tmp_path / "out" / "rows")] == expected


@pytest.mark.parametrize("form", list(Output))
def test_a_value_that_python_has_not_is_written_as_text(tmp_path: Path, form: Output) -> None:
    """A date after the year 9999, in a row that is rejected and in one that is labelled; Parquet keeps it."""
    days = pa.array([1, 5_000_000, 5_000_000], pa.int32()).cast(pa.date32())
    table = pa.table({"text": ["He denied it.", None, "She may go."], "day": days})
    parquet.write_table(table, tmp_path / "in.parquet")
    assert score_here(tmp_path / "in.parquet", tmp_path / "out", Options(format=form)).scored == 2
    assert '"day": "15659-07-15"' in lines(tmp_path / "out" / "rejected")[0]["raw"]
    if form is Output.PARQUET:
        assert parquet.read_table(tmp_path / "out" / "rows")["day"].combine_chunks() == days.take([0, 2])
    else:
        (file,) = (tmp_path / "out" / "rows").iterdir()
        found = [row[0] for row in COLUMN_READERS[form](file.read_bytes(), ["day"])]
        assert found == ["1970-01-02", "15659-07-15"]
