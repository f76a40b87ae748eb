"""Lines of text and of JSON to rows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..conftest import SENTENCES
from .conftest import scored

pytestmark = pytest.mark.usefixtures("small_parts")
quick = settings(max_examples=12, deadline=None)
sentences = st.sampled_from(SENTENCES)


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


def test_a_large_text_is_labelled_on_what_fits() -> None:
    """A megabyte is a row as any other, and its neighbours are not touched."""
    good, bad = scored("a.txt", b"It fell.\n" + b"It denied that. " * 65_536 + b"\nIt rose.\n", 3)
    assert not bad
    assert [row["truncated"] for row in good] == [False, True, False]
