"""How the time of labelling grows with sentences, with their length and with threads; and one at a time.

    python benchmarks/growth.py sentences.jsonl [--most 10000] [--rounds 3] [--model models/base]

The file holds `text`, and may be gzipped; more sentences than it has are its own again. Sentences and lengths
run on one thread. Seconds are of the wall clock and, since a busy machine stretches those, of the processor;
all are medians. One at a time: a sentence a call, after 50 to warm up.
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np

import stance

LENGTHS = (8, 16, 32, 64, 128, 256)
WORDS = 4096
"""Of all the sentences of one length together."""
WARM_UP, CALLS = 50, 1000


def seconds(classifier: stance.Classifier, texts: Sequence[str]) -> tuple[float, float]:
    """Return seconds of the clock and of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    for _ in classifier.classify_many(texts):
        pass
    return time.perf_counter() - start, time.process_time() - busy


def rows(
    found: dict[str, tuple[stance.Classifier, Sequence[str]]], rounds: int
) -> Iterator[tuple[str, int, float, float]]:
    """Yield name, number of sentences, and medians of the seconds; all take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, (classifier, texts) in found.items():
            times[name].append(seconds(classifier, texts))
    for name, (_, texts) in found.items():
        wall, busy = (median(values) for values in zip(*times[name], strict=True))
        yield name, len(texts), wall, busy


def show(title: str, found: dict[str, tuple[stance.Classifier, Sequence[str]]], rounds: int) -> None:
    print(
        f"\n| {title} | sentences | seconds | sentences/s | processor seconds | sentences/processor second |"
    )
    print("|---|---|---|---|---|---|", flush=True)
    for name, count, wall, busy in rows(found, rounds):
        print(
            f"| {name} | {count:,} | {wall:.2f} | {count / wall:,.0f} | {busy:.2f} | {count / busy:,.0f} |",
            flush=True,
        )


def of_length(texts: Sequence[str], words: int) -> list[str]:
    """Cut running text into pieces of so many words."""
    stream = (word for text in cycle(texts) for word in text.split())
    return [" ".join(islice(stream, words)) for _ in range(WORDS // words)]


def one_at_a_time(classifier: stance.Classifier, texts: Sequence[str]) -> None:
    taken: list[tuple[float, float]] = []
    for text in islice(cycle(texts), WARM_UP + CALLS):
        start, busy = time.perf_counter(), time.process_time()
        classifier.classify(text)
        taken.append((time.perf_counter() - start, time.process_time() - busy))
    wall, busy = (
        np.percentile(np.array(values[WARM_UP:]) * 1e3, [50, 99]) for values in zip(*taken, strict=True)
    )
    print("\n| one at a time, one thread | p50 | p99 |\n|---|---|---|")
    for name, values in (("clock", wall), ("processor", busy)):
        print(f"| {name} | {values[0]:.1f} ms | {values[1]:.1f} ms |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--most", type=int, default=10_000, help="up to 1000000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    opened = gzip.open if options.sentences.suffix == ".gz" else open
    with opened(options.sentences, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in islice(file, options.most)]
    texts = list(islice(cycle(texts), options.most))
    one = stance.load(options.model, threads=1)
    seconds(one, texts[:100])
    counts = [10**power for power in range(2, 7) if 10**power <= options.most]
    show("sentences", {f"{count:,}": (one, texts[:count]) for count in counts}, options.rounds)
    show("words", {str(words): (one, of_length(texts, words)) for words in LENGTHS}, options.rounds)
    threads = {
        str(count): (stance.load(options.model, threads=count), texts[:1000])
        for count in (1, 2, 4, 8, 16, 32)
        if count <= (os.cpu_count() or 1)
    }
    show("threads", threads, options.rounds)
    one_at_a_time(one, texts)
