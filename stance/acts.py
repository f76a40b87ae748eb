"""Token scores to acts: who takes which stance, by which words, toward what.

What the network says of a sentence as a whole decides which stances it holds; its tokens only say
where. So acts never contradict the label and the stances: each stance has at least one act, and no
act has another stance.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.calibration import softmax
from stance.predictions import Act, Span

Array = NDArray[np.floating]
Tokens = tuple[int, int]
"""The first and the last token of a span."""

POINTERS = ("source start", "source end", "claim start", "claim end")
"""What a token of a cue points to: the first and the last token of its act's source and of its claim."""

CUE_THRESHOLD, EDGE_THRESHOLD = 0.5, 0.3
"""The probability that some token of a cue has at least, and the one from which those beside it belong to it.

Source: Canny 1986, "A Computational Approach to Edge Detection", whose hysteresis this is.
"""

MOST_BETWEEN = 1
"""How many tokens that are no cue may stand within one: "has [not] denied"."""

FAINT_CUE_THRESHOLD = 0.1
"""Where a stance is held and no token reaches `CUE_THRESHOLD`, the one from which its likeliest is a cue."""

_DATELINE = re.compile(r"[A-Z][A-Z .,’'-]{1,80}(?:\([^)]{0,40}\) )?[—–-]{1,3} (?=[“‘\"']?[A-Z])")
"""Where a report was written, before its first sentence, which begins anew: no part of who speaks in it."""

_PUT_IN = re.compile(r"\s\w+(?:\s\w+)?,\s")
"""What follows who speaks where that is put into the midst of what is said: " said, "."""

_ABBREVIATED = re.compile(r"\b(?:(?:[A-Za-z]\.)+[A-Za-z]|Inc|Corp|Co|Ltd|Jr|Sr|Bros)$")
"""A name that ends with a stop of its own."""

_PAIRS = (("“", "”"), ('"', '"'), ("‘", "’"), ("(", ")"), ("[", "]"))
_OPENING = "\"'“‘«„‚`([{,;:.!?-–—… "
_CLOSING = "\"'”’»“‘`)]},;:.!?-–—… "


def find_acts(
    text: str,
    offsets: Sequence[tuple[int, int]],
    cues: Array,
    pointers: Array,
    *,
    label: str,
    stances: Sequence[str],
    names: Sequence[str],
) -> tuple[Act, ...]:
    """Find the acts of a sentence.

    Args:
        text: the sentence.
        offsets: where each token stands in it; empty for special tokens, which are the first and the last.
        cues: [tokens, 1 + stances] logits: no cue, or a cue of a stance.
        pointers: [4, from, to] logits: from a cue's tokens to the first and the last token of its source,
            and to those of its claim; to the first token of all where there is none.
        label: the sentence's label.
        stances: all stances that it holds.
        names: of all stances, in the order of the columns of `cues`.

    Returns:
        The acts, at least one for each of `stances`; the surest of the label's comes first, the others
        follow as they stand in the sentence.
    """
    probabilities = softmax(cues.astype(np.float64))[:, 1:]
    probabilities[[start == end for start, end in offsets]] = 0.0
    found: list[_Found] = []
    for stance in stances:
        scores = probabilities[:, names.index(stance)]
        found += [
            _Found(
                cue[0], float(scores[cue[0] : cue[1] + 1].mean()), _act(text, offsets, stance, cue, pointers)
            )
            for cue in _cues(scores)
        ] or [_Found(len(offsets), 0.0, Act(stance, None, None, None))]
    main = max(found, key=lambda one: (one.act.stance == label, one.sureness), default=None)
    others = (one for one in sorted(found, key=lambda one: one.place) if one is not main)
    return tuple(one.act for one in (main, *others) if one)


class _Found(NamedTuple):
    """An act, the token where it stands, and the mean probability of its cue's tokens."""

    place: int
    sureness: float
    act: Act


def _cues(scores: Array) -> list[Tokens]:
    """Return the first and the last token of each cue."""
    runs: list[Tokens] = []
    for first, last in _runs(scores >= EDGE_THRESHOLD):
        if scores[first : last + 1].max() < CUE_THRESHOLD:
            continue
        begin = runs.pop()[0] if runs and first - runs[-1][1] - 1 <= MOST_BETWEEN else first
        runs.append((begin, last))
    best = int(scores.argmax())
    return runs or ([(best, best)] if scores[best] >= FAINT_CUE_THRESHOLD else [])


def _runs(marked: NDArray[np.bool_]) -> Iterator[Tokens]:
    for is_marked, group in groupby(range(len(marked)), key=marked.__getitem__):
        if is_marked:
            tokens = list(group)
            yield tokens[0], tokens[-1]


def _act(text: str, offsets: Sequence[tuple[int, int]], stance: str, cue: Tokens, pointers: Array) -> Act:
    """Read an act off its cue.

    Who speaks stands outside of what is said, or is put into it by the way, and outside of the words that
    show it; all stand behind the dateline.
    """
    scores = pointers[:, cue[0] : cue[1] + 1].mean(axis=1)
    line = _DATELINE.match(text)
    free = np.array([start >= (line.end() if line else 0) for start, _ in offsets])
    free[[0, -1]] = False
    claim = _best_span(scores[2], scores[3], free)
    free[cue[0] : cue[1] + 1] = False
    outside = free.copy()
    if claim:
        outside[claim[0] : claim[1] + 1] = False
    source = _span(text, offsets, _best_span(scores[0], scores[1], outside))
    if not source and claim:
        source = _aside(text, _span(text, offsets, _best_span(scores[0], scores[1], free)))
    return Act(stance, _with_stop(text, source), _span(text, offsets, cue), _span(text, offsets, claim))


def _aside(text: str, source: Span | None) -> Span | None:
    """Return a source if it is put in by the way, between commas."""
    is_put_in = source and text.endswith(", ", 0, source.start) and _PUT_IN.match(text, source.end)
    return source if is_put_in else None


def _with_stop(text: str, source: Span | None) -> Span | None:
    """Give a name that is short for another its full stop back."""
    if source and text.startswith(".", source.end) and _ABBREVIATED.search(source.text):
        return Span.of(text, source.start, source.end + 1)
    return source


def _best_span(starts: Array, ends: Array, free: NDArray[np.bool_]) -> Tokens | None:
    """Return the span of free tokens with the highest scores [tokens] of its ends.

    None if "nowhere" scores higher.
    """
    highest, found = starts[0] + ends[0], None
    for first, last in _runs(free):
        here, there = starts[first : last + 1], ends[first : last + 1]
        joint = here + np.maximum.accumulate(there[::-1])[::-1]  # with the best end from each token on
        start = int(joint.argmax())
        if joint[start] > highest:
            highest, found = joint[start], (first + start, first + start + int(there[start:].argmax()))
    return found


def _span(text: str, offsets: Sequence[tuple[int, int]], tokens: Tokens | None) -> Span | None:
    """Cut a span at word boundaries, without what quotes and closes all of it."""
    if tokens is None:
        return None
    start, end = offsets[tokens[0]][0], offsets[tokens[1]][1]
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(_OPENING))
    end -= len(piece) - len(piece.rstrip(_CLOSING))
    return Span.of(text, *_whole_pairs(text, start, end)) if start < end else None


def _whole_pairs(text: str, start: int, end: int) -> tuple[int, int]:
    """Take back in a mark or a bracket beside a span whose other half stands within."""
    for opening, closing in _PAIRS:
        piece = text[start:end]
        opened = piece.count(opening) - (0 if opening == closing else piece.count(closing))
        before, after = text.endswith(opening, 0, start), text.startswith(closing, end)
        odd = opened % 2 if opening == closing else opened
        if odd > 0 and after:
            end += 1
        elif odd and before and not after and (odd < 0 or opening == closing):
            start -= 1
    return start, end
