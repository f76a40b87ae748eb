"""The errors of this library."""

import pickle

import pytest

from stance.errors import InputError, MissingExtraError, ModelError


@pytest.mark.parametrize(
    "error", [InputError("no text"), ModelError("no model"), MissingExtraError("a", "b")]
)
def test_errors_pass_between_processes(error: Exception) -> None:
    """A worker's error says in the parent what it said there."""
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (type(error), str(error))
