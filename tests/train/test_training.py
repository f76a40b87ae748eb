"""From labelled sentences to a model folder, in two calls."""

from dataclasses import replace
from pathlib import Path

import pytest

import stance
from stance.errors import InputError
from stance.labels import STANCES
from stance.train.data import LabelledSentence
from stance.train.recipe import Recipe, Way
from stance.train.training import choose_way, label_set, train

from ..conftest import SENTENCES, TINY
from .conftest import DENIED, FELL, RECIPE, TRAIN, few


def test_few_rows_become_a_folder(tmp_path: Path) -> None:
    """All are learnt from, and all are measured, by models that had not seen them."""
    trained = train(few(), base=TINY)
    assert trained.way is Way.HEAD
    assert trained.card == {
        "base": "tiny",
        "sentences": 12,
        "development sentences": 12,
        "learnt": "the label head alone",
    }
    assert trained.out_of_fold is not None
    trained.export(tmp_path / "mine")
    said = stance.load(tmp_path / "mine").classify_many(SENTENCES[:2])
    assert [prediction.label for prediction in said] == ["a", "b"]


def test_rows_held_out_are_what_few_are_measured_with(tmp_path: Path) -> None:
    """No folds are needed then."""
    trained = train(few(), few(1), base=TINY, way="head")
    assert trained.development == few(1)
    assert trained.out_of_fold is None
    trained.export(tmp_path / "mine")
    assert "epoch" not in (tmp_path / "mine" / "README.md").read_text()


def test_a_part_of_many_rows_is_held_out(tmp_path: Path) -> None:
    """A group is on one side alone, and no checkpoint is left behind where no folder was named for it."""
    rows = [
        LabelledSentence(f"{text} {number}", label, group=str(number))
        for number in range(20)
        for text, label in zip(SENTENCES, "ab", strict=False)
    ]
    trained = train(rows, base=TINY, way=Way.ALL, recipe=Recipe(epochs=1), work=tmp_path / "work")
    assert trained.way is Way.ALL
    assert trained.card["sentences"] == len(rows) - len(trained.development)
    assert {sentence.group for sentence in trained.development} < {sentence.group for sentence in rows}
    assert len(trained.development) == 2 * len({sentence.group for sentence in trained.development})
    assert any((tmp_path / "work").iterdir())


def test_the_project_s_labels_keep_their_heads(tmp_path: Path) -> None:
    """Though some of them have no row."""
    trained = train(TRAIN, [DENIED, FELL], base=TINY, recipe=RECIPE)
    assert trained.model.label_names == stance.LABELS
    assert trained.model.stance_names == STANCES
    trained.export(tmp_path / "mine")
    model = stance.load(tmp_path / "mine")
    assert [model.classify(s.text).label for s in (DENIED, FELL)] == ["denial", "none"]


def test_what_cannot_be_learnt_from_is_refused() -> None:
    """No rows, one label, a group in both parts, and nothing to resume from."""
    for sentences in ([], [DENIED] * 9):
        with pytest.raises(InputError, match="two labels or more"):
            train(sentences, base=TINY)
    mine = [replace(sentence, group="x") for sentence in few()]
    with pytest.raises(InputError, match="group x came in both parts"):
        train(mine, mine[:2], base=TINY)
    with pytest.raises(InputError, match='way "some" came'):
        train(few(), base=TINY, way="some")
    with pytest.raises(InputError, match="a folder `work`"):
        train(few(), base=TINY, resume=True)


def test_of_few_rows_int8_may_flip_one_or_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of thirty is more than a hundredth; what is asked for holds, and of many a hundredth does."""
    allowed = []
    monkeypatch.setattr("stance.train.training.export", lambda *_, max_flips, **__: allowed.append(max_flips))
    trained = train(few(), few(15), base=TINY, way=Way.HEAD)
    for development, asked in ((few(15), None), (few(15), 0.0), (few(500), None)):
        replace(trained, development=development).export(tmp_path / "mine", max_flips=asked)
    assert allowed == [2 / 30, 0.0, 0.01]


@pytest.mark.parametrize(
    ("sentences", "development", "way"),
    [
        (few(6), (), Way.HEAD),
        (few(32), (), Way.PAIRS),
        (few(65), (), Way.ALL),
        (few(6), few(1), Way.ALL),
        (TRAIN, (), Way.ALL),
    ],
)
def test_the_fewer_rows_the_less_is_learnt(
    sentences: list[LabelledSentence], development: list[LabelledSentence], way: Way
) -> None:
    """Of labels that the base knows, and with rows held out, all weights are."""
    assert choose_way(sentences, development, base=TINY) is way


def test_labels_are_the_project_s_or_those_that_occur() -> None:
    """Own ones in alphabetical order."""
    assert label_set([DENIED]) == stance.LABELS
    assert label_set([DENIED, *few(1)]) == ("a", "b", "denial")
