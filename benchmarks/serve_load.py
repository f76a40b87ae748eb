"""`stance serve` against the bare classifier: throughput, latency, memory, and every answer checked.

    python benchmarks/serve_load.py [--requests 2000] [--clients 64] [--sizes 1 16] [--rounds 1] [--apart]

The service runs in a process of its own; the clients here, on the loopback, each with a connection and one
request at a time. Requests hold sentences of the article that ships with the library, each varied by a
number; each answer must be, to the last digit, what the bare classifier gives. The bare classifier labels the
same sentences in a process of its own: as a stream (`stance.load()`), and with a thread for each core, that
labels one sentence at a time, or its part of them as a stream. The service is compared to the first, which is
the classifier as it comes, and to the best of the three. Both take turns, and the best round of each counts.
Clients cost processor time as well; with `--apart` they keep off the first core, and service and bare
classifier have it to themselves, in turns. On a busy machine, compare processor time: `ms` is that of the
process for a sentence, and a machine that is full does so much the fewer. `--requests 100000 --sizes 1` is
the test of memory.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles

from stance.sentences import split

FOLDER = Path(__file__).resolve().parent.parent / "models" / "base"
DISTINCT = 4096
"""Sentences whose answers are known; requests take them in turn."""

REMEMBERED = 10_000
"""After so many answers each, the memory of the service is looked at."""

CORES = os.sched_getaffinity(0)

BARE = """
import json, sys, time, os, stance
from concurrent.futures import ThreadPoolExecutor
texts = json.load(open(sys.argv[2], encoding="utf-8"))
cores = len(os.sched_getaffinity(0))
by_itself, single = stance.load(sys.argv[1]), stance.load(sys.argv[1], threads=1)
for classifier in (by_itself, single):
    list(classifier.classify_many(texts[:64]))
speeds = {}
start, used = time.perf_counter(), time.process_time()
answers = [prediction.to_dict() for prediction in by_itself.classify_many(texts)]
def note(name):
    seconds, work = time.perf_counter() - start, time.process_time() - used
    speeds[name] = len(texts) / seconds, 1000 * work / len(texts)
note("bare, a stream")
with ThreadPoolExecutor(cores) as pool:
    start, used = time.perf_counter(), time.process_time()
    list(pool.map(single.classify, texts))
    note(f"bare, {cores} threads of one sentence")
    start, used = time.perf_counter(), time.process_time()
    list(pool.map(lambda first: list(single.classify_many(texts[first::cores])), range(cores)))
    note(f"bare, {cores} threads of a stream")
json.dump({"answers": answers, "speeds": speeds}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests showed."""

    sentences_per_second: float
    milliseconds: float
    latencies: list[float]
    wrong: int
    memory: list[int]


def sentences(count: int) -> list[str]:
    text = (files("stance") / "resources" / "demo.txt").read_text(encoding="utf-8")
    varied = (f"{sentence.text} ({number})" for number, sentence in enumerate(cycle(list(split(text)))))
    return list(islice(varied, count))


def on_core(apart: bool) -> list[str]:
    """The beginning of a command that has the first core alone."""
    return ["taskset", "--cpu-list", str(min(CORES))] if apart else []


def bare(
    model: Path, texts: list[str], start: list[str]
) -> tuple[list[dict], dict[str, tuple[float, float]]]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        command = [*start, sys.executable, "-c", BARE, str(model), file.name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found["answers"], found["speeds"]


@contextmanager
def served(model: Path, options: Sequence[str], start: list[str]) -> Iterator[tuple[int, int]]:
    stance = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(model)]
    command = [*start, *stance, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield int(re.search(r":(\d+)$", process.stderr.readline())[1]), process.pid
        finally:
            process.terminate()


async def load(
    service: tuple[int, int], texts: list[str], answers: list[dict], *, requests: int, size: int, clients: int
) -> Load:
    port, pid = service
    numbers = iter(range(requests))
    latencies: list[float] = []
    memory: list[int] = []
    wrong = 0

    async def client() -> None:
        nonlocal wrong
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            rows = [(number * size + place) % len(texts) for place in range(size)]
            body = json.dumps({"texts": [texts[row] for row in rows]}).encode()
            start = time.perf_counter()
            writer.write(
                b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            content = await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
            latencies.append(time.perf_counter() - start)
            if len(latencies) % REMEMBERED == 0:
                memory.append(resident(pid))
                print(f"{len(latencies)} answers, {wrong} wrong, {memory[-1]} MB", file=sys.stderr)
            expected = [answers[row] for row in rows]
            wrong += not head.startswith(b"HTTP/1.1 200") or json.loads(content)["predictions"] != expected
        writer.close()

    start, used = time.perf_counter(), processor_seconds(pid)
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds, work = time.perf_counter() - start, processor_seconds(pid) - used
    labelled = requests * size
    return Load(labelled / seconds, 1000 * work / labelled, latencies, wrong, memory)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """In MB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) // 1024


def line(
    name: str, speed: float, work: float, bares: Sequence[tuple[float, float]], rest: str = "| | |"
) -> str:
    (plain, plain_work), *_ = bares
    top, top_work = max(speed for speed, _ in bares), min(work for _, work in bares)
    return (
        f"| {name} | {speed:.0f} | {speed / plain:.2f} | {speed / top:.2f} "
        f"| {work:.2f} | {plain_work / work:.2f} | {top_work / work:.2f} {rest} |"
    )


def served_line(name: str, run: Load, bares: Sequence[tuple[float, float]]) -> str:
    cuts = quantiles(run.latencies, n=100)
    rest = f"| {cuts[49] * 1000:.0f} | {cuts[98] * 1000:.0f} | {run.wrong}"
    return line(name, run.sentences_per_second, run.milliseconds, bares, rest)


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="of one sentence; fewer of more")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--apart", action="store_true", help="clients keep off the core of service and bare")
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--serve", nargs=argparse.REMAINDER, default=[], help="options of stance serve")
    options = parser.parse_args()
    texts = sentences(min(DISTINCT, options.requests))
    bares: dict[str, list[tuple[float, float]]] = {}
    runs: dict[int, list[Load]] = {size: [] for size in options.sizes}
    start = on_core(options.apart)
    if options.apart:
        os.sched_setaffinity(0, CORES - {min(CORES)})
    with served(options.model, options.serve, start) as service:
        answers, _ = bare(options.model, texts, start)

        def ask(requests: int, size: int, clients: int) -> Load:
            return asyncio.run(load(service, texts, answers, requests=requests, size=size, clients=clients))

        ask(200, 1, options.clients)  # warm
        before = resident(service[1])
        for _ in range(options.rounds):
            for name, figures in bare(options.model, texts, start)[1].items():
                bares.setdefault(name, []).append(figures)
            for size in options.sizes:
                runs[size].append(ask(max(options.clients, options.requests // size), size, options.clients))
        after = resident(service[1])
        alone = ask(200, 1, 1)
    best = {
        name: (max(speed for speed, _ in every), min(work for _, work in every))
        for name, every in bares.items()
    }
    top = list(best.values())
    cores = f"{len(CORES)} cores" + (", the first for service and bare alone" if options.apart else "")
    print(f"{options.clients} clients, {cores}, best of {options.rounds} rounds")
    names = (
        "way, sentences/s, of the first, of the best, ms, of the first, of the best, p50 ms, p99 ms, wrong"
    )
    print(f"| {names.replace(', ', ' | ')} |\n{'|---' * len(names.split(', '))}|")
    for name, figures in best.items():
        print(line(name, *figures, top))
    for size, every in runs.items():
        fastest = max(every, key=lambda run: run.sentences_per_second)
        print(served_line(f"served, {size} a request", fastest, top))
    print(served_line("served, 1 a request, one client", alone, top))
    for size, every in runs.items():
        if memory := every[0].memory:
            print(f"{size} a request: {memory} MB after each {REMEMBERED:,} answers of the first round")
    print(f"resident memory of the service: {before} MB at the start, {after} MB at the end")
    return any(run.wrong for every in (*runs.values(), [alone]) for run in every)


if __name__ == "__main__":
    sys.exit(main())
