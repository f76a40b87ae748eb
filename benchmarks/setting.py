"""What all ways to label sentences are given, and what they give."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Label = Callable[[list[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Setup:
    """Where things are.

    Args:
        model: our model folder, which is a checkpoint as well.
        fast: the folder of our fast model.
        encoder: a sentence encoder that knows nothing of the labels.
        train: JSON lines of `text` and `label`.
        work: a folder for what is trained.
        threads: of each process, at least 1; None leaves it to each way.
    """

    model: str
    fast: str
    encoder: str
    train: str
    work: str
    threads: int | None = None

    def rows(self) -> tuple[list[str], list[str]]:
        rows = [json.loads(line) for line in Path(self.train).read_text(encoding="utf-8").split("\n") if line]
        return [row["text"] for row in rows], [row["label"] for row in rows]

    def file(self, name: str) -> Path:
        return Path(self.work) / name
