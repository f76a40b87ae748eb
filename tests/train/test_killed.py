"""`stance train`, killed while it writes the model folder."""

import json
import signal
import sys
from pathlib import Path
from subprocess import run

import pytest
from typer.testing import CliRunner

from stance.bundle import open_bundle
from stance.train.commands import app

from ..conftest import TINY

MOMENTS = {
    "the folder is empty": ("open", ".mine.partial/config.json"),
    "the weights are there": ("open", ".mine.partial/model.onnx"),
    "all but its place is right": ("os.rename", ".mine.partial"),
}
"""By name: the event of the interpreter before which the process is killed, and where its path ends."""

KILLED = """
import os, signal, sys
event, end = sys.argv.pop(1), sys.argv.pop(1)
def watch(what, given):
    if what == event and str(given[0]).endswith(end):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
from stance.cli import main
main()
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Train the tiny encoder; where to is left open."""
    file = tmp_path_factory.mktemp("data") / "rows.jsonl"
    rows = [
        {"text": f"{start} {'abcdefghij'[n % 10] * (1 + n // 10)}.", "label": label}
        for start, label in (("It denied", "yes"), ("Talks resume on", "no"))
        for n in range(30)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fit = ["--base", str(TINY), "--all-weights", "--epochs", "2", "--batch-size", "8", "--max-flips", "1"]
    return ["train", str(file), *fit, "--learning-rate", "0.005", "--out"]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_killing_the_export_leaves_no_half_folder(command: list[str], tmp_path: Path) -> None:
    """Nothing stands in its place, and the resumed run ends in the same bytes as one left in peace."""
    peace, out = tmp_path / "peace" / "mine", tmp_path / "killed" / "mine"
    assert CliRunner().invoke(app, [*command, str(peace)]).exit_code == 0
    for moment in MOMENTS.values():
        program = [sys.executable, "-Ic", KILLED, *moment, *command, str(out), "--resume"]
        assert run(program, capture_output=True, check=False).returncode == -signal.SIGKILL
        assert (out.parent / ".mine.partial").is_dir()
        assert not out.exists()
    assert CliRunner().invoke(app, [*command, str(out), "--resume"]).exit_code == 0
    open_bundle(out, every_file=True)
    assert files(out) == files(peace)
    assert sorted(path.name for path in out.parent.iterdir()) == ["mine", "mine.work"]
