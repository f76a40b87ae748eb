"""What is chosen by a word: the values of an enumeration, of which `Unit` is the one that most share."""

from enum import StrEnum
from typing import TypeVar

from stance.errors import InputError

Kind = TypeVar("Kind", bound=StrEnum)


class Unit(StrEnum):
    """What a text holds: one sentence, or a document of many."""

    SENTENCE = "sentence"
    DOCUMENT = "document"


def pick(kind: type[Kind], value: str) -> Kind:
    """Return the value of an enumeration that a string names.

    Raises:
        InputError: it names none.
    """
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(f'"{one}"' for one in kind)
        raise InputError(f'{kind.__name__.lower()} "{value}" came; one of {known} was expected') from None
