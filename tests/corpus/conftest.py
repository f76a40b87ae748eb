"""What tests of corpora share: a run without worker processes, and the output as bytes or rows."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytest.importorskip("pyarrow")

from stance.choices import Unit
from stance.corpus import scoring
from stance.corpus.folder import Folder
from stance.corpus.journal import Done, Journal, Summary
from stance.corpus.labelling import Care, Labeller
from stance.corpus.layout import Options, Output
from stance.corpus.parts import Limits, Part
from stance.corpus.scoring import Run

from ..conftest import SENTENCES, TINY


def score_here(
    inputs: Path | list[Path],
    out: Path,
    options: Options | None = None,
    *,
    overwrite: bool = False,
    max_rejected: float | None = None,
    model: Path = TINY,
) -> Summary:
    """Score in this process; all but the worker processes is as in `score`. JSON lines by default."""
    options = options or Options(format=Output.JSONL)
    run = Run.planned(inputs, folder=Folder.at(out), options=options, model=model)

    def engine(parts: Iterator[Part]) -> Iterator[Done]:
        labeller = Labeller(run.plan)
        for part in parts:
            yield labeller(part, Care(part.count), lambda _: None)

    with Journal.opened(run.plan.out, run.manifest(), overwrite=overwrite) as journal:
        run.go(journal, engine, max_rejected=max_rejected, report=lambda _: None)
        return journal.finish(len(run.plan.files))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, with its content."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def lines(folder: Path) -> list[dict]:
    """The rows of all JSON lines files in a folder, in order."""
    files = sorted(folder.glob("*.jsonl"))
    return [
        json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line
    ]


@pytest.fixture(scope="module")
def small_parts() -> Iterator[None]:
    """A part of three rows shows what happens at its ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=3)))
        yield


def scored(name: str, content: bytes, rows: int | None) -> tuple[list[dict], list[dict]]:
    """Score a file; return what was labelled and what was rejected."""
    with TemporaryDirectory() as place:
        file, out = Path(place) / name, Path(place) / "out"
        file.write_bytes(content)
        summary = score_here(file, out)
        good, bad = lines(out / "rows"), lines(out / "rejected")
    assert summary.read == summary.scored + summary.rejected
    assert (summary.scored, summary.rejected) == (len(good), len(bad))
    assert rows is None or summary.read == rows
    return good, bad


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Rows with an id and a column of another name."""
    file = tmp_path / "sheet.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            [["id", "body", "outlet"], *([n, t, "Post"] for n, t in enumerate(SENTENCES))]
        )
    return file
