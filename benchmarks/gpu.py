"""Compare the GPU engine with the `transformers` pipeline at its best batch size, on the same device.

    python benchmarks/gpu.py sentences.jsonl [--device cuda] [--count 100000] [--rounds 3]

The file holds `text`, plain or .gz. All ways label the same sentences in turn, each round anew, from strings
to labels, tokenising included; speeds are medians. The pipeline's batch size is the fastest of
`--batch-sizes` on `--probe` sentences. Labels are compared with those of the fp32 weights on the same device.
`--device cpu --count 200` shows that it runs where there is no GPU; its speeds mean nothing.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

import torch
import transformers

import stance
from stance.bundle import open_bundle
from stance.gpu.session import TorchSession
from stance.models import find_model

Label = Callable[[Sequence[str]], list[str]]
EXACT = "stance, fp32"
"""The way whose labels the others are compared with."""


def ours(model: str, device: str, precision: torch.dtype, *, acts: bool = False) -> Label:
    bundle = open_bundle(find_model(model))
    classifier = stance.Classifier(bundle, TorchSession(bundle, device=device, precision=precision))
    return lambda texts: [prediction.label for prediction in classifier.classify_many(texts, acts=acts)]


def stock(model: str, device: str, precision: torch.dtype) -> Callable[[int], Label]:
    pipeline = transformers.pipeline(
        "text-classification", model=str(find_model(model)), device=device, dtype=precision
    )

    def of(batch_size: int) -> Label:
        return lambda texts: [
            answer["label"] for answer in pipeline(list(texts), batch_size=batch_size, truncation=True)
        ]

    return of


def seconds(label: Label, texts: Sequence[str]) -> tuple[float, list[str]]:
    start = time.perf_counter()
    labels = label(texts)
    return time.perf_counter() - start, labels


def best_batch_size(of: Callable[[int], Label], sizes: Sequence[int], texts: Sequence[str]) -> int:
    of(sizes[0])(texts[: sizes[0]])  # warms up
    return min(sizes, key=lambda size: seconds(of(size), texts)[0])


def ways(options: argparse.Namespace, texts: Sequence[str]) -> dict[str, Label]:
    found = {
        "stance, bf16": ours(options.model, options.device, torch.bfloat16),
        "stance, bf16, with acts": ours(options.model, options.device, torch.bfloat16, acts=True),
        EXACT: ours(options.model, options.device, torch.float32),
    }
    for name, precision in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        of = stock(options.model, options.device, precision)
        size = best_batch_size(of, options.batch_sizes, texts[: options.probe])
        found[f"transformers pipeline, {name}, batches of {size}"] = of(size)
    return found


def read(path: Path, count: int) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in islice(file, count)]


def table(times: dict[str, list[float]], labels: dict[str, list[str]], count: int) -> str:
    """Return a Markdown table; the ratio is to the fastest of the pipelines."""
    speeds = {name: count / median(rounds) for name, rounds in times.items()}
    one = max(speed for name, speed in speeds.items() if "pipeline" in name)
    lines = ["| way | sentences/s | ratio | labels as fp32 |", "|---|---|---|---|"]
    for name, speed in sorted(speeds.items(), key=lambda pair: -pair[1]):
        same = sum(a == b for a, b in zip(labels[name], labels[EXACT], strict=True)) / count
        lines.append(f"| {name} | {speed:,.0f} | {speed / one:.2f} | {same:.2%} |")
    return "\n".join(lines)


def describe(device: str) -> str:
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"
    return f"{name}; PyTorch {torch.__version__}, transformers {transformers.__version__}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="base")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 64, 128, 256, 512, 1024])
    parser.add_argument("--probe", type=int, default=10_000)
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    texts = read(options.sentences, options.count)
    compared = ways(options, texts)
    for label in compared.values():
        label(texts[: options.probe])
    times: dict[str, list[float]] = {name: [] for name in compared}
    labels: dict[str, list[str]] = {}
    for _ in range(options.rounds):
        for name, label in compared.items():
            taken, labels[name] = seconds(label, texts)
            times[name].append(taken)
    print(f"{len(texts):,} sentences, {options.rounds} rounds; {describe(options.device)}\n")
    print(table(times, labels, len(texts)))
