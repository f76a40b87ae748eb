"""Evaluating a model, comparing two, and the report."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

import stance
from stance.errors import InputError, ModelError, OutputError
from stance.predictions import Span
from stance.train.data import LabelledAct, LabelledSentence
from stance.train.evaluate import FEWEST_IN_SLICE, MOST_MISTAKES, compare, evaluate
from stance.train.report import PLOTS, write_report

from ..conftest import SENTENCES


@pytest.fixture(scope="module")
def rows(tiny: stance.Classifier) -> list[LabelledSentence]:
    """Sentences whose labels are the tiny model's own, but for every fifth."""
    rows = []
    for number in range(100):
        text = f"{SENTENCES[number % 6]} <b>{number}</b>"
        label = tiny.classify(text).label if number % 5 else "denial"
        acts = (LabelledAct("hedge", Span.of(text, 0, 4)),)
        rows.append(LabelledSentence(text, label, None, acts, str(number % 2), number + 1))
    return rows


def test_figures_and_mistakes_agree(tiny: stance.Classifier, rows: list[LabelledSentence]) -> None:
    """Accuracy is what the mistakes leave; they come with the most confident first."""
    evaluation = evaluate(tiny, rows)
    wrong = [row for row in rows if tiny.classify(row.text).label != row.label]
    assert evaluation.scores.accuracy == pytest.approx(1 - len(wrong) / len(rows))
    assert {mistake.row for mistake in evaluation.mistakes} == {row.row for row in wrong}
    confidences = [mistake.confidence for mistake in evaluation.mistakes]
    assert 0 < len(confidences) <= MOST_MISTAKES
    assert confidences == sorted(confidences, reverse=True)


def test_slices_cover_labels_lengths_cues_and_groups(
    tiny: stance.Classifier, rows: list[LabelledSentence]
) -> None:
    """Each slice says how many rows it has; small ones are left out."""
    slices = evaluate(tiny, rows).slices
    assert {part.kind for part in slices} == {"label", "length", "cue", "group"}
    assert sum(part.rows for part in slices if part.kind == "group") == 100
    assert all(part.rows >= FEWEST_IN_SLICE for part in slices)


def test_the_report_is_whole(tiny: stance.Classifier, rows: list[LabelledSentence], tmp_path: Path) -> None:
    """JSON with every figure, a PNG for each plot, and a page that loads nothing and escapes text."""
    evaluation = evaluate(tiny, rows)
    write_report(evaluation, tmp_path / "new" / "report")
    figures = json.loads((tmp_path / "new/report/evaluation.json").read_text())
    assert figures["scores"]["macro_f1"] == evaluation.scores.macro_f1
    for name in PLOTS:
        assert (tmp_path / f"new/report/{name}.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "new/report/evaluation.html").read_text()
    assert page.count("data:image/png;base64,") == len(PLOTS)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_a_report_that_cannot_be_written_is_refused(
    tiny: stance.Classifier, rows: list[LabelledSentence], tmp_path: Path
) -> None:
    """The path is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_report(evaluate(tiny, rows), tmp_path / "file")


def test_a_model_is_no_better_than_itself(tiny: stance.Classifier, rows: list[LabelledSentence]) -> None:
    """No flips, no gain, and the verdict says that there is no difference."""
    comparison = compare(tiny, tiny, rows)
    assert comparison.flips == ()
    assert comparison.ahead == 0
    assert comparison.verdict.startswith("no difference: ")
    assert "ahead" not in comparison.verdict


def test_unknown_labels_and_no_rows_are_refused(tiny: stance.Classifier) -> None:
    """The known labels are listed, with the nearest."""
    with pytest.raises(InputError, match=r"row 3: unknown label 'denail'.*meant denial"):
        evaluate(tiny, [LabelledSentence("It fell.", "denail", row=3)])
    with pytest.raises(InputError, match="at least one"):
        evaluate(tiny, [])


@pytest.fixture(scope="module")
def told(reader: stance.Classifier) -> list[LabelledSentence]:
    """Sentences whose labels are the reading model's own, after what most of them have before them."""
    before = [SENTENCES[number % 4] if number % 4 else None for number in range(80)]
    texts = [f"{SENTENCES[number % 6]} {number}" for number in range(80)]
    labels = [one.label for one in reader.classify_many(texts, contexts=before)]
    return [
        LabelledSentence(text, label, context=context)
        for text, label, context in zip(texts, labels, before, strict=True)
    ]


def test_slices_say_what_contexts_give(
    reader: stance.Classifier, told: list[LabelledSentence], tmp_path: Path
) -> None:
    """All are read with what they have; those with a context are measured without it too."""
    evaluation = evaluate(reader, told)
    slices = {part.name: part for part in evaluation.slices if part.kind == "context"}
    alone = [reader.classify(row.text).label == row.label for row in told if row.context]
    assert evaluation.scores.accuracy == 1.0
    assert {name: part.rows for name, part in slices.items()} == {
        "with context": 60,
        "without context": 60,
        "no context given": 20,
    }
    assert slices["with context"].accuracy == slices["no context given"].accuracy == 1.0
    assert slices["without context"].accuracy == pytest.approx(sum(alone) / 60) != 1.0
    write_report(evaluation, tmp_path)
    written = json.loads((tmp_path / "evaluation.json").read_text())["slices"]
    assert [part for part in written if part["kind"] == "context"] == [asdict(s) for s in slices.values()]
    assert "By context" in (tmp_path / "evaluation.html").read_text()


def test_a_model_that_reads_no_context_is_compared_without(
    tiny: stance.Classifier, reader: stance.Classifier, told: list[LabelledSentence]
) -> None:
    """The other is shown all; where neither reads contexts, they are refused."""
    comparison = compare(tiny, reader, told)
    assert comparison.ahead > 0
    assert all(flip.second == flip_of(told, flip.text) for flip in comparison.flips)
    with pytest.raises(ModelError, match="reads no context"):
        compare(tiny, tiny, told)
    with pytest.raises(ModelError, match="reads no context"):
        evaluate(tiny, told)


def flip_of(rows: list[LabelledSentence], text: str) -> str:
    """The label of a text."""
    return next(row.label for row in rows if row.text == text)
