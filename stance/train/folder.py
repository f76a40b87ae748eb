"""A model folder: written whole or not at all, and in the place of nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from stance.bundle import CONTRACT
from stance.errors import OutputError


def check_out(out: Path) -> None:
    """Refuse to put a model folder in the place of anything but a model folder or an empty one.

    Raises:
        OutputError: something else is there.
    """
    replaceable = (out / CONTRACT).is_file() or (out.is_dir() and not any(out.iterdir()))
    if not out.name or (out.exists() and not replaceable):
        raise OutputError(
            f"{out}: a new folder or a model folder was expected; what is there is not replaced"
        )


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes the place of `out` only if all went well.

    What a killed run left beside it is gone with the next one.

    Raises:
        OutputError: it cannot be written.
    """
    partial, old = (out.with_name(f".{out.name}.{kind}") for kind in ("partial", "old"))
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{out}: {error.strerror}") from error
    try:
        yield partial
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
            out.rename(old)
        partial.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise OutputError(f"{out}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
