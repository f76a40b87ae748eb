"""How long a ledger of many articles takes, and how much memory.

    python benchmarks/ledger.py unlabelled.jsonl.gz [--articles 100 1000 10000] [--threads 2]

The file holds sentences (`text`, with `corpus`, `document`, `start`), and may be gzipped; those of a document
are an article again. Once all documents are used up, they come again with other names and numbers throughout,
so that none is a copy of another. Each ledger is built in a process of its own; since a busy machine
stretches the clock, the seconds of the processor stand beside it. Reading is the network and the threads of
each article, grouping the clustering of these, writing the files with the page. Memory is the most that the
process ever held, before and after writing (Linux).
"""

import argparse
import gzip
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, islice
from pathlib import Path

import stance
from stance.ledger import Article, Ledger

FIRST_DAY = date(2020, 1, 1)
A_DAY = 20
"""Articles that have the same date."""

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_VARIED = re.compile(r"\b[A-Z][a-z]{2,}\b|\d+")


def documents(file: Path) -> list[tuple[str, str]]:
    """Return corpus and text of each document, shuffled, always alike."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault((row["corpus"], row["document"]), []).append((row["start"], row["text"]))
    texts = [(corpus, "\n".join(text for _, text in sorted(rows))) for (corpus, _), rows in found.items()]
    random.Random(0).shuffle(texts)
    return texts


def rows(texts: list[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Yield articles without end, after the first round with other names and numbers."""
    names = sorted({name for _, text in texts for name in _NAME.findall(text)})
    places = {name: place for place, name in enumerate(names)}
    number = 0
    for round_ in count():

        def vary(match: re.Match[str], shift: int = 7919 * round_) -> str:
            word = match[0]
            if word.isdigit():
                return str(int(word) + shift)
            return names[(places[word] + shift) % len(names)] if word in places else word

        for corpus, text in texts:
            day = FIRST_DAY + timedelta(days=number // A_DAY)
            varied = _VARIED.sub(vary, text) if round_ else text
            yield {"id": str(number), "outlet": corpus, "date": day.isoformat(), "text": varied}
            number += 1


@dataclass
class Watch:
    """Seconds of the clock and of the processor that each part took."""

    clock: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    _last: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        self._last = time.perf_counter(), time.process_time()

    def stop(self, part: str) -> None:
        now = time.perf_counter(), time.process_time()
        self.clock[part] = self.clock.get(part, 0) + now[0] - self._last[0]
        self.processor[part] = self.processor.get(part, 0) + now[1] - self._last[1]
        self._last = now


def measure(file: Path, out: Path, threads: int | None) -> dict[str, object]:
    """Build a ledger in this process."""
    watch = Watch()
    watch.start()
    classifier = stance.load(threads=threads)
    watch.stop("loading")

    def report(done: int) -> None:
        watch.stop("reading")
        if done % 100 == 0:
            print(f"{done:,} articles, {watch.clock['reading']:.0f} s", file=sys.stderr, flush=True)

    with file.open(encoding="utf-8") as lines:
        articles = (
            Article(row["id"], row["text"], row["date"], row["outlet"]) for row in map(json.loads, lines)
        )
        ledger = Ledger().add(articles, classifier=classifier, report=report)
    watch.stop("grouping")
    before = memory()
    ledger.save(out)
    watch.stop("writing")
    return {
        "clock": watch.clock,
        "processor": watch.processor,
        "claims": len(ledger.claims),
        "entries": sum(len(claim.entries) for claim in ledger.claims),
        "before": before,
        "memory": memory(),
        "files": {file.name: file.stat().st_size for file in sorted(out.iterdir())},
    }


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def in_its_own_process(some: Iterator[dict[str, str]], threads: int | None) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "articles.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in some)
        command = [sys.executable, __file__, "--measure", str(file)]
        command += ["--threads", str(threads)] if threads else []
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--articles", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        with tempfile.TemporaryDirectory() as place:
            print(json.dumps(measure(options.sentences, Path(place), options.threads)))
        raise SystemExit
    texts = documents(options.sentences)
    for number in options.articles:
        found = in_its_own_process(islice(rows(texts), number), options.threads)
        print(number, json.dumps(found), flush=True)
