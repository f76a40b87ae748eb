"""Keys."""

import pytest

from stance.serve.keys import VARIABLE, Keys, keys_of_environment


@pytest.mark.parametrize(
    "header",
    [(b"authorization", b"Bearer two"), (b"authorization", b"bearer  two"), (b"x-api-key", b"two")],
)
def test_any_of_the_keys_opens(header: tuple[bytes, bytes]) -> None:
    """In either header."""
    assert Keys(["one", "two"]).admit([(b"accept", b"*/*"), header])


@pytest.mark.parametrize(
    "header",
    [
        (b"authorization", b"Bearer tw"),
        (b"authorization", b"Basic two"),
        (b"x-api-key", b""),
        (b"x-api-key", b"one,two"),
        (b"x-api-key", b"\xff"),
        (b"accept", b"two"),
    ],
)
def test_nothing_else_opens(header: tuple[bytes, bytes]) -> None:
    """Neither a part of a key, nor all of them, nor another header."""
    assert not Keys(["one", "two"]).admit([header])


def test_without_keys_all_are_let_in() -> None:
    """A service on one's own machine needs none."""
    assert Keys([]).admit([])


def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commas separate them; an empty one is none, as it would open to everybody."""
    monkeypatch.setenv(VARIABLE, " one, two,,")
    assert keys_of_environment() == ("one", "two")
    monkeypatch.delenv(VARIABLE)
    assert keys_of_environment() == ()
