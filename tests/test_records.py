"""Lines of CSV to records."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.records import Malformed, csv_line, records

OPEN, AMID = "a quotation mark left open", "a quotation mark closed amid words"
cells = st.text(st.sampled_from('ab ",;\n\r'), max_size=6)


def read(content: str) -> list[list[str] | str]:
    """The records of a text, and the reasons where a line is none."""
    found = records(io.StringIO(content, newline=""), separator=",")
    return [record.reason if isinstance(record, Malformed) else record for record in found]


@given(st.lists(st.lists(cells, min_size=1, max_size=3), max_size=6))
def test_what_was_written_is_read(rows: list[list[str]]) -> None:
    """Quotation marks, separators and line breaks inside cells."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    assert read(text.getvalue()) == rows


@given(st.lists(st.lists(cells, min_size=1, max_size=3), max_size=6))
def test_a_line_of_csv_is_one_record(rows: list[list[str]]) -> None:
    """For any reader, whatever line breaks its cells hold; it ends in a line feed."""
    lines = [csv_line(row) for row in rows]
    assert list(csv.reader(io.StringIO("".join(lines), newline=""))) == rows
    assert all(line.endswith("\n") and not line.endswith("\r\n") for line in lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['"a,1', "b,2", "c,3"], [OPEN, ["b", "2"], ["c", "3"]]),
        (['a,"1', "b,2", '"c, d",3'], [OPEN, ["b", "2"], ["c, d", "3"]]),
        (['"a,1', '"b",2', '"c', 'd",3'], [OPEN, ["b", "2"], ["c\nd", "3"]]),
        (['"a,1', '"b,2', "c,3"], [OPEN, OPEN, ["c", "3"]]),
        (['"a,1', "", '"""b"" he said",2'], [OPEN, [], ['"b" he said', "2"]]),
        (['"a, ""b"", c",1', 'd "e",2'], [['a, "b", c', "1"], ['d "e"', "2"]]),
        (['"a', 'b" ,1', '"c', 'd"  ', "e,2"], [["a\nb ", "1"], ["c\nd  "], ["e", "2"]]),
        (["a,1", 'b,"2'], [["a", "1"], OPEN]),
        ([], []),
    ],
)
def test_a_quotation_mark_left_open_costs_its_own_line(lines: list[str], expected: list) -> None:
    """Whether it is never closed, or by the next mark that opens a cell; what is merely unusual is read."""
    assert read("\n".join(lines)) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["t,n", '"a" b,1', "c,2"], [["t", "n"], ['"a" b', "1"], ["c", "2"]]),
        (["t,n", '1,"a" said "b"', "c,2"], [["t", "n"], ["1", '"a" said "b"'], ["c", "2"]]),
        (["t,n", '"a,"" b," c,1', "c,2"], [["t", "n"], AMID, ["c", "2"]]),
        (["t,n", '"a," b', "c,2"], [["t", "n"], ['"a', '" b'], ["c", "2"]]),
        (["t,n", '"a", "b"c', '"c" ,"d"'], [["t", "n"], ["a", ' "b"c'], ["c ", "d"]]),
        (['"a" t,n', "c,2"], [['"a" t', "n"], ["c", "2"]]),
        (["", "t,n", '"a" b', "c,2"], [[], ["t", "n"], AMID, ["c", "2"]]),
    ],
)
def test_a_quotation_that_only_begins_a_cell_keeps_its_marks(lines: list[str], expected: list) -> None:
    """The line is read as if marks were letters, where that gives as many cells as the header has."""
    assert read("\n".join(lines)) == expected


def test_marks_of_tabs_are_kept() -> None:
    """As of comma-separated cells; blanks at their end are no words."""
    lines = ["text\tn\n", '"Fake," he said of it.\t1\n', '"He said ""no""" \t2\n']
    assert list(records(lines, separator="\t"))[1:] == [
        ['"Fake," he said of it.', "1"],
        ['He said "no" ', "2"],
    ]


def test_the_malformed_line_is_given() -> None:
    """As it came."""
    assert next(records(['"a,1\n', "b,2\n"], separator=",")) == Malformed(OPEN, '"a,1\n')


def test_a_cell_beyond_all_measure_costs_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, or where a mark left open makes one of many lines."""
    monkeypatch.setattr("stance.records.MOST_CHARACTERS", 20)
    assert read("x" * 30 + "\na,1")[1:] == [["a", "1"]]
    assert read('"a,1\n' + "b,2\n" * 9) == [OPEN, *[["b", "2"]] * 9]


def test_threads_do_not_cut_one_another_s_long_cells() -> None:
    """Though the csv module has one limit: the second begins while the first reads, and ends after it."""
    begun, ended = Event(), Event()

    def first() -> Iterator[str]:
        begun.wait(0.5)
        yield "a,b\n"

    def second() -> Iterator[str]:
        begun.set()
        ended.wait(0.5)
        yield "a" * 200_000 + ",b\n"

    def read_first() -> None:
        list(records(first(), separator=","))
        ended.set()

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(read_first)
        assert [len(record[0]) for record in records(second(), separator=",")] == [200_000]
        done.result()
