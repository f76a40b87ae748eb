"""The errors of this library.

    StanceError
    ├── InputError         what was to be labelled is not text, or cannot be read
    ├── ModelError         a model folder is missing, damaged, or not of this format
    ├── OutputError        a result cannot be written
    ├── QueueFullError     the service has too much to do
    └── MissingExtraError  a feature needs packages that are not installed

Each message says what came, what was expected and what to do. Arguments are named as in Python,
`text_column`; on the command line that is the option --text-column.
"""

from importlib.util import find_spec
from typing import Self


class StanceError(Exception):
    """Base of every error that this library raises on purpose."""


class InputError(StanceError, ValueError):
    """What was to be labelled is not text, or cannot be read."""


class ModelError(StanceError):
    """A model folder is missing, damaged, or not of this format."""


class OutputError(StanceError):
    """A result cannot be written."""


class MissingExtraError(StanceError, ImportError):
    """A feature needs packages that are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs more packages: pip install "stance-classifier[{extra}]"')
        self._arguments = feature, extra

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        """Let it pass between processes."""
        return type(self), self._arguments


def require_extra(feature: str, extra: str, *modules: str) -> None:
    """Raise a MissingExtraError unless all modules that an extra brings can be imported.

    Args:
        feature: what needs them, for the message.
        extra: the name of the extra.
        modules: their names.
    """
    if not all(map(find_spec, modules)):
        raise MissingExtraError(feature, extra)
