"""Entries to a timeline: the same words, or nearly the same, count once.

What editors do to a wire story (a word less, "US" for "U.S.", a day named) leaves most words of a sentence as
they are. Two sentences are nearly the same if they share four fifths of their words, and numbers and
negations are among them, and the claims within are much the same. Whatever is so alike has one of its rarest
words in common, which finds it without a look at all others (Chaudhuri et al., A Primitive Operator for
Similarity Joins in Data Cleaning, 2006).
"""

import math
from collections.abc import Callable, Sequence

from stance.ledger.claims import Entry
from stance.ledger.vectors import weight

ALIKE = 0.8
"""The share of the words of two sentences together that both must have."""

FEWEST_WORDS = 8
"""Shorter sentences are alike by chance; only the same words make copies of them."""

_NEGATIONS = frozenset("no not never nor neither without t".split())
"""With "t" as in "don't"."""

CLAIMS_ALIKE = 0.5
"""The share of the words of their claims; where a span ends is less certain than which sentence it is in."""

_Key = tuple[str, str, str, str]
"""Of an entry: sentence, stance, source and claim."""


def timeline(entries: Sequence[Entry], *, check: Callable[[], None] = lambda: None) -> tuple[Entry, ...]:
    """Put entries in the order of dates, documents and places, and let copies count once: the earliest stays.

    Args:
        entries: of a claim.
        check: is called again and again; what it raises ends the work. Default: nothing is.
    """
    kept: list[Entry] = []
    known = _Known()
    documents = {document: place for place, document in enumerate(dict.fromkeys(e.document for e in entries))}
    for entry in sorted(entries, key=lambda e: (e.date or "", documents[e.document], e.start)):
        check()
        place = known.find(entry)
        if place is None:
            known.add(entry, len(kept))
            kept.append(entry)
        else:
            kept[place] = kept[place].with_copy(entry)
    return tuple(kept)


class _Known:
    """Entries by their words, and by the rarest of these."""

    def __init__(self) -> None:
        self._exact: dict[_Key, int] = {}
        self._rare: dict[tuple[str, str, str], list[tuple[int, _Key]]] = {}

    def add(self, entry: Entry, place: int) -> None:
        self._exact[entry.key] = place
        for word in _rarest(entry.key):
            self._rare.setdefault(word, []).append((place, entry.key))

    def find(self, entry: Entry) -> int | None:
        """Return the place of the first entry that this one is a copy of."""
        key = entry.key
        if key in self._exact:
            return self._exact[key]
        near = [one for word in _rarest(key) for one in self._rare.get(word, ())]
        return min((place for place, other in near if _nearly_the_same(key, other)), default=None)


def _rarest(key: _Key) -> list[tuple[str, str, str]]:
    """Return stance, source and so many words that entries without one in common are not alike."""
    sentence, stance, source, _ = key
    words = set(sentence.split())
    if len(words) < FEWEST_WORDS:
        return []
    ranked = sorted(words, key=lambda word: (-weight(word), word))
    enough = len(words) - math.ceil(ALIKE * len(words)) + 1
    return [(stance, source, word) for word in ranked[:enough]]


def _nearly_the_same(key: _Key, other: _Key) -> bool:
    words, others = set(key[0].split()), set(other[0].split())
    if _shared(words, others) < ALIKE or _shared(set(key[3].split()), set(other[3].split())) < CLAIMS_ALIKE:
        return False
    return not any(word in _NEGATIONS or word[0].isdigit() for word in words ^ others)


def _shared(words: set[str], others: set[str]) -> float:
    together = len(words | others)
    return len(words & others) / together if together else 1.0
