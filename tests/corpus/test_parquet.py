"""Parquet to rows, and its types through to the output."""

import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from stance.choices import Unit
from stance.corpus import scoring
from stance.corpus.layout import Options, Output
from stance.corpus.parts import Limits

from ..conftest import SENTENCES
from .conftest import score_here, scored

pytestmark = pytest.mark.usefixtures("small_parts")
quick = settings(max_examples=12, deadline=None)
sentences = st.sampled_from(SENTENCES)


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
