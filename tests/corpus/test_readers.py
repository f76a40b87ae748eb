"""Files of every kind to rows: dirty ones cost only themselves, and the counts add up."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from stance.choices import Unit
from stance.corpus import scoring
from stance.corpus.layout import Options, Output
from stance.corpus.parts import Limits
from stance.errors import InputError
from stance.labels import LABELS

from ..conftest import SENTENCES
from .conftest import lines, score_here

quick = settings(max_examples=12, deadline=None)
sentences = st.sampled_from(SENTENCES)


@pytest.fixture(autouse=True, scope="module")
def _small_parts() -> Iterator[None]:
    """A part of three rows shows what happens at its ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=3)))
        yield


def scored(name: str, content: bytes, rows: int | None) -> tuple[list[dict], list[dict]]:
    """Score a file; return what was labelled and what was rejected."""
    with TemporaryDirectory() as place:
        file, out = Path(place) / name, Path(place) / "out"
        file.write_bytes(content)
        summary = score_here(file, out)
        good, bad = lines(out / "rows"), lines(out / "rejected")
    assert summary.read == summary.scored + summary.rejected
    assert (summary.scored, summary.rejected) == (len(good), len(bad))
    assert rows is None or summary.read == rows
    return good, bad


@quick
@given(
    st.lists(sentences.map(str.encode) | st.binary(max_size=9).filter(lambda b: b"\n" not in b), max_size=9)
)
def test_text(rows: list[bytes]) -> None:
    """A line a row; a line that is not UTF-8 is rejected."""
    good, bad = scored("a.txt", b"".join(row + b"\n" for row in rows), len(rows))
    assert all(row["reason"].startswith("not UTF-8: byte ") for row in bad)
    for row in bad:
        with pytest.raises(UnicodeDecodeError):
            rows[row["row"] - 1].decode()
    assert all(row["text"] == row["text"].strip("\n") for row in good)


values = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | sentences
objects = st.dictionaries(st.sampled_from(["id", "text", "meta"]), values | st.lists(values, max_size=2))
dirty_lines = st.one_of(
    objects.map(lambda row: json.dumps(row).encode()),
    st.sampled_from(
        [b"", b"{", b"7", b"[]", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b'{"text": "a", "z": 1}']
    ),
)


@quick
@given(st.lists(dirty_lines, max_size=9))
def test_json_lines(rows: list[bytes]) -> None:
    """Whatever a line holds, it is labelled with its values as they were, or rejected with a reason."""
    rows = [json.dumps({"id": 1, "text": SENTENCES[0], "meta": None}).encode(), *rows]
    good, bad = scored("a.jsonl", b"\n".join(rows) + b"\n", len(rows))
    rejected = {row["row"] for row in bad}
    came = [json.loads(row) for number, row in enumerate(rows, 1) if number not in rejected]
    for row, expected in zip(good, came, strict=True):
        for name, value in expected.items():
            assert row[name] == value
            assert isinstance(row[name], bool) == isinstance(value, bool)


@quick
@given(st.lists(st.lists(sentences | st.sampled_from(["", '"', "a\nb", "é"]), max_size=4), max_size=9))
def test_csv(rows: list[list[str]]) -> None:
    """A record has as many cells as the header, or is rejected."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["id", "text"], *rows])
    good, bad = scored("a.csv", text.getvalue().encode(), len(rows))
    assert [[row["id"], row["text"]] for row in good] == [row for row in rows if len(row) == 2]
    kinds = {row["row"]: row["reason"].partition(":")[0] for row in bad}
    assert kinds == {
        number: "wrong number of cells" if row else "an empty line"
        for number, row in enumerate(rows, 1)
        if len(row) != 2
    }


@quick
@given(st.binary(max_size=200))
def test_any_bytes_are_some_csv(content: bytes) -> None:
    """No bytes below a header stop a run: each record has a label, or a reason why it has none."""
    good, bad = scored("a.tsv", b"text\tid\n" + content, None)
    assert all(row["label"] in LABELS for row in good)
    assert all(row["reason"] for row in bad)


@quick
@given(st.lists(st.none() | sentences | st.just(""), max_size=12), st.integers(1, 5))
def test_parquet(texts: list[str | None], group: int) -> None:
    """Row groups of any size; null is rejected, and types come through."""
    table = pa.table(
        {
            "text": pa.array(texts, pa.string()),
            "n": pa.array(range(len(texts)), pa.int16()),
            "l": [[n] for n in range(len(texts))],
        }
    )
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, row_group_size=group)
    good, bad = scored("a.parquet", buffer.getvalue().to_pybytes(), len(texts))
    assert [row["l"] for row in good] == [[row["n"]] for row in good]
    assert [texts[row["n"]] for row in good] == [row["text"] for row in good]
    assert [row["row"] for row in bad] == [row for row, text in enumerate(texts, 1) if text is None]


def test_a_string_of_parquet_that_is_not_utf8_is_rejected() -> None:
    """Alone, with a raw value that is."""
    texts = pa.array([b"It fell.", b"It \xff rose.", b"It fell."]).cast(pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 3, texts.buffers())
    buffer = pa.BufferOutputStream()
    parquet.write_table(pa.table({"text": broken}), buffer)
    good, bad = scored("a.parquet", buffer.getvalue().to_pybytes(), 3)
    assert len(good) == 2
    assert [(row["row"], row["reason"], row["raw"]) for row in bad] == [
        (2, "not UTF-8: column text", '{"text": "It \ufffd rose."}')
    ]


def test_a_corrupt_row_group_costs_its_rows() -> None:
    """They are counted from the metadata; the groups around it are labelled."""
    table = pa.table({"text": [f"It denied that, {number}." for number in range(40)]})
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, row_group_size=10, write_page_checksum=True, use_dictionary=False)
    content = bytearray(buffer.getvalue().to_pybytes())
    column = parquet.ParquetFile(io.BytesIO(content)).metadata.row_group(1).column(0)
    middle = column.data_page_offset + column.total_compressed_size - 3
    content[middle] ^= 0xFF
    good, bad = scored("a.parquet", bytes(content), 40)
    assert [row["row"] for row in bad] == list(range(11, 21))
    assert {row["reason"] for row in bad} == {"a corrupt row group"}
    assert len(good) == 30


@pytest.mark.parametrize("kind", ["txt", "jsonl", "csv"])
def test_a_file_that_was_cut_short_is_read_to_its_end(kind: str) -> None:
    """All rows that can be unpacked are labelled; one rejection says where it broke off."""
    make: dict[str, Callable[[str], str]] = {
        "txt": lambda digits: f"It fell {digits}.",
        "jsonl": lambda digits: json.dumps({"text": "It fell.", "id": digits}),
        "csv": lambda digits: f"It fell.,{digits}",
    }
    digits = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(3000)]
    rows = ["text,id"] * (kind == "csv") + [
        make[kind](some if kind != "txt" else some[:9]) for some in digits
    ]
    packed = gzip.compress("\n".join(rows).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=5000)))
        good, bad = scored(f"a.{kind}.gz", packed[: len(packed) - len(packed) // 20], None)
    assert len(good) > 500
    assert [(row["row"], row["reason"]) for row in bad] == [(len(good) + 1, "the file breaks off here")]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.txt.zst", "a.jsonl.gz"])
def test_packed_files_are_unpacked(name: str, tmp_path: Path) -> None:
    """The same rows as from the plain file, also from two archives one after the other."""
    row = {"csv": b"It fell.\n", "txt": b"It fell.\n", "jsonl": b'{"text": "It fell."}\n'}[name.split(".")[1]]
    head = b"text\n" if "csv" in name else b""
    pack = gzip.compress if name.endswith("gz") else lambda data: pa.compress(data, "zstd", asbytes=True)
    good, bad = scored(name, pack(head + row) + pack(row), 2)
    assert [row["text"] for row in good] == ["It fell."] * 2
    assert not bad


def test_a_file_that_cannot_be_opened_is_one_entry(tmp_path: Path) -> None:
    """It is counted as a file and not among the rows, and the other files are read."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "c.txt.gz").write_bytes(b"not packed")
    (tmp_path / "d.txt").write_text("It fell.\n")
    summary = score_here(
        [tmp_path / name for name in ("a.parquet", "b.csv", "c.txt.gz", "d.txt")], tmp_path / "out"
    )
    assert (summary.files, summary.files_rejected) == (1, 3)
    assert (summary.read, summary.scored, summary.rejected) == (1, 1, 0)
    entries = lines(tmp_path / "out" / "rejected")
    assert [row["row"] for row in entries] == [None] * 3
    assert all(row["reason"].startswith("cannot be opened: ") for row in entries)


def test_a_large_text_is_labelled_on_what_fits() -> None:
    """A megabyte is a row as any other, and its neighbours are not touched."""
    good, bad = scored("a.txt", b"It fell.\n" + b"It denied that. " * 65_536 + b"\nIt rose.\n", 3)
    assert not bad
    assert [row["truncated"] for row in good] == [False, True, False]


def test_csv_cells_are_long_only_while_this_reads() -> None:
    """The limit of the csv module is the process's: it is as it was."""
    before = csv.field_size_limit()
    good, _ = scored("a.csv", b"text\n" + b"x" * 200_000 + b"\n", 1)
    assert len(good[0]["text"]) == 200_000
    assert csv.field_size_limit() == before


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


def test_parquet_comes_through_to_the_bit(tmp_path: Path) -> None:
    """Types, nesting and nulls of the columns that are kept are what they were."""
    table = pa.table(
        {
            "text": pa.array(["It fell.", "It rose."], pa.large_string()),
            "when": pa.array([0, None], pa.timestamp("us", "UTC")),
            "tags": pa.array([[{"a": 1}], None]),
            "raw": pa.array([b"\xff", b""]),
            "kind": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    score_here(tmp_path / "a.parquet", tmp_path / "out", Options(format=Output.PARQUET))
    found = parquet.read_table(tmp_path / "out" / "rows")
    assert found.select(table.column_names).equals(table)


def test_a_quote_left_open_costs_its_own_row() -> None:
    """It is rejected as it came, and the rows after it are labelled."""
    good, bad = scored("a.csv", b'id,text\n1,"It fell.\n2,It rose.\n3,"It rose, twice."\n', 3)
    assert [row["id"] for row in good] == ["2", "3"]
    assert [(row["row"], row["reason"]) for row in bad] == [(1, "a quotation mark left open")]
    assert bad[0]["raw"].startswith('1,"It fell.')


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


def test_empty_objects_are_refused_where_they_cannot_be_written(tmp_path: Path) -> None:
    """Parquet has no type for them; other formats have."""
    (tmp_path / "a.jsonl").write_text('{"text": "It fell.", "meta": [{}]}\n')
    with pytest.raises(InputError, match="column 'meta' holds empty objects"):
        score_here(tmp_path / "a.jsonl", tmp_path / "out", Options(format=Output.PARQUET))
    score_here(tmp_path / "a.jsonl", tmp_path / "out")
    assert lines(tmp_path / "out" / "rows")[0]["meta"] == [{}]


def test_categories_that_grow_come_through(tmp_path: Path) -> None:
    """More of them in all than the indices of one row group could tell apart."""
    kind = pa.dictionary(pa.int8(), pa.string())
    names = [[f"{group}-{number}" for number in range(100)] for group in range(3)]
    with parquet.ParquetWriter(
        tmp_path / "a.parquet", pa.schema([("text", pa.string()), ("kind", kind)])
    ) as file:
        for some in names:
            kinds = pa.array(some).dictionary_encode().cast(kind)
            file.write_table(pa.table({"text": ["It fell."] * 100, "kind": kinds}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "LIMITS", dict.fromkeys(Unit, Limits(rows=5000)))
        score_here(tmp_path / "a.parquet", tmp_path / "out", Options())
    found = parquet.read_table(tmp_path / "out" / "rows")["kind"]
    assert pa.types.is_dictionary(found.type)
    assert found.to_pylist() == [name for some in names for name in some]


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


@pytest.mark.parametrize("value", [True, [1.5, True], {"a": True}])
def test_true_is_no_number(value: object) -> None:
    """In a column of numbers, of any depth, it costs its row and does not become 1.0."""
    number = {list: [1.5], dict: {"a": 1.5}}.get(type(value), 1.5)
    rows = [{"text": "It fell.", "n": number}, {"text": "It fell.", "n": value}]
    good, bad = scored("a.jsonl", "\n".join(map(json.dumps, [rows[0]] * 3 + rows[1:])).encode(), 4)
    assert [row["n"] for row in good] == [number] * 3
    assert [row["row"] for row in bad] == [4]


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
