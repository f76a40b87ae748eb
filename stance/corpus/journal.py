"""The memory of a run: what it is about, and which of its parts are done."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Self

from stance.corpus.folder import UNFINISHED, Folder
from stance.corpus.parts import PREFIX, part_name
from stance.errors import OutputError

MANIFEST, JOURNAL, SUMMARY = "manifest.json", "journal.jsonl", "summary.json"
ROWS, REJECTED = "rows", "rejected"


@dataclass(frozen=True, slots=True)
class Done:
    """A part that is done: what it came to.

    Args:
        file: the number of the file, from 0.
        first: the first row, from 1; 0 stands for a file that could not be opened.
        rows: how many rows were read.
        scored: how many of them were labelled.
        sentences: how many rows were written.
        truncated: how many of those were longer than the model reads.
        plain: how many of those the model's first stage answered.
        deferred: how many of those the first model of a cascade left to the second.
        labels: how many of those have each label.
        reasons: how many rows were rejected for each reason.
        files: the size in bytes of each file that was written, by name.
    """

    file: int
    first: int
    rows: int
    scored: int = 0
    sentences: int = 0
    truncated: int = 0
    plain: int = 0
    deferred: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the part."""
        return part_name(self.file, self.first)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to; `read == scored + rejected`.

    Args:
        files: how many files were read.
        files_rejected: how many could not be opened.
        read: rows of the input.
        scored: rows that were labelled.
        rejected: rows that were not; they are in the folder `rejected`, each with a reason.
        sentences: rows of the output: those scored, or the sentences of those documents.
        truncated: how many of those were longer than the model reads.
        plain: how many of those the model's first stage answered.
        deferred: how many of those the first model of a cascade left to the second.
        labels: how many of those have each label.
        reasons: how many rows and files were rejected for each reason.
    """

    files: int
    files_rejected: int
    read: int
    scored: int
    rejected: int
    sentences: int
    truncated: int
    plain: int
    deferred: int
    labels: Mapping[str, int]
    reasons: Mapping[str, int]

    @classmethod
    def of(cls, parts: Iterable[Done], files: int) -> Self:
        """Add up parts."""
        total: Counter[str] = Counter()
        labels: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for part in parts:
            total["files_rejected"] += part.first == 0
            for name in ("rows", "scored", "sentences", "truncated", "plain", "deferred"):
                total[name] += getattr(part, name)
            labels.update(part.labels)
            reasons.update(part.reasons)
        return cls(
            files=files - total["files_rejected"],
            files_rejected=total["files_rejected"],
            read=total["rows"],
            scored=total["scored"],
            rejected=total["rows"] - total["scored"],
            sentences=total["sentences"],
            truncated=total["truncated"],
            plain=total["plain"],
            deferred=total["deferred"],
            labels=dict(sorted(labels.items())),
            reasons=dict(sorted(reasons.items())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return asdict(self)


class Journal:
    """The parts of a run that are done, on disk as they come.

    Args:
        folder: the output folder.
        done: those that are done already.

    `read` and `rejected` count the rows of all parts that are done.
    """

    def __init__(self, folder: Folder, done: Iterable[Done]) -> None:
        self._folder = folder
        self._done: dict[int, dict[int, Done]] = defaultdict(dict)
        for part in done:
            self._done[part.file][part.first] = part
        self._stream: IO[bytes] | None = None
        self.read = sum(part.rows for part in self._parts())
        self.rejected = self.read - sum(part.scored for part in self._parts())

    @classmethod
    @contextmanager
    def opened(cls, folder: Folder, manifest: Mapping[str, Any], *, overwrite: bool) -> Iterator[Self]:
        """Go on with a run, or begin it.

        Args:
            folder: the output folder.
            manifest: what the run is about.
            overwrite: forget what is there and begin anew.

        Raises:
            OutputError: the folder holds something else, or cannot be written.
        """
        with folder.held():
            found = read_manifest(folder)
            sizes = folder.sizes()
            if found is None:
                _check_empty(folder, sizes)
            elif overwrite:
                for name in sizes.keys() & {JOURNAL}:
                    folder.delete(name)
            elif differences := list(_differences(found, json.loads(_json(manifest)))):
                raise OutputError(
                    f"{folder.name}: holds another run, which differs in {'; '.join(differences)}. "
                    "Give another `out`, or `overwrite` to begin anew"
                )
            if found is None or overwrite:
                folder.write(MANIFEST, _json(manifest))
            journal = cls(folder, _whole(folder, sizes))
            journal._tidy(sizes)
            try:
                yield journal
            finally:
                if journal._stream:
                    journal._stream.close()

    def add(self, part: Done) -> None:
        """Note that a part is done: its files are complete.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._done[part.file][part.first] = part
        self.read += part.rows
        self.rejected += part.rows - part.scored
        if self._stream is None:  # a remote file cannot be added to
            self._folder.write(JOURNAL, self._content())
            return
        try:
            self._stream.write(_line(part))
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise OutputError(
                f"{self._folder.name}/{JOURNAL}: {error.strerror}; make room, and the same command goes on"
            ) from error

    def finish(self, files: int) -> Summary:
        """Write the summary; the journal then is in the order of the input.

        What a worker that was killed left unfinished goes.
        """
        self._sweep(self._folder.sizes())
        summary = Summary.of(self._parts(), files)
        self._folder.write(JOURNAL, self._content())
        self._folder.write(SUMMARY, _json(summary.to_dict()))
        return summary

    def summary(self, files: int) -> Summary:
        """Add up what is done so far."""
        return Summary.of(self._parts(), files)

    def done(self, file: int) -> dict[int, int]:
        """Return the first row of each part of a file that is done, and how many rows it has."""
        return {first: part.rows for first, part in self._done.get(file, {}).items()}

    def _parts(self) -> Iterator[Done]:
        """Yield the parts that are done, in the order of the input."""
        for _, parts in sorted(self._done.items()):
            yield from (part for _, part in sorted(parts.items()))

    def _tidy(self, sizes: Mapping[str, int]) -> None:
        """Delete what belongs to no part that is done, and begin a journal without a torn line."""
        self._sweep(sizes)
        self._folder.write(JOURNAL, self._content())
        if self._folder.is_local:
            self._stream = self._folder.appended(JOURNAL)

    def _sweep(self, sizes: Mapping[str, int]) -> None:
        known = {MANIFEST, JOURNAL}.union(*(part.files for part in self._parts()))
        for name in filter(_is_of_a_run, sizes.keys() - known):
            self._folder.delete(name)

    def _content(self) -> bytes:
        return b"".join(map(_line, self._parts()))


def read_manifest(folder: Folder) -> dict[str, Any] | None:
    """Read what a run is about; None where there is no manifest, or none of a run.

    Raises:
        InputError: it is there and cannot be read.
    """
    content = folder.read(MANIFEST)
    try:
        found = json.loads(content) if content else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) and found.keys() >= {"model", "options"} else None


def _check_empty(folder: Folder, sizes: Mapping[str, int]) -> None:
    if foreign := [name for name in sorted(sizes) if not name.endswith(UNFINISHED)]:
        raise OutputError(
            f"{folder.name}: holds files, but no run of this command ({foreign[0]}); give an empty or a new "
            "folder as `out`"
        )


def _is_of_a_run(name: str) -> bool:
    """Say whether a run writes files of such a name; others are somebody else's."""
    folder, _, file = name.rpartition("/")
    part = folder in (ROWS, REJECTED) and file.startswith(PREFIX)
    return part or name == SUMMARY or name.endswith(UNFINISHED)


def _whole(folder: Folder, sizes: Mapping[str, int]) -> Iterator[Done]:
    """Read the parts whose files are all there; a line that is not whole ends the journal."""
    for line in (folder.read(JOURNAL) or b"").splitlines(keepends=True):
        try:
            part = Done(**json.loads(line))
        except (TypeError, ValueError):
            return
        if all(sizes.get(name) == size for name, size in part.files.items()):
            yield part


def _differences(found: Any, wanted: Any, place: str = "") -> Iterator[str]:
    """Say, for each value that differs, what it was and what it is now."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in dict.fromkeys([*found, *wanted]):
            below = f"{place}.{name}" if place else str(name)
            yield from _differences(found.get(name), wanted.get(name), below)
    elif found != wanted:
        yield f"{place} (was {json.dumps(found)}, is {json.dumps(wanted)})"


def _json(values: Any) -> bytes:
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def _line(part: Done) -> bytes:
    return (json.dumps(asdict(part), ensure_ascii=False) + "\n").encode()
