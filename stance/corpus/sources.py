"""Paths and URIs to the files of a corpus, with a fingerprint of each."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
from pyarrow import ArrowException
from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from stance.corpus.folder import Folder, explain, locate
from stance.errors import InputError

KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "text",
    ".text": "text",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
UNREADABLE = "unreadable"
"""Stands for the hash of a file that cannot be read."""

CANNOT_OPEN = "cannot be opened"
"""Why a file is rejected as a whole; what is wrong with it comes after a colon."""

_BLOCK = 1 << 20


class UnreadableError(Exception):
    """A file cannot be opened, or what it begins with is not of its kind."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the input.

    Args:
        name: as the caller named it, or the folder it is in.
        filesystem: where it is.
        path: within the file system.
        kind: one of `KINDS`.
        compression: one of `COMPRESSIONS`, or None.
        size: in bytes.
        digest: the SHA-256 of its content, in hexadecimal digits, or `UNREADABLE`.
    """

    name: str
    filesystem: FileSystem
    path: str
    kind: str
    compression: str | None
    size: int
    digest: str

    @contextmanager
    def open(self) -> Iterator[tuple[io.RawIOBase, Callable[[], int]]]:
        """Open it, unpacked, together with a function that tells how many of its bytes have been read.

        Raises:
            UnreadableError: it cannot be opened.
        """
        try:
            raw = self.filesystem.open_input_file(self.path)
        except (ArrowException, OSError) as error:
            raise UnreadableError(explain(error)) from error
        with raw:
            yield pa.CompressedInputStream(raw, self.compression) if self.compression else raw, raw.tell


def find(inputs: Sequence[str], out: Folder) -> tuple[Source, ...]:
    """Find the files of the input: those named, in their order, and those in folders, by path.

    Args:
        inputs: files and folders, by local path or by URI.
        out: the folder that is written, which must not be read.

    Raises:
        InputError: nothing is there, a file is of no known kind or comes twice, or input and output lie
            within each other.
    """
    sources = [source for place in inputs for source in _sources(place.rstrip("/") or "/", out)]
    seen: set[str] = set()
    for source in sources:
        if source.filesystem.equals(out.filesystem) and PurePosixPath(source.path).is_relative_to(out.path):
            raise InputError(f"{source.name}: lies in the output folder {out.name}; give another `out`")
        if source.path in seen:
            raise InputError(f"{source.name}: comes twice in the input; give each file or folder once")
        seen.add(source.path)
    if not sources:
        raise InputError(f"no file to read in {', '.join(inputs) or 'an empty input'}; {_expected()}")
    return tuple(sources)


def _sources(place: str, out: Folder) -> Iterator[Source]:
    filesystem, path = locate(place)
    try:
        found = filesystem.get_file_info(path)
        if found.type == FileType.NotFound:
            raise InputError(f"{place}: no such file or folder; {_expected()}")
        if found.type == FileType.Directory:
            yield from _in_folder(place, filesystem, path, out)
        elif (kind := _kind(place) or _kind(path)) is None:  # of a link the name, not what it leads to
            raise InputError(f"{place}: a file of no known kind; {_expected()}")
        else:
            yield _source(place, filesystem, found, *kind)
    except (ArrowException, OSError) as error:
        raise InputError(f"{place}: {explain(error)}; {_expected()}") from error


def _in_folder(place: str, filesystem: FileSystem, path: str, out: Folder) -> Iterator[Source]:
    if filesystem.equals(out.filesystem) and PurePosixPath(out.path).is_relative_to(path):
        raise InputError(f"{out.name}: lies in the input folder {place}; give an `out` elsewhere")
    for found in sorted(
        filesystem.get_file_info(FileSelector(path, recursive=True)), key=lambda info: info.path
    ):
        below = PurePosixPath(found.path).relative_to(path)
        hidden = any(name.startswith((".", "_")) for name in below.parts)
        if found.is_file and not hidden and (kind := _kind(found.path)):
            yield _source(f"{place}/{below}", filesystem, found, *kind)


def _kind(path: str) -> tuple[str, str | None] | None:
    name = PurePosixPath(path.lower())
    compression = COMPRESSIONS.get(name.suffix)
    kind = KINDS.get(PurePosixPath(name.stem).suffix if compression else name.suffix)
    return None if kind is None or (compression and kind == "parquet") else (kind, compression)


def _source(name: str, filesystem: FileSystem, found: FileInfo, kind: str, compression: str | None) -> Source:
    digest = _digest(filesystem, found.path)
    return Source(name, filesystem, found.path, kind, compression, found.size, digest)


def _digest(filesystem: FileSystem, path: str) -> str:
    """Hash all of a file: a change anywhere in it is noticed, at a gigabyte a second or so."""
    digest = hashlib.sha256()
    try:
        with filesystem.open_input_stream(path, compression=None) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except (ArrowException, OSError):
        return UNREADABLE
    return digest.hexdigest()


def _expected() -> str:
    kinds = ", ".join(KINDS)
    return (
        f"files and folders of {kinds} were expected (the text kinds also with {' or '.join(COMPRESSIONS)})"
    )
