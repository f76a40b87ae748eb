"""Compare ways to label sentences: speed, and what it costs in accuracy, memory and start.

    python benchmarks/speed.py dev.jsonl train.jsonl --encoder ENCODER [--sentences more.jsonl] [--rounds 3]

The first two files hold `text` and `label`: on the first accuracy is measured, and on the second those ways
are trained that have no model. Each way has a process of its own. All label the same `--count` sentences, in
turn, each round anew; the figures are medians. ENCODER is a checkpoint that knows nothing of the labels
(all-MiniLM-L6-v2). SetFit takes part where it can be imported by `--setfit-python`. The figures are written
to benchmarks/results/speed.json, from which `plot.py` draws.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from peak import operations, peak
from setting import Setup
from sklearn.metrics import f1_score
from tokenizers import Tokenizer
from ways import WAYS, Way

HERE = Path(__file__).resolve().parent
REFERENCE = "pipeline-32"
"""The way whose labels are those of the fp32 weights, and whose speed is 1."""


class Worker:
    """One way in its process."""

    def __init__(self, python: str, setup: Setup, name: str) -> None:
        self.name, self.seconds, self.starts = name, list[float](), list[float]()
        self.command = [python, str(HERE / "ways.py"), json.dumps(asdict(setup))]
        trained = Path(setup.work) / f"{name}.trained"
        if not trained.exists():
            self.run("train")
            trained.touch()
        self.process = subprocess.Popen(
            [*self.command, "serve", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=ENVIRONMENT,
        )
        self.memory = 0.0

    def run(self, task: str) -> float:
        start = time.perf_counter()
        subprocess.run([*self.command, task, self.name], check=True, capture_output=True, env=ENVIRONMENT)
        return time.perf_counter() - start

    def label(self, texts: Sequence[str]) -> tuple[dict[str, float], list[str]]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(texts) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.memory = answer["memory"]
        return answer["seconds"], answer["labels"]


ENVIRONMENT = os.environ | {"PYTHONPATH": str(HERE.parent), "HF_HUB_OFFLINE": "1"}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


def read(path: Path, count: int | None = None) -> list[dict]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        return [json.loads(line) for line in islice(file, count)]


def can_import(python: str, module: str) -> bool:
    return (
        subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def figures(
    worker: Worker, way: Way, setup: Setup, texts: Sequence[str], sames: float, f1: float, highest: float
) -> dict:
    return {
        "name": worker.name,
        "title": way.title,
        "family": way.family,
        "sentences_per_second": len(texts) / median(worker.seconds),
        "limit": highest / mean_operations(way.folder(setup), texts) if way.folder else None,
        "rounds": [len(texts) / seconds for seconds in worker.seconds],
        "macro_f1": f1,
        "same_as_fp32": sames,
        "memory_mb": worker.memory,
        "files_mb": sum(file.stat().st_size for file in way.size(setup)) / 1e6,
        "cold_start_s": median(worker.starts),
    }


def config_of(folder: str) -> dict:
    return json.loads((Path(folder) / "config.json").read_text())


def mean_operations(folder: str, texts: Sequence[str]) -> float:
    """Return the operations of a model's matrix products for a mean sentence."""
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    return operations(config_of(folder), [len(row.ids) for row in tokenizer.encode_batch_fast(texts)])


def table(results: dict) -> str:
    """Return a Markdown table of what was measured."""
    ways = results["ways"]
    one = next(way["sentences_per_second"] for way in ways if way["name"] == REFERENCE)
    lines = [
        "| way | sentences/s | ratio | of the limit | macro-F1 | as fp32 | memory | files | first label |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for way in sorted(ways, key=lambda way: -way["macro_f1"]):
        speed = way["sentences_per_second"]
        share = f"{speed / way['limit']:.0%}" if way["limit"] else ""
        lines.append(
            f"| {way['title']} | {speed:,.0f} | {speed / one:.2f} | {share} | {way['macro_f1']:.3f} "
            f"| {way['same_as_fp32']:.1%} | {way['memory_mb']:,.0f} MB | {way['files_mb']:.1f} MB "
            f"| {way['cold_start_s']:.1f} s |"
        )
    return "\n".join(lines)


def measure(options: argparse.Namespace) -> dict:
    if options.threads:
        ENVIRONMENT.update(dict.fromkeys(THREAD_VARIABLES, str(options.threads)))
    paths = (options.model, options.fast, options.encoder, options.train, options.work)
    setup = Setup(*(str(Path(path).resolve()) for path in paths), threads=options.threads)
    development = read(options.development)
    texts = [row["text"] for row in read(options.sentences or options.development, options.count)]
    workers = []
    for name in options.only or WAYS:
        python = options.setfit_python if name == "setfit" else sys.executable
        if name == "setfit" and not can_import(python, "setfit"):
            print(f"SetFit is left out: {python} cannot import setfit (pip install setfit)", file=sys.stderr)
            continue
        print(f"preparing {name}", file=sys.stderr)
        workers.append(Worker(python, setup, name))
    said: dict[str, list[str]] = {}
    for worker in sorted(workers, key=lambda worker: WAYS[worker.name].labels_of is not None):
        same = said.get(WAYS[worker.name].labels_of or "")
        said[worker.name] = same or worker.label([row["text"] for row in development])[1]
    for number in range(options.rounds):
        print(f"round {number + 1}", file=sys.stderr)
        for worker in workers:
            worker.seconds.append(worker.label(texts)[0][options.clock])
            worker.starts.append(worker.run("once"))
    threads = options.threads or os.cpu_count() or 1
    highest = peak(config_of(setup.model), threads)
    true, exact = [row["label"] for row in development], np.array(said[REFERENCE])
    return {
        "sentences": len(texts),
        "words": float(np.mean([len(text.split()) for text in texts])),
        "load": os.getloadavg()[0],
        "threads": threads,
        "clock": options.clock,
        "peak": highest,
        "ways": [
            figures(
                worker,
                WAYS[worker.name],
                setup,
                texts,
                float(np.mean(exact == np.array(said[worker.name]))),
                float(f1_score(true, said[worker.name], average="macro")),
                highest,
            )
            for worker in workers
        ],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("development", type=Path)
    parser.add_argument("train", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument(
        "--sentences", type=Path, help="JSON lines of `text` for the speeds [default: the first file]"
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--model", type=Path, default=Path("models/base"))
    parser.add_argument("--fast", type=Path, default=Path("models/fast"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--setfit-python", default=sys.executable)
    parser.add_argument("--only", nargs="+", choices=WAYS, help="some of the ways; pipeline-32 must be one")
    parser.add_argument("--threads", type=int, help="of each process [default: as each way takes]")
    parser.add_argument(
        "--clock",
        choices=("wall", "processor"),
        default="wall",
        help="processor seconds, with one thread, say more than the clock on a busy machine",
    )
    parser.add_argument("--work", type=Path, default=Path("runs/speed"), help="keeps what was trained")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "speed.json")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    results = measure(options)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(
        f"{results['sentences']:,} sentences of {results['words']:.0f} words; {options.rounds} rounds; "
        f"{results['threads']} threads a process; {results['clock']} seconds; "
        f"load {results['load']:.1f}; int8 peak {results['peak'] / 1e9:.0f} billion operations a second\n"
    )
    print(table(results))
