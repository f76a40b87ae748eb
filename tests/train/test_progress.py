"""Showing how training goes."""

import re
from io import StringIO
from pathlib import Path
from shutil import rmtree

import pytest
from rich.console import Console

from stance.errors import MissingExtraError
from stance.train.data import LabelledSentence
from stance.train.fit import fit
from stance.train.progress import ShowProgress, tensorboard
from stance.train.recipe import Recipe

from ..conftest import TINY

ROWS = [LabelledSentence("It denied the deal.", "denial"), LabelledSentence("Talks resume.", "none")] * 24


def shown(work: Path, *, terminal: bool, resume: bool = False) -> str:
    """Train a little, and return what was shown."""
    stream = StringIO()
    with ShowProgress(Console(file=stream, force_terminal=terminal, width=120)) as progress:
        recipe = Recipe(epochs=2, batch_size=4)
        fit(ROWS, ROWS[:2], base=TINY, work=work, recipe=recipe, resume=resume, callbacks=[progress])
    return stream.getvalue()


def test_a_line_an_epoch_where_there_is_no_terminal(tmp_path: Path) -> None:
    """Loss, macro-F1 and, until the last, the time left; a resumed run goes on where the other was."""
    start, first, second = shown(tmp_path, terminal=False).splitlines()
    assert re.fullmatch(r"epoch 0: loss -, development macro-F1 \d\.\d{4}", start)
    assert re.fullmatch(r"epoch 1 of 2: loss \d\.\d{4}, development macro-F1 \d\.\d{4}, \d+:\d\d left", first)
    assert re.fullmatch(r"epoch 2 of 2: loss \d\.\d{4}, development macro-F1 \d\.\d{4}", second)
    rmtree(tmp_path / "checkpoint-24")  # as if it had been killed in its second epoch
    (again,) = shown(tmp_path, terminal=False, resume=True).splitlines()
    assert again == second


def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    """It ends full, with the last figures."""
    last = shown(tmp_path, terminal=True).split("epoch")[-1]
    assert "2 of 2" in last
    assert "24/24" in last
    assert re.search(r"loss \d\.\d{4}  macro-F1 \d\.\d{4}", last)


def test_tensorboard_files_hold_the_figures(tmp_path: Path) -> None:
    """Loss and macro-F1 by step."""
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    fit(
        ROWS,
        ROWS[:2],
        base=TINY,
        work=tmp_path / "work",
        recipe=Recipe(epochs=2, batch_size=4),
        callbacks=[tensorboard(tmp_path / "board")],
    )
    board = events.EventAccumulator(str(tmp_path / "board"))
    board.Reload()
    assert [event.step for event in board.Scalars("eval/macro_f1")] == [0, 12, 24]
    assert [event.step for event in board.Scalars("train/loss")] == [10, 20]


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("stance.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"stance-classifier\[tensorboard\]"):
        tensorboard(tmp_path)
