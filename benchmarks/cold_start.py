"""Time from a fresh process to its first answer: this library against `transformers.pipeline`.

    python benchmarks/cold_start.py [--rounds 5]

Both run the same weights, `models/base`, in turn; medians and their ratio are printed.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "models" / "base"
TEXT = "Tehran denied any plan to sell drones."
WAYS = {
    "stance": f"import stance; print(stance.load({str(FOLDER)!r}).classify({TEXT!r}).label)",
    "pipeline": "from transformers import pipeline; "
    f"print(pipeline('text-classification', {str(FOLDER)!r})({TEXT!r})[0]['label'])",
}


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for code in WAYS.values():
        seconds(code)  # warms the disk cache
    for _ in range(rounds):
        for way, code in WAYS.items():
            times[way].append(seconds(code))
    medians = {way: statistics.median(values) for way, values in times.items()}
    for way, median in medians.items():
        print(f"{way:9s} {median:.2f} s")
    print(f"ratio     {medians['stance'] / medians['pipeline']:.3f}")
