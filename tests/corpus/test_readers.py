"""What files of all kinds have in common: packed, cut short, not to be opened."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from stance.choices import Unit
from stance.corpus import scoring
from stance.corpus.layout import Options, Output
from stance.corpus.parts import Limits
from stance.errors import InputError

from .conftest import lines, score_here, scored

pytestmark = pytest.mark.usefixtures("small_parts")


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


def test_empty_objects_are_refused_where_they_cannot_be_written(tmp_path: Path) -> None:
    """Parquet has no type for them; other formats have."""
    (tmp_path / "a.jsonl").write_text('{"text": "It fell.", "meta": [{}]}\n')
    with pytest.raises(InputError, match="column 'meta' holds empty objects"):
        score_here(tmp_path / "a.jsonl", tmp_path / "out", Options(format=Output.PARQUET))
    score_here(tmp_path / "a.jsonl", tmp_path / "out")
    assert lines(tmp_path / "out" / "rows")[0]["meta"] == [{}]
