"""The acts of a document to threads: runs of acts on one claim, found with what the document makes plain.

"The report", "that claim", or no words at all: what most acts are toward is said elsewhere in the document.
An act joins the thread whose claims are like its own; one whose words cannot stand alone, or that follows
soon and leans on what was said, joins the thread last spoken of. What is announced as another claim ("a
separate claim that …") is one: familiar things are spoken of as "the" and new ones as "a" (Heim, The
Semantics of Definite and Indefinite Noun Phrases, 1982).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stance.ledger.articles import Article
from stance.ledger.claims import Entry
from stance.ledger.grouping import THRESHOLD
from stance.ledger.vectors import LENGTH, Vectors, content_words
from stance.predictions import Act, Document, Span

STANDS_ALONE = 4
"""The fewest different content words that say which claim is meant, wherever they stand."""

REACH = 2
"""How many sentences back something may be that is leant on."""

_NOUN = r"(?:claim|allegation|accusation|charge|complaint|rumou?r|theory|hoax)"
_NEW = r"(?:separate|second|third|new|further|different|unrelated|other)"
_ANOTHER = re.compile(
    rf"\b(?:another|an? {_NEW}) (?:[\w’'-]+ )?{_NOUN}\b|\b{_NEW} {_NOUN}s\b|^(?:Separately|Elsewhere),|"
    r"^In (?:a separate|an unrelated|another) ",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"[”\"»],? (?:said|says|wrote|added) ((?:[A-Z][\w’'-]*\.? ?)*[A-Z][\w’'-]*\w)")
"""Who a quotation is from; it counts where no source was found."""

_LEANS = re.compile(r"\b(?:the|this|that|these|those|such|it|its|they|them|their|he|him|his|she|her)\b", re.I)

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(slots=True)
class Thread:
    """Acts of one document on one claim.

    Args:
        entries: the acts, in order.
        apart: earlier threads of the document that are on other claims.
    """

    entries: list[Entry]
    apart: "list[Thread]" = field(default_factory=list)


class _Clear:
    """The claims of each thread that stand alone, as the sum of their vectors.

    Args:
        size: of a vector.
    """

    def __init__(self, size: int) -> None:
        self._sums = np.zeros((0, size))
        self._counts = np.zeros((0, 1))

    def add(self, place: int, vector: Vectors) -> None:
        """Add a claim to the thread of this number."""
        if place >= len(self._sums):
            more = max(16, len(self._sums), place + 1 - len(self._sums))
            rows = ((0, more), (0, 0))
            self._sums, self._counts = np.pad(self._sums, rows), np.pad(self._counts, rows)
        self._sums[place] += vector
        self._counts[place] += 1

    def likeness(self, vector: Vectors, count: int) -> NDArray[np.float64]:
        """Return how alike a claim is to those of each thread on average, up to 1; 0 where there are none."""
        found = np.zeros(count)
        known = min(count, len(self._sums))
        sums = self._sums[:known] @ vector.astype(np.float64)
        found[:known] = sums / np.maximum(self._counts[:known, 0], 1) / LENGTH**2
        return found


def find_threads(
    document: Document, article: Article, *, encode: Encode, check: Callable[[], None] = lambda: None
) -> list[Thread]:
    """Find the threads of a document.

    Args:
        document: what `Classifier.read` gave.
        article: what is known of it.
        encode: turns texts into vectors.
        check: is called again and again; what it raises ends the work. Default: nothing is.

    Returns:
        The threads, in the order of their first acts; none for a document that takes no stance.
    """
    found: list[Thread] = []
    last, last_index = None, 0
    acts = list(_entries(document, article))
    vectors = encode([entry.content for _, entry in acts])
    clear = _Clear(vectors.shape[1])
    for (index, entry), vector in zip(acts, vectors, strict=True):
        check()
        near = index - last_index <= REACH
        likeness = clear.likeness(vector, len(found))
        place = _place(entry, likeness, last, near=near)
        if place is None:
            others = list(found) if entry.clear and _ANOTHER.search(entry.sentence) else []
            place = len(found)
            found.append(Thread([], others))
        elif entry.clear and likeness[place] < THRESHOLD:
            entry = replace(entry, clear=False)  # noqa: PLW2901 - it is here by its place alone
        found[place].entries.append(entry)
        if entry.clear:
            clear.add(place, vector)
        last, last_index = place, index
    return found


def _place(entry: Entry, likeness: NDArray[np.float64], last: int | None, *, near: bool) -> int | None:
    """Return the number of the thread that an act belongs to; None if it begins one."""
    if last is None or (entry.clear and _ANOTHER.search(entry.sentence)):
        return None
    alike = max(last, int(likeness.argmax()), key=likeness.__getitem__)
    if likeness[alike] >= THRESHOLD:
        return alike
    if not entry.clear or (near and _LEANS.search(entry.text)):
        return last
    return None


def _entries(document: Document, article: Article) -> Iterator[tuple[int, Entry]]:
    """Yield each act once, with the number of its sentence."""
    for index, (sentence, prediction) in enumerate(document):
        seen = set()
        for act in prediction.acts or ():
            act = _with_speaker(act, sentence.text)  # noqa: PLW2901
            entry = Entry(
                article.id, article.date, article.outlet, sentence.text, sentence.start, act, clear=False
            )
            if act.claim and len(content_words(entry.content)) >= STANDS_ALONE:
                entry = replace(entry, clear=True)
            if entry.key not in seen:
                seen.add(entry.key)
                yield index, entry


def _with_speaker(act: Act, sentence: str) -> Act:
    if act.source is None and act.cue is None and (match := _SPEAKER.search(sentence)):
        return replace(act, source=Span.of(sentence, *match.span(1)))
    return act
