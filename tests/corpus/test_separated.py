"""CSV and TSV to rows."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.labels import LABELS

from ..conftest import SENTENCES
from .conftest import scored

pytestmark = pytest.mark.usefixtures("small_parts")
quick = settings(max_examples=12, deadline=None)
sentences = st.sampled_from(SENTENCES)


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


def test_csv_cells_are_long_only_while_this_reads() -> None:
    """The limit of the csv module is the process's: it is as it was."""
    before = csv.field_size_limit()
    good, _ = scored("a.csv", b"text\n" + b"x" * 200_000 + b"\n", 1)
    assert len(good[0]["text"]) == 200_000
    assert csv.field_size_limit() == before


def test_a_quote_left_open_costs_its_own_row() -> None:
    """It is rejected as it came, and the rows after it are labelled."""
    good, bad = scored("a.csv", b'id,text\n1,"It fell.\n2,It rose.\n3,"It rose, twice."\n', 3)
    assert [row["id"] for row in good] == ["2", "3"]
    assert [(row["row"], row["reason"]) for row in bad] == [(1, "a quotation mark left open")]
    assert bad[0]["raw"].startswith('1,"It fell.')
