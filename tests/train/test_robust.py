"""What goes wrong while a model is made, in processes that really die."""

import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stance.bundle import open_bundle

from ..conftest import TINY


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentences that take a tiny encoder a few epochs."""
    file = tmp_path_factory.mktemp("data") / "rows.csv"
    lines = [
        f"It denied {word * size}.,denial\nTalks {word * size} resume.,none"
        for word in "abcdefghij"
        for size in range(1, 7)
    ]
    file.write_text("\n".join(["text,label", *lines]))
    return file


def command(rows: Path, out: Path, *more: str) -> list[str]:
    """Return a command that trains a tiny model."""
    options = ["--epochs", "6", "--learning-rate", "0.002", "--batch-size", "4", "--precision", "fp32"]
    words = ["train", rows, "--base", TINY, "--out", out, *options, *more]
    return [sys.executable, "-Im", "stance", *map(str, words)]


def figures(folder: Path) -> str:
    """Return the card's figures, which are those on the development part."""
    return re.sub(r"# \w+", "", (folder / "README.md").read_text().partition("## How")[0]).replace(
        folder.name, ""
    )


def test_a_killed_run_resumes_to_the_same_figures(rows: Path, tmp_path: Path) -> None:
    """Killed at once after an epoch, in the middle of whatever came next, and nothing half is left."""
    subprocess.run(command(rows, tmp_path / "whole"), check=True, capture_output=True)
    with subprocess.Popen(command(rows, tmp_path / "killed"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 2"):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    finished = subprocess.run(
        command(rows, tmp_path / "killed", "--resume"), check=True, capture_output=True, text=True
    )
    assert not finished.stderr.startswith("epoch 1")
    assert figures(tmp_path / "killed") == figures(tmp_path / "whole")
    for name in ("whole", "killed"):
        open_bundle(tmp_path / name, every_file=True)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


def test_a_full_disk_is_one_line(rows: Path, tmp_path: Path) -> None:
    """Files that cannot grow stand for it: exit code 2, no traceback, no folder."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    finished = subprocess.run(
        command(rows, tmp_path / "mine"), capture_output=True, text=True, check=False, preexec_fn=small_files
    )
    assert finished.returncode == 2
    assert "Traceback" not in finished.stderr
    last = finished.stderr.strip().splitlines()[-1]
    assert last.startswith("stance: ")
    assert "cannot be written" in last
    assert not (tmp_path / "mine").exists()


def test_two_processes_learn_one_model(rows: Path, tmp_path: Path) -> None:
    """As `torchrun` starts them: one speaks and writes the folder, and both come to an end."""
    launch = [sys.executable, "-Im", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m"]
    words = command(rows, tmp_path / "mine", "--epochs", "2")[2:]
    finished = subprocess.run(
        [*launch, *words], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("mine: written") == 1
    assert finished.stderr.count("epoch 2 of 2") == 1
    assert open_bundle(tmp_path / "mine", every_file=True).labels
