"""Documents to claims: threads on the same claim are joined, to one another or to a claim there is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

import numpy as np

from stance.ledger.claims import Claim, Entry, plain
from stance.ledger.copies import timeline
from stance.ledger.grouping import group
from stance.ledger.threads import Thread
from stance.ledger.vectors import LENGTH, Encoder, Vectors, content_words, whole

MOST_TITLE_WORDS = 30
_PRONOUNS = frozenset("it its they them their he him his she her i we our you this that these those".split())


class Record:
    """Claims that grow by the threads of documents.

    Args:
        claims: what there is already.
        encode: turns texts into vectors.
        check: is called again and again; what it raises ends the work. Default: nothing is.
    """

    def __init__(
        self, claims: Iterable[Claim], encode: Encoder, *, check: Callable[[], None] = lambda: None
    ) -> None:
        self._encode = encode
        self._check = check
        self._claims = list(claims)
        self._added: list[list[Entry]] = [[] for _ in self._claims]
        self._apart: dict[int, set[int]] = {}
        self._places: dict[tuple[str, str, str, str], int] = {}
        for place, claim in enumerate(self._claims):
            self._remember(claim.entries, place)

    def add(self, threads: Sequence[Thread]) -> None:
        """Add the threads of one document; one that repeats what another has said goes with it."""
        places: dict[int, int] = {}
        for thread in threads:
            known = (self._places.get(entry.key) for entry in thread.entries if entry.clear)
            place = next((place for place in known if place is not None), len(self._added))
            if place == len(self._added):
                self._added.append([])
            self._added[place] += thread.entries
            self._remember(thread.entries, place)
            places[id(thread)] = place
            others = {places[id(other)] for other in thread.apart} - {place}
            self._apart.setdefault(place, set()).update(others)

    def claims(self) -> Iterator[Claim]:
        """Group what was added, and yield all claims: those there were, grown, and the new ones."""
        settled = len(self._claims)
        old = [claim.entries for claim in self._claims] + [()] * (len(self._added) - settled)
        rows = [[*entries, *added] for entries, added in zip(old, self._added, strict=True)]
        means, counts = self._means(rows)
        roots = group(means, counts=counts, settled=settled, apart=self._apart, check=self._check)
        members: dict[int, list[Entry]] = {}
        for place, root in enumerate(roots.tolist()):
            members.setdefault(root, []).extend(rows[place])
        grown = {root for place, root in enumerate(roots.tolist()) if self._added[place]}
        for root, some in members.items():
            if root in grown:
                yield self._claim(some, self._claims[root].id if root < settled else _new_id(some[0]))
            else:
                yield self._claims[root]

    def _remember(self, entries: Iterable[Entry], place: int) -> None:
        for entry in entries:
            if entry.clear:
                self._places.setdefault(entry.key, place)

    def _means(self, rows: Sequence[Sequence[Entry]]) -> tuple[Vectors, list[int]]:
        """Return the mean of each row's vectors, and of how many it is."""
        texts = [_texts(row) for row in rows]
        counts = [len(some) for some in texts]
        means = np.zeros((len(rows), self._encode.size), np.float32)
        for place, some in enumerate(texts):
            means[place] = whole(self._encode(some).mean(0, dtype=np.float64))
        return means, counts

    def _claim(self, entries: Sequence[Entry], identity: str) -> Claim:
        kept = timeline(entries, check=self._check)
        return Claim(identity, self._title(kept), kept)

    def _title(self, entries: Sequence[Entry]) -> str:
        """Return the words that are most like all others of the claim; of equals, the longest."""
        texts = [entry.text for entry in entries if entry.clear] or [entries[0].sentence]
        vectors = self._encode(texts)
        central = vectors @ vectors.mean(0) / LENGTH**2

        def rank(place: int) -> tuple[bool, float, int, int]:
            found = texts[place].lower().split()
            good = len(found) <= MOST_TITLE_WORDS and _PRONOUNS.isdisjoint(found[:2])
            return good, round(float(central[place]), 3), len(content_words(texts[place])), -place

        return texts[max(range(len(texts)), key=rank)]


def _texts(entries: Sequence[Entry]) -> list[str]:
    """Return a claim in each of its words that can stand alone, or else in its first sentence."""
    found = {plain(entry.content): entry.content for entry in reversed(entries) if entry.clear}
    return list(reversed(found.values())) or [entries[0].sentence]


def _new_id(entry: Entry) -> str:
    """Name a claim by where it was first made."""
    place = "\0".join((entry.document, str(entry.start), *entry.key))
    return sha256(place.encode()).hexdigest()[:12]
