"""What a worker does with a part, and what the options make of it."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from pyarrow.csv import write_csv

import stance
from stance.bundle import open_bundle
from stance.choices import Unit
from stance.corpus.folder import Folder
from stance.corpus.labelling import MOST_REMEMBERED, Care, Labeller, Memory
from stance.corpus.layout import Options, Output
from stance.corpus.parts import Part
from stance.corpus.scoring import Run
from stance.corpus.writers import COLUMN_READERS
from stance.errors import InputError, OutputError, StanceError
from stance.session import CpuSession

from ..conftest import PLAIN, SENTENCES, TINY
from .conftest import lines, score_here, tree


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Rows with an id and a column of another name."""
    file = tmp_path / "sheet.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            [["id", "body", "outlet"], *([n, t, "Post"] for n, t in enumerate(SENTENCES))]
        )
    return file


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


def test_columns_are_chosen(sheet: Path, tmp_path: Path) -> None:
    """--keep, --id-column and --labels-only leave what was asked for."""
    options = Options("body", id_column="id", keep=("outlet",), format=Output.JSONL, labels_only=True)
    score_here(sheet, tmp_path / "out", options)
    assert list(lines(tmp_path / "out" / "rows")[0]) == ["id", "outlet", "label", "confidence"]


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


def test_memory_changes_no_answer(tiny: stance.Classifier) -> None:
    """Repeated or not, before or after others have pushed it out; and it does not grow without end."""
    memory = Memory(tiny)
    texts = [*SENTENCES, *SENTENCES[:2], "", "It denied that. " * 100]
    expected = list(tiny.classify_many(texts))
    assert memory.classify_many(texts) == expected
    assert memory.classify_many(texts) == expected
    memory._answers |= {(str(number), None): expected[0] for number in range(2 * MOST_REMEMBERED)}
    assert memory.classify_many(texts) == expected
    assert len(memory._answers) == MOST_REMEMBERED


def test_memory_is_short_where_company_touches_answers() -> None:
    """What comes of a part does not depend on what was asked before it: the network is asked again."""

    class Rounding(CpuSession):
        is_exact = False
        asked = 0

        def logits(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            self.asked += len(ids)
            return super().logits(ids)

    bundle = open_bundle(TINY)
    session = Rounding(bundle, threads=1)
    memory = Memory(stance.Classifier(bundle, session))
    for times in (1, 2):
        memory.classify_many([*SENTENCES, *SENTENCES])
        assert session.asked == times * len(SENTENCES)


def test_memory_tells_contexts_apart(reader: stance.Classifier) -> None:
    """One sentence after different ones, and after none, before and after it is remembered."""
    memory = Memory(reader)
    texts, contexts = (
        ["It fell.", "It fell.", "It fell.", "It fell."],
        ["It rose.", None, "He left.", "It rose."],
    )
    expected = list(reader.classify_many(texts, contexts=contexts))
    assert len({answer.confidence for answer in expected}) == 3
    assert memory.classify_many(texts, contexts) == memory.classify_many(texts, contexts) == expected
    assert memory.classify_many(texts) == [expected[1]] * 4


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_sentences_are_read_with_their_context(
    reading: Path, reader: stance.Classifier, suffix: str, tmp_path: Path
) -> None:
    """From a column that may be null, also for all rows at the head of a file."""
    before = [None] * 1200 + ["It denied the visit.", ""]
    rows = [{"previous": context, "text": SENTENCES[0]} for context in before]
    table = pa.Table.from_pylist(rows)
    file = tmp_path / f"a.{suffix}"
    match suffix:
        case "csv":
            write_csv(table, file)
        case "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case _:
            parquet.write_table(table, file)
    options = Options(context_column="previous", format=Output.JSONL, acts=True)
    summary = score_here(file, tmp_path / "out", options, model=reading)
    expected = list(reader.classify_many([SENTENCES[0]] * 3, contexts=before[-3:], acts=True))
    found = lines(tmp_path / "out" / "rows")
    assert summary.rejected == 0
    assert [row["confidence"] for row in found[-3:]] == [one.confidence for one in expected]
    assert found[-1]["confidence"] == found[0]["confidence"] != found[-2]["confidence"]
    assert found[-2]["previous"] == before[-2]


def test_documents_are_read_with_context_as_read_does(
    reading: Path, reader: stance.Classifier, tmp_path: Path
) -> None:
    """Each sentence with the one before it in its own document; an empty document is no context."""
    texts = [" ".join(SENTENCES), " ", "He denied it. She confirmed that."]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    options = Options(context=True, unit=Unit.DOCUMENT, format=Output.JSONL, acts=True)
    score_here(tmp_path / "in.jsonl", tmp_path / "out", options, model=reading)
    expected = [one for text in texts for one in reader.read(text, context=True).predictions]
    found = [row for row in lines(tmp_path / "out" / "rows") if row["reason"] != "empty"]
    assert [row["confidence"] for row in found] == [one.confidence for one in expected]
    assert [row["acts"] for row in found] == [one.to_dict()["acts"] for one in expected]


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


def test_a_run_with_context_does_not_go_on_without(reading: Path, tmp_path: Path) -> None:
    """The manifest holds what was read."""
    (tmp_path / "a.csv").write_text("text,previous\nIt fell.,It rose.\n")
    score_here(tmp_path / "a.csv", tmp_path / "out", Options(context_column="previous"), model=reading)
    with pytest.raises(OutputError, match="context_column"):
        score_here(tmp_path / "a.csv", tmp_path / "out", Options(), model=reading)


def test_too_many_rejections_stop_a_run(tmp_path: Path) -> None:
    """The message says how many, mostly why, and where they are; without the limit the run goes on."""
    (tmp_path / "a.jsonl").write_text('{"text": "It fell."}\n{"text": null}\n{"text": null}\n')
    with pytest.raises(
        InputError, match=r"2 of 3 rows rejected \(66.7%; 50.0% was allowed\), mostly: no text"
    ):
        score_here(tmp_path / "a.jsonl", tmp_path / "out", max_rejected=0.5)
    assert score_here(tmp_path / "a.jsonl", tmp_path / "out").rejected == 2
    score_here(tmp_path / "a.jsonl", tmp_path / "other")
    assert tree(tmp_path / "out") == tree(tmp_path / "other")


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


def test_what_the_first_stage_answers_is_counted(staged: Path, tmp_path: Path) -> None:
    """In the summary and row by row; it can be left out."""
    source = tmp_path / "in.txt"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    for first_stage in (True, False):
        out = tmp_path / f"out-{first_stage}"
        summary = score_here(source, out, Options(format=Output.JSONL, first_stage=first_stage), model=staged)
        answered = [row["text"] for row in lines(out / "rows") if row["reason"] == "plain"]
        assert answered == ([PLAIN] if first_stage else [])
        assert summary.plain == len(answered)


def test_what_a_cascade_leaves_to_its_second_model_is_counted(pair: str, tmp_path: Path) -> None:
    """And the model of each row is the one that answered, in every worker."""
    source = tmp_path / "in.txt"
    source.write_text("\n".join(SENTENCES), encoding="utf-8")
    summary = score_here(source, tmp_path / "out", Options(format=Output.JSONL), model=pair)
    expected = [(one.label, one.model) for one in stance.load(pair).classify_many(SENTENCES)]
    assert [(row["label"], row["model"]) for row in lines(tmp_path / "out" / "rows")] == expected
    second = [model for _, model in expected if model.startswith("second@")]
    assert 0 < summary.deferred == len(second) < len(SENTENCES)


def test_documents_name_their_sources_as_reading_does(tiny: stance.Classifier, tmp_path: Path) -> None:
    """The same acts, with the same first full mentions."""
    text = " ".join(SENTENCES)
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"text": text}), encoding="utf-8")
    options = Options(unit=Unit.DOCUMENT, format=Output.JSONL, acts=True)
    score_here(source, tmp_path / "out", options)
    expected = [prediction.to_dict()["acts"] for prediction in tiny.read(text).predictions]
    assert [row["acts"] for row in lines(tmp_path / "out" / "rows")] == expected


def test_a_run_does_not_go_on_with_another_device(sheet: Path, tmp_path: Path) -> None:
    """A GPU labels a few sentences otherwise; the two are told apart before anything is labelled."""
    score_here(sheet, tmp_path / "out", Options(text_column="body"))
    before = tree(tmp_path / "out")
    with pytest.raises(OutputError, match=r'options\.device \(was "cpu", is "cuda"\)'):
        score_here(sheet, tmp_path / "out", Options(text_column="body", device="cuda"))
    assert tree(tmp_path / "out") == before


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


def test_rows_are_told_of_until_the_last_is_labelled(sheet: Path, tmp_path: Path) -> None:
    """Where they are labelled one by one; what comes after that is of no row."""
    out = Folder.at(tmp_path / "out")
    run = Run.planned(sheet, folder=out, options=Options(text_column="body"), model=TINY)
    rows = tuple({"id": str(number), "body": text, "outlet": ""} for number, text in enumerate(SENTENCES))
    told: list[int | None] = []
    Labeller(run.plan)(Part(0, 1, len(rows), rows, 0), Care(1), told.append)
    assert told == [*range(len(rows)), None]
