"""The commands of corpora, as a person or a script uses them."""

import json
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import SENTENCES, TINY
from .conftest import lines

Finished = subprocess.CompletedProcess[str]


def stance(*arguments: str | Path, **options: object) -> Finished:
    """Run a command in a process of its own."""
    command = [sys.executable, "-Im", "stance", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("corpus") / "a.jsonl"
    rows = [{"day": f"2024-0{1 + n % 3}-01", "text": text} for n, text in enumerate(SENTENCES)]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"text": None}]))
    return file


@pytest.fixture(scope="module")
def scored(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A run, and what it said."""
    out = tmp_path_factory.mktemp("run") / "out"
    options = ["--format", "jsonl", "--model", TINY, "--workers", "1"]
    return out, stance("score", corpus, "--out", out, *options)


def test_score_says_what_it_did_as_json(scored: tuple[Path, Finished]) -> None:
    """Where standard error is no terminal, each line is an object; the last one is the summary."""
    out, finished = scored
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == ""
    last = [json.loads(line) for line in finished.stderr.splitlines()][-1]
    assert (last["event"], last["read"], last["scored"], last["rejected"]) == ("done", 7, 6, 1)
    assert json.loads((out / "summary.json").read_text()).items() <= last.items()
    assert len(lines(out / "rows")) == 6
    assert lines(out / "rejected")[0]["row"] == 7


def test_a_terminal_gets_a_bar_and_a_table(corpus: Path, scored: tuple[Path, Finished]) -> None:
    """Here of a run that has nothing left to do; and --quiet gets nothing."""
    out, _ = scored
    command = [sys.executable, "-Im", "stance", "score", str(corpus), "--out", str(out), "--format", "jsonl"]
    command += ["--model", str(TINY), "--workers", "1"]
    parent, child = pty.openpty()
    subprocess.run(command, stderr=child, check=True)
    os.close(child)
    shown = os.read(parent, 100_000).decode()
    assert "7 rows" in shown
    assert "1 rejected" in shown
    assert "rows scored" in shown
    assert subprocess.run([*command, "--quiet"], capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "/nowhere.csv", "--out", "OUT"], "/nowhere.csv: no such file or folder"),
        (["score", "CORPUS", "--out", "OUT", "--text-column", "body"], "there are: day, text"),
        (["score", "CORPUS", "--out", "OUT", "--model", "/nowhere"], "no model folder"),
        (["score", "CORPUS", "--out", "/proc/out"], "/proc/out"),
        (
            ["score", "CORPUS", "--out", "OUT", "--model", str(TINY), "--unit", "document", "--context"],
            "reads no context",
        ),
        (
            ["score", "CORPUS", "--out", "OUT", "--model", str(TINY), "--context-column", "before"],
            "reads no context",
        ),
        (
            ["score", "CORPUS", "--out", "RUN", "--model", str(TINY)],
            'options.format (was "jsonl", is "parquet")',
        ),
        (["score", "CORPUS", "--out", "OUT", "--device", "cuda:99"], "device cuda:99"),
        (["score", "CORPUS", "--out", "OUT", "--device", "cuda:1", "--engine", "ray"], "take cuda"),
        (["report", "OUT", "--by", "day", "--out", "PAGE"], "`stance score` wrote was expected"),
        (["report", "RUN", "--out", "PAGE"], "`over` one of dates, or `by` one of groups"),
        (["report", "RUN", "--by", "outlet", "--out", "PAGE"], "no column 'outlet'"),
        (["report", "RUN", "--over", "text", "--out", "PAGE"], "no row with a date in column 'text'"),
        (["report", "RUN", "--by", "day", "--out", "/nowhere/page.html"], "/nowhere/page.html"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, corpus: Path, scored: tuple[Path, Finished], tmp_path: Path
) -> None:
    """What came and what was expected; never a traceback."""
    places = {"CORPUS": corpus, "OUT": tmp_path / "out", "RUN": scored[0], "PAGE": tmp_path / "page.html"}
    finished = stance(*(places.get(word, word) for word in arguments))
    assert finished.returncode == 2
    assert words in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_a_full_disk_is_one_line_and_the_run_goes_on(tmp_path: Path, scored: tuple[Path, Finished]) -> None:
    """A limit on the size of files stands for the disk; with room the same command finishes."""
    (tmp_path / "a.txt").write_text("".join(f"It fell {number}.\n" for number in range(300)))
    command = ["score", tmp_path / "a.txt", "--out", tmp_path / "out", "--model", TINY, "--workers", "1"]

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, resource.RLIM_INFINITY))

    finished = stance(*command, preexec_fn=little_room)
    assert finished.returncode == 2
    assert finished.stderr.count("\n") == 1
    assert "the same command goes on" in finished.stderr
    assert stance(*command).returncode == 0
    assert len(list((tmp_path / "out" / "rows").iterdir())) == 1


@pytest.mark.parametrize("option", ["--over", "--by"])
def test_report_writes_a_page(option: str, scored: tuple[Path, Finished], tmp_path: Path) -> None:
    """One page that loads nothing, with a plot and a table."""
    finished = stance("report", scored[0], option, "day", "--out", tmp_path / "page.html")
    assert finished.returncode == 0, finished.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "http" not in page
    assert page.count("<tr>") == 1 + 3


def test_every_command_explains_itself() -> None:
    """Help of a forwarded command is its own."""
    for command, option in {"score": "--max-rejected", "report": "--over"}.items():
        assert command in stance("--help").stdout
        assert option in stance(command, "--help", env={**os.environ, "COLUMNS": "200"}).stdout
