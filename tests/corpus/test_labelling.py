"""What a worker does with a part."""

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
from stance.errors import InputError, OutputError
from stance.session import CpuSession

from ..conftest import PLAIN, SENTENCES, TINY
from .conftest import lines, score_here, tree


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


def test_a_run_does_not_go_on_with_another_device(sheet: Path, tmp_path: Path) -> None:
    """A GPU labels a few sentences otherwise; the two are told apart before anything is labelled."""
    score_here(sheet, tmp_path / "out", Options(text_column="body"))
    before = tree(tmp_path / "out")
    with pytest.raises(OutputError, match=r'options\.device \(was "cpu", is "cuda"\)'):
        score_here(sheet, tmp_path / "out", Options(text_column="body", device="cuda"))
    assert tree(tmp_path / "out") == before


def test_rows_are_told_of_until_the_last_is_labelled(sheet: Path, tmp_path: Path) -> None:
    """Where they are labelled one by one; what comes after that is of no row."""
    out = Folder.at(tmp_path / "out")
    run = Run.planned(sheet, folder=out, options=Options(text_column="body"), model=TINY)
    rows = tuple({"id": str(number), "body": text, "outlet": ""} for number, text in enumerate(SENTENCES))
    told: list[int | None] = []
    Labeller(run.plan)(Part(0, 1, len(rows), rows, 0), Care(1), told.append)
    assert told == [*range(len(rows)), None]
