"""The memory of a run."""

import json
from pathlib import Path

import pytest

from stance.corpus.folder import Folder
from stance.corpus.journal import JOURNAL, MANIFEST, SUMMARY, Done, Journal
from stance.errors import OutputError

ABOUT = {"model": "tiny@1", "options": {"unit": "sentence"}}


def part(folder: Folder, first: int, file: int = 0) -> Done:
    """A part whose file is there."""
    done = Done(
        file,
        first,
        10,
        scored=9,
        sentences=9,
        labels={"none": 9},
        reasons={"x": 1},
        files={f"rows/part-{first}": 1},
    )
    folder.write(f"rows/part-{first}", b"1")
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A run with two parts done."""
    folder = Folder.at(tmp_path)
    with Journal.opened(folder, ABOUT, overwrite=False) as journal:
        for first in (11, 1):
            journal.add(part(folder, first))
    return folder


def done(folder: Folder) -> list[int]:
    with Journal.opened(folder, ABOUT, overwrite=False) as journal:
        return sorted(journal.done(0))


def test_what_is_done_is_remembered(folder: Folder) -> None:
    """With its counts."""
    with Journal.opened(folder, ABOUT, overwrite=False) as journal:
        assert journal.done(0) == {1: 10, 11: 10}
        assert journal.done(1) == {}
        assert (journal.read, journal.rejected) == (20, 2)
        summary = journal.finish(1)
    assert (summary.read, summary.scored, summary.rejected) == (20, 18, 2)
    assert json.loads(folder.read(SUMMARY) or b"")["labels"] == {"none": 18}


def test_a_journal_that_is_finished_is_in_the_order_of_the_input(tmp_path: Path) -> None:
    """By file and then by row, whatever was done first; each file has the parts that are its own."""
    folder = Folder.at(tmp_path)
    with Journal.opened(folder, ABOUT, overwrite=False) as journal:
        for file, first in ((10, 1), (2, 11), (2, 1)):
            journal.add(part(folder, first, file))
        assert [journal.done(file) for file in (2, 3, 10)] == [{1: 10, 11: 10}, {}, {1: 10}]
        journal.finish(11)
    noted = [json.loads(line) for line in (folder.read(JOURNAL) or b"").splitlines()]
    assert [(line["file"], line["first"]) for line in noted] == [(2, 1), (2, 11), (10, 1)]


@pytest.mark.parametrize("cut", range(2, 40, 7))
def test_a_torn_last_line_is_no_part(folder: Folder, cut: int) -> None:
    """A kill while the journal is written costs the last part, and what comes after is not glued to it."""
    content = folder.read(JOURNAL) or b""
    folder.write(JOURNAL, content[:-cut])
    with Journal.opened(folder, ABOUT, overwrite=False) as journal:
        assert sorted(journal.done(0)) == [11]
        journal.add(part(folder, 1))
    assert done(folder) == [1, 11]


def test_a_line_of_zeros_is_no_part(folder: Folder) -> None:
    """What a power cut may leave at the end of the journal."""
    folder.write(JOURNAL, (folder.read(JOURNAL) or b"") + bytes(100) + b"\n")
    assert done(folder) == [1, 11]


def test_a_part_whose_file_is_gone_or_cut_is_not_done(folder: Folder) -> None:
    """The journal alone is not believed."""
    folder.write("rows/part-1", b"")
    assert done(folder) == [11]
    folder.delete("rows/part-11")
    assert done(folder) == []


def test_what_belongs_to_no_part_is_swept(folder: Folder) -> None:
    """Files of parts that were not noted, unfinished ones, and the summary of an earlier end."""
    for name in ("rows/part-21", "rejected/part-21", "rows/part-31.abc.unfinished", SUMMARY):
        folder.write(name, b"1")
    assert done(folder) == [1, 11]
    assert set(folder.sizes()) == {MANIFEST, JOURNAL, "rows/part-1", "rows/part-11"}


def test_another_run_is_refused_and_the_difference_named(folder: Folder) -> None:
    """Each value that differs, as it was and as it is; nothing is touched."""
    before = folder.sizes()
    other = {"model": "tiny@2", "options": {"unit": "sentence", "keep": None}}
    with (
        pytest.raises(
            OutputError, match=r'model \(was "tiny@1", is "tiny@2"\)\. Give another `out`'
        ) as caught,
        Journal.opened(folder, other, overwrite=False),
    ):
        pass
    assert "unit" not in str(caught.value)
    assert folder.sizes() == before


def test_overwrite_begins_anew(folder: Folder) -> None:
    """Nothing of the other run is left."""
    with Journal.opened(folder, {"model": "tiny@2"}, overwrite=True) as journal:
        assert journal.done(0) == {}
    assert json.loads(folder.read(MANIFEST) or b"") == {"model": "tiny@2"}
    assert set(folder.sizes()) == {MANIFEST, JOURNAL}


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    """Not even with --overwrite."""
    (tmp_path / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        opened = Journal.opened(Folder.at(tmp_path), ABOUT, overwrite=overwrite)
        with pytest.raises(OutputError, match=r"thesis\.tex"), opened:
            pass
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_manifest_of_something_else_is_not_touched(tmp_path: Path) -> None:
    """Other programs write files of this name, too."""
    (tmp_path / MANIFEST).write_text('{"name": "my web app"}')
    for overwrite in (False, True):
        opened = Journal.opened(Folder.at(tmp_path), ABOUT, overwrite=overwrite)
        with pytest.raises(OutputError, match=r"manifest\.json"), opened:
            pass
    assert (tmp_path / MANIFEST).read_text() == '{"name": "my web app"}'


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_others_put_beside_a_run_stays(folder: Folder, overwrite: bool) -> None:
    """A page, a plot, a note; only what a run writes is swept."""
    others = {"shares.html", "plots/share.png", "rows/notes.txt"}
    for name in others:
        folder.write(name, b"1")
    with Journal.opened(folder, ABOUT, overwrite=overwrite) as journal:
        journal.finish(1)
    assert set(folder.sizes()) >= others
