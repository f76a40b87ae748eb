"""What a run of training was started with."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance.errors import OutputError
from stance.train.commands import app
from stance.train.data import LabelledSentence
from stance.train.recipe import ClassWeights, Recipe
from stance.train.start import START, Start, describe_start, note_start, require_start

from ..conftest import TINY

ROWS = [LabelledSentence("It denied the deal.", "yes", row=1), LabelledSentence("It fell.", "no", row=2)]


def start(
    rows: list[LabelledSentence] = ROWS, base: Path = TINY, processes: int = 1, **options: object
) -> Start:
    """What a run with these rows and options is started with."""
    return describe_start(
        rows,
        ROWS,
        base=base,
        commit=None,
        labels=("no", "yes"),
        stances=(),
        recipe=asdict(replace(Recipe(), **options)),  # type: ignore[arg-type]
        processes=processes,
    )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (start([replace(ROWS[0], label="no"), ROWS[1]]), r"training sentences \(was \"2, hash"),
        (start([replace(ROWS[0], context="It rose."), ROWS[1]]), "training sentences"),
        (start(ROWS[::-1]), "training sentences"),
        (start(ROWS[:1]), r"training sentences \(was \"2, hash \w+\", is \"1, hash"),
        (start(learning_rate=2e-4), r"differs in learning rate \(was 0.0001, is 0.0002\)\. Give"),
        (start(class_weights=ClassWeights.BALANCED, seed=1), "class weights .*; seed "),
        (start(lora=4), r"lora \(was null, is 4\)"),
        (start(processes=2), r"processes \(was 1, is 2\)"),
    ],
)
def test_another_start_is_refused_by_name(tmp_path: Path, other: Start, words: str) -> None:
    """In a line that says what was, what is, and what to do."""
    note_start(tmp_path, start())
    with pytest.raises(OutputError, match=words) as refused:
        require_start(tmp_path, other)
    assert "leave `resume` out" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_same_start_is_known_again(tmp_path: Path) -> None:
    """Wherever the base lies and the rows stood; the card of a base is not looked at, its weights are."""
    note_start(tmp_path, start())
    copy = Path(shutil.copytree(TINY, tmp_path / TINY.name))
    (copy / "README.md").write_text("Mine.")
    require_start(tmp_path, start([replace(row, row=9, group="a") for row in ROWS], base=copy))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(OutputError, match=r"differs in base \(was \"tiny, hash \w+\", is \"tiny, hash"):
        require_start(tmp_path, start(base=copy))


def test_of_an_encoder_of_the_hub_the_version_counts(tmp_path: Path) -> None:
    """What the Hub has under one name may change."""
    given = {"labels": (), "stances": (), "recipe": {}}
    note_start(tmp_path, describe_start([], [], base="me/mine", commit="1234", **given))
    with pytest.raises(OutputError, match=r"me/mine@1234.*me/mine@5678"):
        require_start(tmp_path, describe_start([], [], base="me/mine", commit="5678", **given))


def test_a_run_that_noted_nothing_is_refused(tmp_path: Path) -> None:
    """One of an older version, or whose note is damaged."""
    for content in (None, "{", "[]"):
        if content is not None:
            (tmp_path / START).write_text(content)
        with pytest.raises(OutputError, match="holds no note"):
            require_start(tmp_path, start())


def test_resuming_with_other_data_or_options_is_refused(tmp_path: Path) -> None:
    """Nothing is learnt or written; without --resume it begins anew, and how it is written may change."""
    file, out = tmp_path / "rows.jsonl", tmp_path / "mine"
    rows = [
        {"text": f"{words} {'abcdefghij'[n]}.", "label": label}
        for words, label in (("It denied", "yes"), ("Talks resume on", "no"))
        for n in range(10)
    ]

    def train(*options: str) -> object:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        given = ["--base", str(TINY), "--all-weights", "--epochs", "1", "--max-flips", "1", *options]
        return CliRunner().invoke(app, ["train", str(file), "--out", str(out), *given]).exception

    assert train() is None
    made = (out / "stance.json").read_bytes()
    assert isinstance(refused := train("--resume", "--learning-rate", "0.001"), OutputError)
    assert "learning rate (was 0.0001, is 0.001)" in str(refused)
    rows[0]["label"], rows[10]["label"] = "no", "yes"
    assert isinstance(refused := train("--resume"), OutputError)
    assert "sentences (was" in str(refused)
    assert (out / "stance.json").read_bytes() == made
    assert train() is None
    assert train("--resume", "--precision", "fp32") is None
