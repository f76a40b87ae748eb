"""Reading files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.inputs import MOST_REPORTS, read_lines, read_text

LINES = st.lists(st.text(st.characters(exclude_characters="\r\n\ufeff", codec="utf-8")))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.sampled_from(["\n", "\r\n"]))
def test_lines_come_back_as_written(tmp_path: Path, lines: list[str], end: str) -> None:
    """Only a line break ends a line, and valid UTF-8 is never reported."""
    file = tmp_path / "lines.txt"
    file.write_bytes("".join(line + end for line in lines).encode())
    reports: list[str] = []
    assert list(read_lines(str(file), report=reports.append)) == lines
    assert reports == []


def test_bad_bytes_are_named_replaced_and_counted(tmp_path: Path) -> None:
    """The line and byte are given, and the other lines come through."""
    file = tmp_path / "bad.txt"
    file.write_bytes(b"good\nba\xffd\nalso good\n")
    reports: list[str] = []
    assert list(read_lines(str(file), report=reports.append)) == ["good", "ba\ufffdd", "also good"]
    assert "line 2, byte 3" in reports[0]
    assert ": 1;" in reports[1]


def test_many_bad_lines_are_only_counted(tmp_path: Path) -> None:
    """A file of another encoding does not flood the terminal."""
    file = tmp_path / "latin1.txt"
    file.write_bytes(b"caf\xe9\n" * 100)
    reports: list[str] = []
    assert len(list(read_lines(str(file), report=reports.append))) == 100
    assert len(reports) == MOST_REPORTS + 1
    assert ": 100;" in reports[-1]


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    """As some editors write it; only at the very beginning."""
    file = tmp_path / "bom.txt"
    file.write_bytes(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n")
    assert list(read_lines(str(file), report=print)) == ["one", "\ufefftwo"]


def test_a_text_keeps_its_line_breaks(tmp_path: Path) -> None:
    """Offsets are those of the file as it is."""
    file = tmp_path / "article.txt"
    file.write_bytes(b"Headline\r\n\r\nIt fell.\r\n")
    assert read_text(str(file), report=print) == "Headline\r\n\r\nIt fell.\r\n"


@pytest.mark.parametrize("name", ["nowhere.txt", "folder", "nul\x00"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, a folder, a name that is no name."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="readable file"):
        list(read_lines(str(tmp_path / name), report=print))
