"""What is asked about: texts, each with its context, checked as they come."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from stance.errors import InputError

Pair = tuple[str, str | None]
"""A text and its context."""

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


def check_string(text: object, position: int | None = None) -> None:
    """Raise an InputError, with the position if there is one, for what is no string."""
    if not isinstance(text, str):
        where = "" if position is None else f" at position {position}"
        raise InputError(f"a string was expected{where}, {type(text).__name__} came")
