"""Label shares over time and by group."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from stance.corpus.layout import Options, Output
from stance.corpus.shares import MOST_BINS, MOST_GROUPS, OTHER, _day, _largest, _stretches, report
from stance.errors import InputError

from .conftest import lines, score_here


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (date(2024, 2, 3), date(2024, 2, 3)),
        (datetime(2024, 2, 3, 4), date(2024, 2, 3)),
        ("2024-02-03", date(2024, 2, 3)),
        ("2024-02-03T04:05:06Z", date(2024, 2, 3)),
        ("2024-02", date(2024, 2, 1)),
        (2024, date(2024, 1, 1)),
        ("Saturday", None),
        ("0000", None),
        ("10000-01-01", None),
        (date(9999, 12, 31), None),
        ("0001-01-01T00:00:00", None),
        (9999, None),
        (None, None),
        (True, None),
    ],
)
def test_dates_are_read_in_their_usual_forms(value: object, day: date | None) -> None:
    """What is no date has none, nor what stands for one that is not known."""
    assert _day(value) == day


@pytest.mark.parametrize(("days", "step"), [(50, 1), (300, 7), (1_500, 28), (15_000, 365)])
def test_a_plot_has_few_enough_stretches(days: int, step: int) -> None:
    """Days, weeks, months or years; nothing is lost by it."""
    counts = {date(2000, 1, 1) + timedelta(day): Counter(none=1) for day in range(days)}
    stretches = list(_stretches(counts))
    assert len(stretches) <= MOST_BINS
    assert sum(found.total() for _, found in stretches) == days
    assert (stretches[2][0] - stretches[1][0]).days >= step


def test_small_groups_are_brought_together() -> None:
    """The largest come first, all others last."""
    groups = list(_largest({str(size): Counter(none=size) for size in range(1, 30)}))
    assert [name for name, _ in groups][:2] == ["29", "28"]
    assert (len(groups), groups[-1][0]) == (MOST_GROUPS + 1, OTHER)
    assert sum(found.total() for _, found in groups) == sum(range(1, 30))


@pytest.mark.parametrize("form", list(Output))
def test_a_page_holds_the_shares_of_the_output(form: Output, tmp_path: Path) -> None:
    """From every format; values are escaped, and rows without one are counted."""
    (tmp_path / "a.csv").write_text("outlet,text\n<b>$x$,It fell.\n<b>$x$,It rose.\n,It fell.\n")
    score_here(tmp_path / "a.csv", tmp_path / "out", Options(format=form))
    report(tmp_path / "out", page=tmp_path / "page.html", by="outlet")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;$x$</td><td>2</td>" in page
    assert "without a value</dt><dd>1</dd>" in page
    assert "not finished" not in page
    if form is Output.JSONL:
        labels = {row["label"] for row in lines(tmp_path / "out" / "rows")}
        assert all(f"<th>{label}</th>" in page for label in labels)


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    """A column that was kept may hold whole articles."""
    (tmp_path / "a.csv").write_text(f"outlet,body,text\nPost,{'x' * 140_000},It fell.\n")
    score_here(tmp_path / "a.csv", tmp_path / "out", Options(format=Output.CSV))
    report(tmp_path / "out", page=tmp_path / "page.html", by="outlet")
    assert "Post</td><td>1</td>" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", list(Output))
def test_damaged_rows_are_named(form: Output, tmp_path: Path) -> None:
    """Whatever was between their first and their last bytes."""
    (tmp_path / "a.csv").write_text("outlet,text\nPost,It fell.\n")
    score_here(tmp_path / "a.csv", tmp_path / "out", Options(format=form))
    (file,) = (tmp_path / "out" / "rows").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
    with pytest.raises(InputError, match=file.name):
        report(tmp_path / "out", page=tmp_path / "page.html", by="outlet")


@pytest.mark.parametrize("days", [["0050-01-01", "2024-02-03"], ["9998-12-31"], ["0002-01-01", "9998-12-31"]])
def test_dates_at_the_ends_of_the_calendar_are_drawn(days: list[str], tmp_path: Path) -> None:
    """As mistyped years are; the axis ends where the calendar does."""
    rows = "".join(f"{day},It fell.\n" for day in [*days, "9999-12-31"])
    (tmp_path / "a.csv").write_text(f"day,text\n{rows}")
    score_here(tmp_path / "a.csv", tmp_path / "out")
    report(tmp_path / "out", page=tmp_path / "page.html", over="day")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "without a date</dt><dd>1</dd>" in page


@pytest.mark.parametrize("over", [True, False])
def test_dates_beyond_the_calendar_are_read(over: bool, tmp_path: Path) -> None:
    """From Parquet, which has them: groups of their own, and no dates on an axis."""
    days = pa.array([0, 5_000_000], pa.int32()).cast(pa.date32())
    parquet.write_table(pa.table({"text": ["It fell.", "It rose."], "day": days}), tmp_path / "a.parquet")
    score_here(tmp_path / "a.parquet", tmp_path / "out", Options())
    report(tmp_path / "out", page=tmp_path / "page.html", **{"over" if over else "by": "day"})
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert ("without a date</dt><dd>1</dd>" if over else "15659-07-15</td>") in page


@pytest.mark.parametrize("form", list(Output))
def test_a_column_that_is_not_there_is_named(form: Output, tmp_path: Path) -> None:
    """By its name, in every format."""
    (tmp_path / "a.txt").write_text("It fell.\n")
    score_here(tmp_path / "a.txt", tmp_path / "out", Options(format=form))
    with pytest.raises(InputError, match=r"no column 'nope'$"):
        report(tmp_path / "out", page=tmp_path / "page.html", over="nope")


@pytest.mark.parametrize("content", ['{"name": "my web app"}', "{", "[]"])
def test_a_manifest_of_something_else_is_named(tmp_path: Path, content: str) -> None:
    """Or a damaged one: no run of this command."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=r"no manifest\.json of a run"):
        report(tmp_path, page=tmp_path / "page.html", by="outlet")
