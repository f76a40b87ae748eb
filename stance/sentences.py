"""Text to sentences with exact offsets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import sentencex

_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile(r"(?:\r\n|[\n\r\v\f\x85\u2028\u2029])[^\S\n\r]*(?=(.)?)")
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")
_LINES = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")
_PARAGRAPHS = re.compile(r"(?:[^\n\r]|(?:\r\n|\n|\r)(?![^\S\n\r]*[\n\r]))+")
_TITLES = {"Ms.", "Mx."}
"""Abbreviations that sentencex takes for a sentence where they begin one."""

_MARKS = re.compile(r"[‘‚“„«»‹《「`]|(?<!\w)'|'(?!\w)")
MOST_MARKS, LONGEST_PIECE = 300, 1024
"""The most quotation marks of a block that is handed to sentencex whole, and the characters of a piece where
there are more: for each mark left open it looks through all that follows, and lets no other thread run."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands: `document[start:end] == text`, in characters."""

    text: str
    start: int
    end: int


def well_formed(text: str) -> str:
    """Replace lone surrogates, which no encoder takes, by U+FFFD; the length stays the same."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def split(text: str, *, language: str = "en") -> Iterator[Sentence]:
    """Split a text into its sentences.

    A line break ends a sentence, as headlines, captions and list items have no full stop; in
    hard-wrapped text (most of its lines go on in lower case) only an empty line does.

    Args:
        text: any text, of any length.
        language: an ISO 639-1 code, the abbreviations of which are known. Default: English.

    Yields:
        The sentences in order, without the white space around them. Every character that is
        not white space is in exactly one sentence.

    Source: the library sentencex (Wikimedia), within each line or paragraph.
    """
    clean = well_formed(text)
    blocks = _PARAGRAPHS if _is_hard_wrapped(clean) else _LINES
    for block in blocks.finditer(clean):
        start = block.start()
        for segment in _segments(block.group(), language):
            if stripped := segment.strip():
                first = start + segment.index(stripped)
                last = first + len(stripped)
                yield Sentence(text[first:last], first, last)
            start += len(segment)


def _segments(block: str, language: str) -> Iterator[str]:
    held = ""
    # A white space of several bytes before a full stop makes sentencex panic: "Plan B\u00a0."
    for segment, is_whole in _pieces(_WIDE_SPACE.sub(" ", block), language):
        held += segment
        if is_whole and segment.strip() not in _TITLES:
            yield held
            held = ""
    yield held


def _pieces(block: str, language: str) -> Iterator[tuple[str, bool]]:
    """Yield segments, and whether each is whole: one that reaches the end of a piece goes on in the next.

    What begins beyond the middle of a piece is segmented again, with what comes after it.
    """
    marks = sum(1 for _ in islice(_MARKS.finditer(block), MOST_MARKS + 1))
    size = len(block) if marks <= MOST_MARKS else LONGEST_PIECE
    begin = 0
    while begin < len(block):
        end = min(begin + size, len(block))
        middle = end if end == len(block) else begin + size // 2
        for segment in sentencex.segment(language, block[begin:end]):
            begin += len(segment)
            yield segment, begin < end or end == len(block)
            if begin > middle:
                break


def _is_hard_wrapped(text: str) -> bool:
    following = [match.group(1) for match in _LINE_BREAK.finditer(text) if match.group(1)]
    lower = sum(1 for character in following if character.islower())
    return 2 * lower > len(following)
