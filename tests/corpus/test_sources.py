"""The files of the input."""

import os
from pathlib import Path

import pytest

from stance.corpus.folder import Folder
from stance.corpus.sources import UNREADABLE, find
from stance.errors import InputError


def names(*places: Path | str, out: str = "/nowhere/out") -> list[str]:
    return [source.name for source in find([str(place) for place in places], Folder.at(out))]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with files that are read and files that are not."""
    for name in (
        "b/2.csv.gz",
        "a.JSONL",
        "b/1.txt.zst",
        "c.parquet",
        "d.pdf",
        "_SUCCESS.txt",
        ".x/e.csv",
        "f.gz",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_a_folder_gives_its_files_by_path(corpus: Path) -> None:
    """Known kinds alone, packed or not; what is hidden is left."""
    found = names(corpus)
    assert found == [f"{corpus}/{name}" for name in ("a.JSONL", "b/1.txt.zst", "b/2.csv.gz", "c.parquet")]
    assert names(corpus.as_uri())[0] == f"{corpus.as_uri()}/a.JSONL"


def test_files_keep_their_order(corpus: Path) -> None:
    """What is named first is read first."""
    assert names(corpus / "c.parquet", corpus / "a.JSONL")[0].endswith("c.parquet")


def test_a_link_is_of_the_kind_that_its_name_says(tmp_path: Path) -> None:
    """As caches keep files: under a hash, with links to them; and it is the same file under either name."""
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "0f1e").write_bytes(b"x")
    link = tmp_path / "data.csv.gz"
    link.symlink_to("blobs/0f1e")
    for place in (link, tmp_path):
        (source,) = find([str(place)], Folder.at("/nowhere/out"))
        assert (source.name, source.kind, source.compression) == (str(link), "csv", "gzip")
    with pytest.raises(InputError, match="comes twice"):
        names(link, link)


def test_any_change_of_content_changes_the_fingerprint(corpus: Path) -> None:
    """Also one that leaves the size as it is."""
    before = find([str(corpus)], Folder.at("/nowhere/out"))
    (corpus / "a.JSONL").write_bytes(b"y")
    after = find([str(corpus)], Folder.at("/nowhere/out"))
    assert [a.digest == b.digest for a, b in zip(before, after, strict=True)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (["none.csv"], "no such file"),
        (["d.pdf"], "no known kind"),
        (["a.JSONL", "."], "comes twice"),
        ([".x"], "x/e.csv"),
    ],
)
def test_what_cannot_be_meant_is_refused(corpus: Path, places: list[str], words: str) -> None:
    """The message names the place, and what was expected."""
    if words == "x/e.csv":
        assert names(corpus / ".x") == [f"{corpus}/.x/e.csv"]  # a hidden folder that is named is meant
    else:
        with pytest.raises(InputError, match=words):
            names(*(corpus / place for place in places))


def test_the_output_must_not_be_read(corpus: Path) -> None:
    """A folder within the input would be input the next time; a file within the output could be swept."""
    with pytest.raises(InputError, match="lies in the input folder"):
        names(corpus, out=str(corpus / "out"))
    with pytest.raises(InputError, match="lies in the output folder"):
        names(corpus / ".x", out=str(corpus))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is hidden from root")
def test_a_file_that_cannot_be_read_has_no_fingerprint(corpus: Path) -> None:
    """It is not left out: it will be rejected by name."""
    (corpus / "a.JSONL").chmod(0)
    assert find([str(corpus)], Folder.at("/nowhere/out"))[0].digest == UNREADABLE
