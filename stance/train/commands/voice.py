"""One voice for the processes of one training run."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import transformers


@contextmanager
def one_voice() -> Iterator[bool]:
    """Let the first of the processes that `torchrun` started speak alone; yield whether this is it.

    The libraries' own bars and notes are kept quiet in all of them.
    """
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    datasets.disable_progress_bars()
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
