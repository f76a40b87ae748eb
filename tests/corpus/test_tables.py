"""Types of columns are those that all rows show; a value of another costs its row."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from stance.choices import Unit
from stance.corpus import scoring
from stance.corpus.parts import Limits

from .conftest import lines, score_here, scored

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        (None, "X"),
        (1, 1.5),
        (1, 2**64 - 1),
        (2**63, 1),
        ([], ["a"]),
        ([None], [{"a": 1}]),
        ({"a": 1}, {"a": 2.5, "b": "x"}),
        ({"a": []}, {"a": [{"b": None}]}),
    ],
)
def test_types_are_those_of_all_rows(head: object, tail: object) -> None:
    """However late in a file of JSON lines a wider one comes, no row is rejected, and no value is another."""
    values = [head] * 1200 + [tail] * 2
    rows = [json.dumps({"text": "It fell.", "n": value}) for value in values]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=5000)))
        good, bad = scored("a.jsonl", "\n".join(rows).encode(), len(rows))
    assert not bad
    assert good[-1]["n"] == tail
    assert all(good[0]["n"][key] == head[key] for key in head) if isinstance(head, dict) else True


def test_the_commonest_kind_of_value_decides() -> None:
    """Wherever it comes; rows of the others are rejected."""
    values = ["a"] * 1000 + [1] * 1010
    rows = [json.dumps({"text": "It fell.", "n": value}) for value in values]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=5000)))
        good, bad = scored("a.jsonl", "\n".join(rows).encode(), len(rows))
    assert {row["n"] for row in good} == {1}
    assert {row["reason"] for row in bad} == {"wrong type: column n takes int64, str came"}


def test_a_column_may_begin_late() -> None:
    """It is a column of the input, null before."""
    rows = [{"text": "It fell."}] * 1200 + [{"text": "It fell.", "n": 1}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=5000)))
        good, bad = scored("a.jsonl", "\n".join(map(json.dumps, rows)).encode(), len(rows))
    assert not bad
    assert [good[0]["n"], good[-1]["n"]] == [None, 1]


@pytest.mark.parametrize("value", [True, [1.5, True], {"a": True}])
def test_true_is_no_number(value: object) -> None:
    """In a column of numbers, of any depth, it costs its row and does not become 1.0."""
    number = {list: [1.5], dict: {"a": 1.5}}.get(type(value), 1.5)
    rows = [{"text": "It fell.", "n": number}, {"text": "It fell.", "n": value}]
    good, bad = scored("a.jsonl", "\n".join(map(json.dumps, [rows[0]] * 3 + rows[1:])).encode(), 4)
    assert [row["n"] for row in good] == [number] * 3
    assert [row["row"] for row in bad] == [4]


@pytest.mark.parametrize("order", [["a.parquet", "b.jsonl"], ["b.jsonl", "a.parquet"]])
def test_ids_of_64_bits_without_a_sign_come_through(order: list[str], tmp_path: Path) -> None:
    """As hashes are; also where another file, before or after, has none that is so large."""
    large = pa.array([2**64 - 1], pa.uint64())
    parquet.write_table(pa.table({"text": ["It fell."], "id": large}), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text('{"text": "It rose.", "id": 5}\n')
    score_here([tmp_path / name for name in order], tmp_path / "out")
    assert {(row["text"], row["id"]) for row in lines(tmp_path / "out" / "rows")} == {
        ("It fell.", 2**64 - 1),
        ("It rose.", 5),
    }


def test_a_value_that_does_not_fit_the_other_files_costs_its_row(tmp_path: Path) -> None:
    """Whole numbers in one and fractions in another, as pandas makes of ids with nulls, meet as fractions."""
    parquet.write_table(
        pa.table({"text": ["It fell.", "It rose."], "id": [1, 2**60 + 1]}), tmp_path / "a.parquet"
    )
    parquet.write_table(pa.table({"text": ["It sank."], "id": [2.0]}), tmp_path / "b.parquet")
    score_here([tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path / "out")
    assert [(row["text"], row["id"]) for row in lines(tmp_path / "out" / "rows")] == [
        ("It fell.", 1),
        ("It sank.", 2),
    ]
    (bad,) = lines(tmp_path / "out" / "rejected")
    assert (bad["row"], "It rose." in bad["raw"]) == (2, True)
    assert bad["reason"].startswith("wrong type: ")


def test_categories_and_strings_go_together(tmp_path: Path) -> None:
    """A column that is the one in a file and the other in the next is of strings."""
    kinds = pa.array(["x", None]).dictionary_encode()
    parquet.write_table(pa.table({"text": ["It fell.", "It rose."], "kind": kinds}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("text,kind\nIt sank.,y\n")
    for number, files in enumerate((["a.parquet", "b.csv"], ["b.csv", "a.parquet"])):
        out = tmp_path / f"out-{number}"
        score_here([tmp_path / name for name in files], out)
        assert {(row["text"], row["kind"]) for row in lines(out / "rows")} == {
            ("It fell.", "x"),
            ("It rose.", None),
            ("It sank.", "y"),
        }


def test_columns_of_several_files_are_put_together(tmp_path: Path) -> None:
    """A column that a file lacks is null there."""
    (tmp_path / "a.csv").write_text("text,outlet\nIt fell.,Post\n")
    parquet.write_table(pa.table({"text": ["It rose."], "n": [1]}), tmp_path / "b.parquet")
    score_here([tmp_path / "a.csv", tmp_path / "b.parquet"], tmp_path / "out")
    rows = lines(tmp_path / "out" / "rows")
    assert [(row["text"], row["outlet"], row["n"]) for row in rows] == [
        ("It fell.", "Post", None),
        ("It rose.", None, 1),
    ]
