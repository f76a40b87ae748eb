"""`stance score` against the bare classifier with as many processes: sentences a second, and memory.

    python benchmarks/corpus.py [--rows 40000] [--workers 2] [--rounds 1] [--model models/base]

The rows are the sentences of the article that ships with the library, each varied by a number, so that none
comes twice; a JSON lines file of them is scored to Parquet. Both ways are timed from the start of their
processes to the end, in turn; on a machine with other work, compare their processor seconds. Memory is the
most that any worker, and the main process, ever held (Linux).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from itertools import count, cycle, islice
from pathlib import Path

from stance.sentences import split

FOLDER = Path(__file__).resolve().parent.parent / "models" / "base"
BARE = """
import sys, stance
first, step = int(sys.argv[3]), int(sys.argv[4])
texts = [line.rstrip("\\n") for line in open(sys.argv[2], encoding="utf-8")][first::step]
print(sum(1 for _ in stance.load(sys.argv[1], threads=1).classify_many(texts)))
"""


def sentences() -> Iterator[str]:
    text = (files("stance") / "resources" / "demo.txt").read_text(encoding="utf-8")
    for number, sentence in zip(count(1), cycle(list(split(text))), strict=False):
        yield f"{sentence.text} ({number})"


def bare(lines: Path, model: Path, workers: int) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-c", BARE, str(model), str(lines)]
    processes = [
        subprocess.Popen([*command, str(number), str(workers)], stdout=subprocess.DEVNULL)
        for number in range(workers)
    ]
    if any(process.wait() for process in processes):
        raise SystemExit("the bare classifier failed")
    return time.perf_counter() - start


def score(corpus: Path, out: Path, model: Path, workers: int, memory: dict[str, int]) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "stance", "score", str(corpus), "--out", str(out), "--quiet"]
    process = subprocess.Popen([*command, "--model", str(model), "--workers", str(workers)])
    watcher = threading.Thread(target=watch, args=(process, memory))
    watcher.start()
    if process.wait():
        raise SystemExit("stance score failed")
    seconds = time.perf_counter() - start
    watcher.join()
    return seconds


def processor_seconds() -> float:
    """Of all processes that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def watch(process: subprocess.Popen[bytes], memory: dict[str, int]) -> None:
    """Note the most memory of the main process and of any of its children, in MB."""
    while process.poll() is None:
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for name, pids in {"main": [process.pid], "worker": children}.items():
                for pid in pids:
                    status = Path(f"/proc/{pid}/status").read_text()
                    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
                    memory[name] = max(memory.get(name, 0), peak)
        except (OSError, IndexError):
            pass  # it has just ended
        time.sleep(0.2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", type=Path, default=FOLDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        lines, corpus = Path(place) / "rows.txt", Path(place) / "rows.jsonl"
        with lines.open("w", encoding="utf-8") as text, corpus.open("w", encoding="utf-8") as rows:
            for number, sentence in enumerate(islice(sentences(), options.rows)):
                text.write(sentence + "\n")
                rows.write(json.dumps({"id": number, "text": sentence}, ensure_ascii=False) + "\n")
        memory: dict[str, int] = {}
        times: dict[str, list[float]] = {"bare": [], "score": []}
        work: dict[str, list[float]] = {"bare": [], "score": []}
        for number in range(options.rounds):
            before = processor_seconds()
            times["bare"].append(bare(lines, options.model, options.workers))
            between = processor_seconds()
            out = Path(place) / str(number)
            times["score"].append(score(corpus, out, options.model, options.workers, memory))
            work["bare"].append(between - before)
            work["score"].append(processor_seconds() - between)
    best = {way: min(seconds) for way, seconds in times.items()}
    for way, seconds in best.items():
        spent = min(work[way])
        print(f"{way:6s} {options.rows / seconds:8.0f} sentences/s {spent:8.1f} processor seconds")
    spent = min(work["bare"]) / min(work["score"])
    print(f"ratio  {best['bare'] / best['score']:8.3f}             {spent:8.3f}")
    for name, peak in memory.items():
        print(f"{name:6s} {peak:8d} MB at most")
