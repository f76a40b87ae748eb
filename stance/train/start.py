"""What a run of training was started with: it goes on with nothing else."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.errors import OutputError
from stance.train.average import writing
from stance.train.data import LabelledSentence

START = "start.json"

_READ_OF_A_BASE = {".json", ".txt", ".model", ".safetensors", ".bin"}
"""What `transformers` reads in the folder of an encoder: its configuration, tokenizer and weights."""

Start = Mapping[str, Any]


def describe_start(
    train: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence],
    *,
    base: str | Path,
    commit: str | None,
    labels: Sequence[str],
    stances: Sequence[str],
    recipe: Mapping[str, Any],
    processes: int = 1,
) -> Start:
    """Describe what decides which weights a run ends in, on machines of one kind.

    Args:
        train, development: what is learnt from, and what the best epoch is chosen on; of each the order
            matters, and all that a reader said of a sentence.
        base: a Hub id or a folder; of a folder its name and content count, wherever it is.
        commit: of a Hub id, the version that was loaded; of a folder it is not looked at.
        labels, stances: in the order of the logits.
        recipe: the options, value by name.
        processes: how many learn side by side, each from a batch of its own. Default 1.
    """
    folder = Path(base)
    parts = {"training sentences": train, "development sentences": development}
    start = {
        **{name: f"{len(part)}, hash {_hash(map(_content, part))}" for name, part in parts.items()},
        "base": f"{folder.name}, hash {_hash(_files(folder))}" if folder.is_dir() else f"{base}@{commit}",
        "labels": list(labels),
        "stances": list(stances),
        **{name.replace("_", " "): value for name, value in recipe.items()},
        "processes": processes,
    }
    plain: Start = json.loads(json.dumps(start))
    return plain


def note_start(work: Path, start: Start) -> None:
    """Write what a run is started with into its folder.

    Raises:
        OutputError: it cannot be written.
    """
    with writing(work):
        work.mkdir(parents=True, exist_ok=True)
        (work / START).write_text(json.dumps(start, indent=2) + "\n", encoding="utf-8")


def require_start(work: Path, start: Start) -> None:
    """Refuse to go on with anything but what a run was started with.

    Raises:
        OutputError: something differs, and is named; or the run noted nothing.
    """
    try:
        found = json.loads((work / START).read_bytes())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        differences = ["all that it was started with, of which it holds no note"]
    else:
        differences = [
            f"{name} (was {json.dumps(found.get(name))}, is {json.dumps(start.get(name))})"
            for name in dict.fromkeys([*start, *found])
            if found.get(name) != start.get(name)
        ]
    if differences:
        raise OutputError(
            f"{work}: holds another run, which differs in {'; '.join(differences)}. "
            "Give what that run was started with, or leave `resume` out to begin anew"
        )


def _content(row: LabelledSentence) -> bytes:
    """Return what is learnt from a sentence; its group and where it stood are not."""
    read = (row.text, row.context, row.label, row.soft, row.stances, row.acts, row.attributions)
    return repr(read).encode()


def _files(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.suffix in _READ_OF_A_BASE:
            yield file.name.encode()
            with file.open("rb") as stream:
                yield hashlib.file_digest(stream, "sha256").digest()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]
