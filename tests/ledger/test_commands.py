"""The command of ledgers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance.errors import InputError
from stance.ledger.commands import app

from .conftest import ARTICLES

NAMES = ["--id-column", "id", "--date-column", "date", "--outlet-column", "outlet"]


def test_it_builds_and_compares(tmp_path: Path, write: Callable[..., Path]) -> None:
    """A ledger is built; copied and grown, it says what differs from the copy."""
    first, more = write("first", ARTICLES[:1]), write("more", ARTICLES[1:])
    yesterday, today = str(tmp_path / "yesterday"), str(tmp_path / "today")
    runner = CliRunner()
    for out in (yesterday, today):
        done = runner.invoke(app, ["ledger", str(first), "--out", out, *NAMES])
        assert "1 articles" in done.stderr
    grown = runner.invoke(app, ["ledger", str(more), "--out", today, "--diff", yesterday, "-q", *NAMES])
    assert [json.loads(line)["kind"] for line in grown.stdout.splitlines()] == ["changed", "new"]
    assert not grown.stderr.strip()
    table = runner.invoke(app, ["ledger", "--out", today, "--diff", yesterday, "-f", "csv"])
    assert [line.split(",")[0] for line in table.stdout.splitlines()] == ["kind", "changed", "new"]


def test_a_folder_may_have_any_name(tmp_path: Path, write: Callable[..., Path]) -> None:
    """Brackets in it are brackets, not a style."""
    out = tmp_path / "runs[/v2]"
    done = CliRunner().invoke(app, ["ledger", str(write("in", ARTICLES[:1])), "--out", str(out), *NAMES])
    assert done.exit_code == 0
    assert f"see {out}" in done.stderr


def test_dates_that_cannot_be_read_are_said(tmp_path: Path, write: Callable[..., Path]) -> None:
    """How many, with one of them and its row."""
    source = write("in", [(name, "03/04/2024", *rest) for name, _, *rest in ARTICLES])
    done = CliRunner().invoke(app, ["ledger", str(source), "--out", str(tmp_path / "out"), *NAMES])
    assert f"3 dates were not read, such as '03/04/2024' ({source}:1)" in done.stderr
    assert "ISO 8601" in done.stderr


def test_too_little_is_one_message() -> None:
    """Without articles, or a ledger to compare, it says what to give."""
    with pytest.raises(InputError, match="--diff"):
        CliRunner().invoke(app, ["ledger", "--out", "x"], catch_exceptions=False)
