"""Files and streams to text, with a word on every byte that had to be replaced."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stance.errors import InputError

Report = Callable[[str], None]
"""Takes a message for the person who runs this."""

STDIN = "-"
MOST_REPORTS = 5
"""Bad lines that are named one by one; the rest are only counted."""


def read_lines(source: str, *, report: Report) -> Iterator[str]:
    """Read the lines of a UTF-8 file, lazily.

    Args:
        source: a path, or "-" for standard input.
        report: is told the line and byte of what is not UTF-8, and the count at the end.

    Returns:
        Each line without its line break; bytes that are not UTF-8 have become U+FFFD.

    Raises:
        InputError: the file cannot be read.
    """
    return (line.rstrip("\r\n") for line in _decoded(source, report))


def read_text(source: str, *, report: Report) -> str:
    """Read a whole UTF-8 file, its line breaks as they are; see `read_lines`."""
    return "".join(_decoded(source, report))


def _decoded(source: str, report: Report) -> Iterator[str]:
    bad = 0
    with _open(source) as stream:
        for number, line in enumerate(stream, 1):
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            try:
                yield content.decode()
            except UnicodeDecodeError as error:
                bad += 1
                if bad <= MOST_REPORTS:
                    report(f"{_name(source)}: line {number}, byte {error.start + 1}: not UTF-8; replaced")
                yield content.decode(errors="replace")
    if bad:
        report(f"{_name(source)}: lines with bytes that are not UTF-8: {bad}; those bytes were replaced")


@contextmanager
def _open(source: str) -> Iterator[BinaryIO]:
    if source == STDIN:
        if sys.stdin is None:
            raise InputError("standard input is closed; a file, or text over standard input, was expected")
        yield sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as stream:
            yield stream
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{source}: {reason}; a readable file, or - for standard input, was expected"
        ) from error


def _name(source: str) -> str:
    return "standard input" if source == STDIN else source
