"""What a request may cost."""

from dataclasses import dataclass, fields

from stance.errors import InputError


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the service; what goes beyond one is refused with the status beside it.

    Args:
        body_bytes: of a request, above 0 (413). Default: 1 MiB.
        sentences: of a request or of an article, above 0 (422). Default: 50,000, more than a body of
            ordinary text has.
        queue: requests that wait for the model or are with it, above 0 (429). Default: 256.
        seconds: for an answer, above 0 (504). Default: 120.
        upload_seconds: for a request to come in, head and body each, above 0 (408). Default: 10.

    Raises:
        InputError: a limit is not above 0.
    """

    body_bytes: int = 1_048_576
    sentences: int = 50_000
    queue: int = 256
    seconds: float = 120.0
    upload_seconds: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not (value := getattr(self, field.name)) > 0:
                raise InputError(f"{field.name} must be above 0; {value} came")
