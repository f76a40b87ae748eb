"""`stance serve` against the bare classifier: throughput, latency, memory, and every answer checked.

    python benchmarks/serve_load.py [--requests 2000] [--clients 64] [--sizes 1 16] [--rounds 1] [--model models/base]

The service runs in a process of its own; the clients here, on the loopback, each with a connection and one
request at a time. Requests hold sentences of the article that ships with the library, each varied by a number;
each answer must be, to the last digit, what the bare classifier gives. The bare classifier labels the same
sentences, as a stream, in a process of its own: by itself (`stance.load()`), and with a thread for each core,
one sentence at a time a thread, which is what a program without the service would do for as many clients.
The service is compared to the faster of them. On a machine with other work, raise `--rounds`: both take turns,
and the best of each counts. `--requests 100000 --sizes 1` is the test of memory.
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

BARE = """
import json, sys, time, os, stance
from concurrent.futures import ThreadPoolExecutor
texts = json.load(open(sys.argv[2], encoding="utf-8"))
cores = len(os.sched_getaffinity(0))
by_itself, single = stance.load(sys.argv[1]), stance.load(sys.argv[1], threads=1)
for classifier in (by_itself, single):
    list(classifier.classify_many(texts[:64]))
speeds = {}
start = time.perf_counter()
answers = [prediction.to_dict() for prediction in by_itself.classify_many(texts)]
speeds["bare, a stream"] = len(texts) / (time.perf_counter() - start)
with ThreadPoolExecutor(cores) as pool:
    start = time.perf_counter()
    list(pool.map(single.classify, texts))
    speeds[f"bare, {cores} threads of one sentence"] = len(texts) / (time.perf_counter() - start)
json.dump({"answers": answers, "speeds": speeds}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests showed."""

    sentences_per_second: float
    latencies: list[float]
    wrong: int


def sentences(count: int) -> list[str]:
    text = (files("stance") / "resources" / "demo.txt").read_text(encoding="utf-8")
    varied = (f"{sentence.text} ({number})" for number, sentence in enumerate(cycle(list(split(text)))))
    return list(islice(varied, count))


def bare(model: Path, texts: list[str]) -> tuple[list[dict], dict[str, float]]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(texts, file)
        file.flush()
        command = [sys.executable, "-c", BARE, str(model), file.name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found["answers"], found["speeds"]


@contextmanager
def served(model: Path, options: Sequence[str]) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(model), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield int(re.search(r":(\d+)$", process.stderr.readline())[1]), process.pid
        finally:
            process.terminate()


async def load(
    port: int, texts: list[str], answers: list[dict], requests: int, size: int, clients: int
) -> Load:
    numbers = iter(range(requests))
    latencies: list[float] = []
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
            expected = [answers[row] for row in rows]
            wrong += not head.startswith(b"HTTP/1.1 200") or json.loads(content)["predictions"] != expected
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(requests * size / (time.perf_counter() - start), latencies, wrong)


def resident(pid: int) -> int:
    """In MB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) // 1024


def row(name: str, run: Load, fastest: float) -> str:
    cuts = quantiles(run.latencies, n=100)
    speed = run.sentences_per_second
    return (
        f"| {name} | {speed:.0f} | {speed / fastest:.2f} | {cuts[49] * 1000:.0f} | {cuts[98] * 1000:.0f} "
        f"| {run.wrong} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="of one sentence; fewer of more")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--serve", nargs=argparse.REMAINDER, default=[], help="options of stance serve")
    options = parser.parse_args()
    texts = sentences(min(DISTINCT, options.requests))
    fastest: dict[str, float] = {}
    best: dict[int, Load] = {}
    wrong = 0
    with served(options.model, options.serve) as (port, pid):
        answers, _ = bare(options.model, texts)
        asyncio.run(load(port, texts, answers, 200, 1, options.clients))  # warm
        before = resident(pid)
        for _ in range(options.rounds):
            _, speeds = bare(options.model, texts)
            fastest = {name: max(speed, fastest.get(name, 0)) for name, speed in speeds.items()}
            for size in options.sizes:
                count = max(options.clients, options.requests // size)
                run = asyncio.run(load(port, texts, answers, count, size, options.clients))
                wrong += run.wrong
                if size not in best or run.sentences_per_second > best[size].sentences_per_second:
                    best[size] = run
        after = resident(pid)
        alone = asyncio.run(load(port, texts, answers, 200, 1, 1))
    print(f"{options.clients} clients, {os.cpu_count()} cores, best of {options.rounds} rounds")
    print("| way | sentences/s | of the faster bare | p50 ms | p99 ms | wrong answers |")
    print("|---|---|---|---|---|---|")
    top = max(fastest.values())
    for name, speed in fastest.items():
        print(f"| {name} | {speed:.0f} | {speed / top:.2f} | | | |")
    for size, run in best.items():
        print(row(f"served, {size} a request", run, top))
    print(row("served, 1 a request, one client", alone, top))
    print(f"resident memory of the service: {before} MB at the start, {after} MB at the end")
    sys.exit(bool(wrong + alone.wrong))
