"""What is asked about: texts, each with its context, checked as they come."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat, zip_longest
from typing import Any

from stance.errors import InputError

Pair = tuple[str, str | None]
"""A text and its context."""


@dataclass(slots=True)
class Window:
    """Texts that are looked at together.

    Args:
        texts, contexts: of each.
        refused: what was raised after them, of what is no text or by the iterable itself; None if nothing.
    """

    texts: list[str] = field(default_factory=list)
    contexts: list[str | None] = field(default_factory=list)
    refused: Exception | None = None

    def take(self, rows: Sequence[int]) -> "Window":
        """Return some of the texts, by their places, with their contexts."""
        return Window([self.texts[row] for row in rows], [self.contexts[row] for row in rows])


_MISSING: Any = object()


def pairs(texts: Iterable[str], contexts: Iterable[str | None] | None) -> Iterator[Pair]:
    """Give each text its context, and refuse what is neither, with its position."""
    if contexts is None:
        for position, text in enumerate(texts):
            check_string(text, position)
            yield text, None
        return
    for position, (text, context) in enumerate(zip_longest(texts, contexts, fillvalue=_MISSING)):
        if text is _MISSING or context is _MISSING:
            fewer, more = ("texts", "contexts") if text is _MISSING else ("contexts", "texts")
            raise InputError(
                f"a context, or None, for each text was expected; {position} {fewer} and more {more} came"
            )
        check_string(text, position)
        if context is not None and not isinstance(context, str):
            kind = type(context).__name__
            raise InputError(f"a string or None was expected as context at position {position}, {kind} came")
        yield text, context


def windows(asked: Iterator[Pair], sizes: Sequence[int]) -> Iterator[Window]:
    """Take texts together, as they are wanted, until there are no more or something is raised.

    Args:
        asked: texts with contexts.
        sizes: how many to take, each above 0; the last goes on.
    """
    for size in chain(sizes, repeat(sizes[-1])):
        window = Window()
        try:
            for text, context in islice(asked, size):
                window.texts.append(text)
                window.contexts.append(context)
        except Exception as error:  # of the caller's own texts too: those before it are to be answered
            window.refused = error
        yield window
        if window.refused or len(window.texts) < size:
            return


def check_string(text: object, position: int | None = None) -> None:
    """Raise an InputError, with the position if there is one, for what is no string."""
    if not isinstance(text, str):
        where = "" if position is None else f" at position {position}"
        raise InputError(f"a string was expected{where}, {type(text).__name__} came")
