"""What is chosen by a word."""

import pytest

from stance.choices import Unit, pick
from stance.errors import InputError


@pytest.mark.parametrize("value", ["document", Unit.DOCUMENT])
def test_a_word_names_a_value(value: str) -> None:
    """And the value itself does."""
    assert pick(Unit, value) is Unit.DOCUMENT


@pytest.mark.parametrize("value", ["page", "", None, ["document"]])
def test_another_value_is_refused(value: object) -> None:
    """The message says which there are."""
    with pytest.raises(InputError, match='came; one of "sentence", "document" was expected'):
        pick(Unit, value)  # type: ignore[arg-type]
