"""The command line, as a person or a script uses it."""

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import stance
from stance import cli

from .conftest import PLAIN, SENTENCES, TINY

COMMANDS = get_command(cli.app).commands

Finished = subprocess.CompletedProcess[str]


def run(*arguments: str, stdin: bytes = b"", model: Path = TINY, **options: object) -> Finished:
    """Run a command in a process of its own."""
    command = [sys.executable, "-Im", "stance", *arguments]
    if arguments and arguments[0] in {"classify", "read", "demo", "info"}:
        command += ["--model", str(model)]
    finished = subprocess.run(command, input=stdin, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    return Finished(command, finished.returncode, finished.stdout.decode(), finished.stderr.decode())


def rows(finished: Finished) -> list[dict]:
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_classify_gives_what_python_gives(tiny: stance.Classifier) -> None:
    """A row holds exactly the prediction."""
    expected = [tiny.classify(text).to_dict() for text in SENTENCES]
    assert rows(run("classify", *SENTENCES)) == expected
    lines = "\n".join(SENTENCES).encode()
    assert rows(run("classify", "--input", "-", stdin=lines)) == expected


def test_read_gives_what_python_gives(tiny: stance.Classifier, tmp_path: Path) -> None:
    """A row a sentence, with its place in the file's text."""
    text = "\n\n".join(SENTENCES)
    (tmp_path / "article.txt").write_text(text, encoding="utf-8")
    expected = list(tiny.read(text).rows())
    assert rows(run("read", str(tmp_path / "article.txt"))) == expected
    assert rows(run("read", "-", stdin=text.encode())) == expected


def test_every_line_has_its_row(tmp_path: Path) -> None:
    """Blank lines, bad bytes and control characters cost no row, and are reported."""
    (tmp_path / "lines.txt").write_bytes(b"It fell.\n\nIt \xff rose.\nA\x00B\n")
    finished = run("classify", "--input", str(tmp_path / "lines.txt"))
    found = rows(finished)
    assert [row["text"] for row in found] == ["It fell.", "", "It \ufffd rose.", "A\x00B"]
    assert found[1]["reason"] == "empty"
    assert "line 3, byte 4" in finished.stderr


def test_csv_has_a_column_for_each_value() -> None:
    """Probabilities are spread out, and quoting keeps what a sentence holds."""
    finished = run("classify", 'He said "no", twice.', "It fell.", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(finished.stdout)))
    assert [row["text"] for row in found] == ['He said "no", twice.', "It fell."]
    assert {f"p_{label}" for label in stance.LABELS} <= set(found[0])


def test_a_terminal_gets_a_table() -> None:
    """Labels and shares are for eyes; escape codes in a text do not reach the terminal."""
    parent, child = pty.openpty()
    command = [sys.executable, "-Im", "stance", "classify", "It fell.\x1b[31m", "--model", str(TINY)]
    with subprocess.Popen(command, stdout=child, stderr=child) as process:
        process.wait()
    os.close(child)
    shown = os.read(parent, 100_000).decode()
    assert "It fell.\ufffd[31m" in shown
    assert "%" in shown
    assert "{" not in shown


def test_demo_runs_the_main_job() -> None:
    """The article that ships has a headline, guillemets, a link line and a caption."""
    texts = [row["text"] for row in rows(run("demo", "--format", "jsonl"))]
    assert texts[0] == "Orlenia Denies Secret Arms Deal With Kastovia"
    assert any(text.startswith("«") for text in texts)
    assert any(text.startswith("Ms. Holt") for text in texts)
    assert any(text.startswith("Read more:") for text in texts)


def test_html_is_written_beside_a_requested_format(tmp_path: Path) -> None:
    """With --html alone there is only the page; with a format as well there are both."""
    page = tmp_path / "page.html"
    assert run("demo", "--html", str(page)).stdout == ""
    assert "<article>" in page.read_text(encoding="utf-8")
    assert rows(run("demo", "--html", str(page), "--format", "jsonl"))


def test_info_verifies_every_file(tiny_copy: Path) -> None:
    """It names the model and the devices, and finds what labelling would not read."""
    said = run("info").stdout
    assert "tiny@" in said
    assert "devices      cpu" in said
    (tiny_copy / "model.safetensors").write_bytes(b"")
    assert "model.safetensors" in run("info", model=tiny_copy).stderr


def test_the_first_stage_can_be_left_out(staged: Path) -> None:
    """By one option; `info` says whether there is one."""
    assert [row["reason"] for row in rows(run("classify", PLAIN, model=staged))] == ["plain"]
    assert [row["reason"] for row in rows(run("classify", PLAIN, "--no-first-stage", model=staged))] == [None]
    assert "first stage  answers" in run("info", model=staged).stdout


def test_an_article_is_read_with_context(reading: Path, reader: stance.Classifier, tmp_path: Path) -> None:
    """What the library gives; a model that reads none refuses in one line."""
    article = tmp_path / "article.txt"
    article.write_text("\n\n".join(SENTENCES), encoding="utf-8")
    found = rows(run("read", str(article), "--context", model=reading))
    expected = reader.read("\n\n".join(SENTENCES), context=True)
    assert [row["probabilities"] for row in found] == [
        dict(one.probabilities) for one in expected.predictions
    ]
    assert "context      read" in run("info", model=reading).stdout
    refused = run("read", str(article), "--context")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "reads no context" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["classify"], "--input"),
        (["classify", "It fell.", "--input", "-"], "--input"),
        (["classify", "--input", "/nowhere/file"], "/nowhere/file"),
        (["read", "/nowhere/file"], "/nowhere/file"),
        (["read", "/"], "directory"),
        (["demo", "--html", "/nowhere/page.html"], "/nowhere/page.html"),
        (["demo", "--format", "xml"], "xml"),
        (["classify", "It fell.", "--threads", "0"], "threads"),
        (["classify", "It fell.", "--device", "tpu"], "'tpu' came"),
        (["classify", "It fell.", "--device", "cuda:99"], "device cuda:99"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments: list[str], words: str) -> None:
    """What came and what was expected; never a traceback."""
    finished = run(*arguments)
    assert finished.returncode == 2
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("name", ["nowhere", "nowhere" * 50])
def test_a_missing_model_is_one_line_and_exit_code_2(tmp_path: Path, name: str) -> None:
    """The message names the place, even one that no file can have."""
    finished = run("classify", "It fell.", model=tmp_path / name)
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert "nowhere" in finished.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_exit_code_2() -> None:
    """An output that takes no more is an error, not a silence."""
    command = [sys.executable, "-Im", "stance", "demo", "--format", "jsonl", "--model", str(TINY)]
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert finished.returncode == 2
    assert len(finished.stderr.decode().splitlines()) == 1


def test_a_closed_pipe_is_not_an_error() -> None:
    """`stance demo | head -1` ends quietly."""
    command = f"{sys.executable} -Im stance demo --format jsonl --model {TINY} | head -1"
    finished = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert finished.stdout.count(b"\n") == 1
    assert finished.stderr == b""


def test_standard_output_is_utf8_whatever_the_locale() -> None:
    """As JSON lines and CSV are read; where it is no terminal."""
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "stance", "classify", "She said “no”.", "--model", str(TINY)]
    finished = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert json.loads(finished.stdout.decode())["text"] == "She said “no”."


def test_a_closed_standard_input_is_one_line() -> None:
    """As a script may leave it."""
    command = f"{sys.executable} -Im stance classify --input - --model {TINY} <&-"
    finished = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert (finished.returncode, len(finished.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    """It has a line in the help of all, help of its own, and a place in the README."""
    shown = CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "200"}).stdout
    assert re.search(rf"^\W*{command} +\w", shown, re.MULTILINE)
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"stance {command}" in readme
    own = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200"})
    assert own.exit_code == 0
    assert re.search(rf"Usage: .*\b{command}\b", own.stdout)


@pytest.mark.parametrize("module", cli.FORWARDED)
def test_a_command_is_described_alike_before_and_after_it_is_loaded(module: str) -> None:
    """By the first sentence of its docstring."""
    group = get_command(pytest.importorskip(module, exc_type=ImportError).app)
    for name, description in cli.FORWARDED[module].items():
        command = group.get_command(None, name)
        assert description == re.split(r"(?<=\.)\s", command.help)[0]
