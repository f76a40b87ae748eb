"""Who speaks: the commands, not the libraries; and of the processes of one run the first."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import huggingface_hub
import transformers


def quiet_libraries() -> None:
    """Turn off the bars and notes of the libraries: what went wrong, the command says itself."""
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)
    huggingface_hub.logging.set_verbosity_error()  # type: ignore[no-untyped-call]


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
