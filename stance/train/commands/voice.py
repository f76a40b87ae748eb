"""Who speaks: the commands, not the libraries; and of the processes of one run the first."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QUIET = {
    "TRANSFORMERS_VERBOSITY": "error",
    "DATASETS_VERBOSITY": "critical",
    "HF_HUB_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}
"""What the libraries look up when they are loaded, for which a command need not load them."""


def quiet_libraries() -> None:
    """Turn off the bars and notes of the libraries: what went wrong, the command says itself."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


@contextmanager
def one_voice() -> Iterator[bool]:
    """Let the first of the processes that `torchrun` started speak alone; yield whether this is it."""
    if os.environ.get("RANK", "0") == "0":
        yield True
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        kept = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = nowhere
        try:
            yield False
        finally:
            sys.stdout, sys.stderr = kept
