"""The output folder, local or remote: whole files, written so that a kill leaves all of one or nothing."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from uuid import uuid4

from pyarrow import ArrowException
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem

from stance.errors import InputError, OutputError

if sys.platform != "win32":
    import fcntl

UNFINISHED = ".unfinished"
"""What a file is called, at the end of its name, until it is whole."""


def locate(place: str) -> tuple[FileSystem, str]:
    """Find the file system and the path of a URI or a local path.

    Raises:
        InputError: the URI is of no known kind.
    """
    if "://" not in place:
        return LocalFileSystem(), Path(place).resolve().as_posix()
    try:
        filesystem, path = FileSystem.from_uri(place)
    except (ArrowException, OSError, ValueError) as error:
        raise InputError(f"{place}: {error}; a path or a URI that pyarrow.fs opens was expected") from error
    return filesystem, path


def explain(error: Exception) -> str:
    """Say what went wrong with a file, in one line."""
    reason = error.strerror if isinstance(error, OSError) else None
    return " ".join((reason or str(error) or type(error).__name__).split())


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of whole files. It can be sent to another process.

    Args:
        name: as the caller gave it, for messages.
        filesystem: where it is.
        path: within the file system.
    """

    name: str
    filesystem: FileSystem
    path: str

    @classmethod
    def at(cls, place: str | Path) -> Self:
        """Name a folder by its local path or URI; it need not exist."""
        return cls(str(place), *locate(str(place)))

    @property
    def is_local(self) -> bool:
        """Whether its files are this machine's."""
        return isinstance(self.filesystem, LocalFileSystem)

    def write(self, name: str, content: bytes) -> None:
        """Write a file such that at any moment there is all of it, or what was there before.

        Raises:
            OutputError: it cannot be written.
        """
        target = self._path(name)
        unfinished = f"{target}.{uuid4().hex}{UNFINISHED}"
        with self._writing(name):
            self.filesystem.create_dir(os.path.dirname(target), recursive=True)
            if self.is_local:
                _write_durably(Path(unfinished), Path(target), content)
            else:
                with self.filesystem.open_output_stream(unfinished, compression=None) as stream:
                    stream.write(content)
                self.filesystem.move(unfinished, target)

    def read(self, name: str) -> bytes | None:
        """Read a file; None where there is none.

        Raises:
            InputError: it is there and cannot be read.
        """
        path = self._path(name)
        try:
            if self.filesystem.get_file_info(path).type == FileType.NotFound:
                return None
            with self.filesystem.open_input_stream(path, compression=None) as stream:
                return bytes(stream.read())
        except (ArrowException, OSError) as error:
            raise InputError(f"{self.name}/{name}: {explain(error)}") from error

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of every file below, by its name within this folder."""
        selector = FileSelector(self.path, recursive=True, allow_not_found=True)
        with self._writing("."):
            return {
                found.path.removeprefix(self.path).lstrip("/"): found.size
                for found in self.filesystem.get_file_info(selector)
                if found.is_file
            }

    def delete(self, name: str) -> None:
        """Delete a file."""
        with self._writing(name):
            self.filesystem.delete_file(self._path(name))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep any other run out of a local folder; the hold ends with this process, however it ends.

        Raises:
            OutputError: another run holds it, or it cannot be written.
        """
        if not self.is_local or sys.platform == "win32":
            yield
            return
        with self._writing("."):
            Path(self.path).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    f"{self.name}: another run is writing here; wait for its end, or give another folder"
                ) from error
            yield
        finally:
            os.close(descriptor)

    def appended(self, name: str) -> IO[bytes]:
        """Open a local file to append to it."""
        with self._writing(name):
            return Path(self._path(name)).open("ab")

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        try:
            yield
        except (ArrowException, OSError) as error:
            raise OutputError(
                f"{self.name}/{name}: {explain(error)}; a folder that can be written was expected: "
                "mend it, and the same command goes on"
            ) from error

    def _path(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"


def _write_durably(unfinished: Path, target: Path, content: bytes) -> None:
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    if sys.platform != "win32":
        directory = os.open(target.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
