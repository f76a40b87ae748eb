"""The output folder."""

import pickle
from pathlib import Path

import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from stance.corpus.folder import UNFINISHED, Folder
from stance.errors import InputError, OutputError


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """A folder of this machine, and one behind a file system that is not known to be local."""
    if request.param == "local":
        return Folder.at(tmp_path)
    return Folder("remote", SubTreeFileSystem(str(tmp_path), LocalFileSystem()), "out")


def test_what_is_written_is_read(folder: Folder) -> None:
    """Folders are made as they are needed; a second writing takes the place of the first."""
    folder.write("rows/a", b"1")
    folder.write("rows/a", b"23")
    assert folder.read("rows/a") == b"23"
    assert folder.read("rows/b") is None
    assert folder.sizes() == {"rows/a": 2}
    folder.delete("rows/a")
    assert folder.sizes() == {}


def test_a_folder_can_be_sent_to_a_worker(folder: Folder) -> None:
    """It writes to the same place from another process."""
    pickle.loads(pickle.dumps(folder)).write("a", b"1")
    assert folder.read("a") == b"1"


def test_a_file_that_cannot_be_completed_leaves_nothing(tmp_path: Path) -> None:
    """The target is a folder: the error names it, and the unfinished file is gone."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"/a: .*the same command goes on"):
        Folder.at(tmp_path).write("a", b"1")
    assert not list(tmp_path.glob(f"*{UNFINISHED}"))


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A second run is turned away while the first holds the folder, and let in after."""
    first, second = Folder.at(tmp_path), Folder.at(tmp_path)
    with first.held(), pytest.raises(OutputError, match="another run"), second.held():
        pass
    with Folder.at(tmp_path).held():
        pass


def test_what_blocks_while_a_folder_is_held_is_no_other_run(tmp_path: Path) -> None:
    """An error of the run that holds it comes out as it is."""
    with pytest.raises(BlockingIOError, match="a full pipe"), Folder.at(tmp_path).held():
        raise BlockingIOError("a full pipe")


def test_a_uri_names_the_same_folder_as_its_path(tmp_path: Path) -> None:
    """file:// is a local path; a kind that nobody knows is refused."""
    Folder.at(tmp_path.as_uri()).write("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    with pytest.raises(InputError, match="nowhere://"):
        Folder.at("nowhere://a")
