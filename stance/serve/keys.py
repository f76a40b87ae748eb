"""Who may ask: keys in the environment, compared in constant time."""

import os
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

VARIABLE = "STANCE_API_KEYS"
"""Keys, separated by commas."""

_BEARER = b"bearer "

Headers = Iterable[tuple[bytes, bytes]]


def keys_of_environment() -> tuple[str, ...]:
    """Return the keys that the environment holds; none means that anybody may ask."""
    return tuple(key.strip() for key in os.environ.get(VARIABLE, "").split(",") if key.strip())


class Keys:
    """The keys that open the service.

    Args:
        keys: any number; with none, every request is let in.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = [sha256(key.encode()).digest() for key in keys]

    def admit(self, headers: Headers) -> bool:
        """Say whether a request's headers hold a key: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
        if not self._digests:
            return True
        given = sha256(_given(headers)).digest()
        fits = [
            compare_digest(given, digest) for digest in self._digests
        ]  # all of them: the time says nothing
        return True in fits


def _given(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"x-api-key":
            return value
        if name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            return value[len(_BEARER) :].strip()
    return b""
