"""The run: killed at any moment, nothing is lost, doubled or left over."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stance.corpus import score
from stance.corpus.journal import ROWS

from ..conftest import SENTENCES, TINY
from .conftest import tree

ROWS_OF_CORPUS = 2_430
"""Documents; a part takes 200."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files with good and bad rows, that make fourteen parts."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = [f"{number},{SENTENCES[number % 4]}" for number in range(ROWS_OF_CORPUS)]
    rows[7::500] = ["one cell too many,a,b"] * len(rows[7::500])
    (folder / "a.csv").write_text("\n".join(["id,text", *rows[:1_215]]), encoding="utf-8")
    (folder / "b.csv").write_text("\n".join(["id,text", *rows[1_215:]]), encoding="utf-8")
    return folder


def command(corpus: Path, out: Path, workers: int) -> list[str]:
    options = ["--out", str(out), "--unit", "document", "--model", str(TINY), "--workers", str(workers)]
    return [sys.executable, "-Im", "stance", "score", str(corpus), *options]


def wait_for_parts(process: subprocess.Popen[bytes], out: Path, count: int) -> None:
    """Wait until a run has written some parts, or has ended."""
    rows = out / ROWS
    while process.poll() is None and not (rows.is_dir() and len(list(rows.glob("*.parquet"))) >= count):
        time.sleep(0.002)


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run that nobody stops writes, with one worker."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    subprocess.run(command(corpus, out, 1), check=True, capture_output=True)
    return tree(out)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(
    workers: int, corpus: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """With SIGKILL, when some number of parts was written; and what was done is not done again."""
    out = tmp_path / "out"
    for target in sorted(random.Random(workers).sample(range(13), 2)):
        process = subprocess.Popen(command(corpus, out, workers), stderr=subprocess.DEVNULL)
        wait_for_parts(process, out, target + 1)
        process.kill()
        process.wait()
    done = {name: (out / name).stat().st_mtime_ns for name in journalled(out)}
    finished = subprocess.run(command(corpus, out, workers), check=False, capture_output=True)
    assert finished.returncode == 0, finished.stderr
    assert tree(out) == undisturbed
    assert done == {name: (out / name).stat().st_mtime_ns for name in done}


def journalled(out: Path) -> list[str]:
    """The files of the parts that are done."""
    whole = [
        line for line in (out / "journal.jsonl").read_text().splitlines(keepends=True) if line[-1] == "\n"
    ]
    return [name for line in whole for name in json.loads(line)["files"]]


def test_workers_do_not_outlive_the_run(corpus: Path, tmp_path: Path) -> None:
    """A main process that is killed takes its workers with it."""
    reader, writer = os.pipe()
    process = subprocess.Popen(command(corpus, tmp_path / "out", 2), stderr=writer, pass_fds=[writer])
    os.close(writer)
    wait_for_parts(process, tmp_path / "out", 1)
    process.kill()
    with os.fdopen(reader) as stream:
        stream.read()  # ends when the last process that could write there has ended


@pytest.fixture
def heeded() -> Iterator[None]:
    """Processes heed SIGINT, which the jobs of a script and all that they start are born ignoring."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_an_interrupt_leaves_a_run_that_goes_on(
    corpus: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """Ctrl-C, which reaches the workers too: one line, exit code 130, nothing by half."""
    for attempt, parts in enumerate([1, 1, 1, 0]):  # workers have yet to start when there is but the folder
        out = tmp_path / f"out-{attempt}"
        process = subprocess.Popen(command(corpus, out, 1), stderr=subprocess.PIPE, start_new_session=True)
        wait_for_parts(process, out, parts)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
        if process.returncode:
            break  # else it was done before it heard of it
    assert process.returncode == 130, said
    assert [line for line in said.decode().splitlines() if not line.startswith("{")] == [
        "stance: stopped; the same command goes on where it was"
    ]
    subprocess.run(command(corpus, out, 2), check=True, capture_output=True)
    assert tree(out) == undisturbed


def test_a_killed_worker_is_replaced(corpus: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    """Its part is done again, what it left unfinished goes, and the twin writes what the command writes."""
    out = tmp_path / "out"
    killed = []

    def kill_one(_: object) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        workers = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if workers and not killed:
            killed.append(workers[0])
            os.kill(int(workers[0]), signal.SIGKILL)
            (out / "rows" / "part.unfinished").write_bytes(b"PAR1")

    summary = score(str(corpus), out=out, unit="document", model=TINY, workers=1, report=kill_one)
    assert killed
    assert summary.read == ROWS_OF_CORPUS
    assert tree(out) == undisturbed
