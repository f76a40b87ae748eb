"""The ways to label sentences that `speed.py` compares, each trained, opened and run in a process of its own.

    python benchmarks/ways.py SETUP train|serve|once NAME

SETUP is a JSON object of `Setup`'s fields. `serve` reads a JSON list of sentences a line on standard input,
and answers with seconds, labels and the most memory so far; `once` prints the label of one sentence.
"""

import json
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from peers import (
    SETFIT_ROWS,
    open_embeddings,
    open_lexicon,
    open_pipeline,
    open_setfit,
    open_spacy,
    open_words,
    train_embeddings,
    train_setfit,
    train_spacy,
    train_words,
)
from setting import Label, Setup

TEXT = "Tehran denied any plan to sell drones."


@dataclass(frozen=True, slots=True)
class Way:
    """One way to label sentences.

    Args:
        title: in the table.
        open: returns what labels.
        size: returns the files that it needs, whose sizes are added up.
        train: fits it on the training rows first; None where there is nothing to fit.
        family: "ours", "network" or "plain", by which the plot colours it.
        labels_of: the way that gives the same labels, so that they are measured once. Default: none.
        folder: returns the model folder whose matrix products set the limit. Default: it is not known.
    """

    title: str
    open: Callable[[Setup], Label]
    size: Callable[[Setup], list[Path]]
    train: Callable[[Setup], None] | None = None
    family: str = "network"
    labels_of: str | None = None
    folder: Callable[[Setup], str] | None = None


def open_stance(setup: Setup, *, acts: bool = False, first_stage: bool = True) -> Label:
    import stance

    classifier = stance.load(setup.model, threads=setup.threads, first_stage=first_stage)
    return lambda texts: [prediction.label for prediction in classifier.classify_many(texts, acts=acts)]


def open_stance_processes(setup: Setup, *, acts: bool = False) -> Label:
    pool = multiprocessing.get_context("spawn").Pool(2, start_in_process, [setup, acts])

    def label(texts: list[str]) -> list[str]:
        found = pool.map(label_in_process, [texts[::2], texts[1::2]], chunksize=1)
        labels = [""] * len(texts)
        labels[::2], labels[1::2] = found
        return labels

    return label


_in_process: Label


def start_in_process(setup: Setup, acts: bool) -> None:
    global _in_process  # noqa: PLW0603 - the one thing that a process of a pool can keep
    _in_process = open_stance(replace(setup, threads=1), acts=acts)


def label_in_process(texts: list[str]) -> list[str]:
    return _in_process(texts)


def ours(folder: str) -> list[Path]:
    names = ("model.onnx", "first_stage.npy", "tokenizer.json", "config.json", "stance.json")
    return [file for name in names if (file := Path(folder) / name).exists()]


def checkpoint(folder: str) -> list[Path]:
    return [Path(folder) / name for name in ("model.safetensors", "tokenizer.json", "config.json")]


BASE, FAST, CASCADE = "stance", "stance-fast", "stance-cascade"
"""Our models: the best, the fast one, and the fast one that leaves to the best what it is not sure of."""


def our_way(
    title: str, model: str = BASE, *, acts: bool = False, first_stage: bool = True, processes: bool = False
) -> Way:
    """Return one of our models as a way, in this process or in two."""

    def folders(setup: Setup) -> list[str]:
        return {BASE: [setup.model], FAST: [setup.fast], CASCADE: [setup.fast, setup.model]}[model]

    def label(setup: Setup) -> Label:
        setup = replace(setup, model="+".join(folders(setup)))
        return (
            open_stance_processes(setup, acts=acts)
            if processes
            else open_stance(setup, acts=acts, first_stage=first_stage)
        )

    # Of a cascade, which sentences reach which network differs from text to text.
    limit = None if model == CASCADE or (model == FAST and first_stage) else lambda setup: folders(setup)[0]
    same = f"{model}{'-acts' if acts else ''}" if processes else None
    return Way(
        title,
        label,
        lambda setup: [file for folder in folders(setup) for file in ours(folder)],
        family="ours",
        labels_of=same,
        folder=limit,
    )


WAYS = {
    "stance": our_way("stance"),
    "stance-acts": our_way("stance, with acts", acts=True),
    "stance-processes": our_way("stance, 2 processes", processes=True),
    "stance-acts-processes": our_way("stance, 2 processes, with acts", acts=True, processes=True),
    "stance-fast": our_way("stance fast", FAST),
    "stance-fast-network": our_way("stance fast, without its first stage", FAST, first_stage=False),
    "stance-fast-processes": our_way("stance fast, 2 processes", FAST, processes=True),
    "stance-cascade": our_way("stance fast+base", CASCADE),
    "stance-cascade-acts": our_way("stance fast+base, with acts", CASCADE, acts=True),
    "stance-cascade-processes": our_way("stance fast+base, 2 processes", CASCADE, processes=True),
    "pipeline": Way(
        "transformers pipeline, as it comes",
        lambda setup: open_pipeline(setup, batch_size=1),
        lambda setup: checkpoint(setup.model),
        labels_of="pipeline-32",
    ),
    "pipeline-32": Way(
        "transformers pipeline, batches of 32",
        lambda setup: open_pipeline(setup, batch_size=32),
        lambda setup: checkpoint(setup.model),
    ),
    "setfit": Way(
        f"SetFit, {SETFIT_ROWS} rows a label",
        open_setfit,
        lambda setup: [file for file in setup.file("setfit").rglob("*") if file.is_file()],
        train_setfit,
    ),
    "embeddings": Way(
        "sentence embeddings, logistic regression",
        open_embeddings,
        lambda setup: [*checkpoint(setup.encoder), setup.file("embeddings.pickle")],
        train_embeddings,
    ),
    "spacy": Way(
        "spaCy textcat",
        open_spacy,
        lambda setup: [file for file in setup.file("spacy").rglob("*") if file.is_file()],
        train_spacy,
        family="plain",
    ),
    "words": Way(
        "TF-IDF, logistic regression",
        open_words,
        lambda setup: [setup.file("words.pickle")],
        train_words,
        family="plain",
    ),
    "lexicon": Way("cue lexicon", open_lexicon, lambda _: [], family="plain"),
}


def processes() -> list[str]:
    """Return the numbers of this process and of its children (Linux)."""
    tasks = Path("/proc/self/task").glob("*/children")
    return ["self", *(child for file in tasks for child in file.read_text().split())]


def processor_seconds() -> float:
    """Return the seconds on processors of this process and its children so far (Linux)."""
    others = (
        Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes()[1:]
    )
    ticks = sum(int(count) for fields in others for count in fields[11:13])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def most_memory() -> float:
    """Return the most memory that this process and its children ever held, in MB (Linux)."""
    texts = [Path(f"/proc/{process}/status").read_text() for process in processes()]
    return sum(int(match[1]) for text in texts if (match := re.search(r"VmHWM:\s+(\d+)", text))) / 1000


def serve(way: Way, setup: Setup) -> None:
    answer, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not get in between
    label = way.open(setup)
    for line in sys.stdin:
        texts = json.loads(line)
        start, busy = time.perf_counter(), processor_seconds()
        labels = label(texts)
        times = {"wall": time.perf_counter() - start, "processor": processor_seconds() - busy}
        print(
            json.dumps({"seconds": times, "labels": labels, "memory": most_memory()}), file=answer, flush=True
        )


if __name__ == "__main__":
    arranged, task, chosen = Setup(**json.loads(sys.argv[1])), sys.argv[2], WAYS[sys.argv[3]]
    if task == "serve":
        serve(chosen, arranged)
    elif task == "once":
        print(chosen.open(arranged)([TEXT])[0])
    elif chosen.train:
        chosen.train(arranged)
