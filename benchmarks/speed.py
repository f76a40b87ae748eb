"""Compare ways to label sentences: speed, and what it costs in accuracy.

    python benchmarks/speed.py dev.jsonl train.jsonl

Both are files of `text` and `label`. All ways label the sentences of the first file, in turn, each round
anew; the second trains those that have no model. Speeds are medians over rounds, on as many threads as each
way takes by itself.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from transformers import pipeline

import stance
from stance.bundle import find_model

Way = Callable[[list[str]], list[str]]


def ways(model: str, rows: list[dict]) -> dict[str, Way]:
    classifier = stance.load(model)
    stock = pipeline("text-classification", model=str(find_model(model)))
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LogisticRegression(C=10, max_iter=2000, class_weight="balanced"),
    ).fit([row["text"] for row in rows], [row["label"] for row in rows])

    def ours(texts: list[str], *, acts: bool) -> list[str]:
        return [prediction.label for prediction in classifier.classify_many(texts, acts=acts)]

    def stocks(texts: list[str], *, batch_size: int) -> list[str]:
        return [answer["label"] for answer in stock(texts, batch_size=batch_size, truncation=True)]

    return {
        "transformers pipeline, as it comes": lambda texts: stocks(texts, batch_size=1),
        "transformers pipeline, batches of 32": lambda texts: stocks(texts, batch_size=32),
        "stance": lambda texts: ours(texts, acts=False),
        "stance, with acts": lambda texts: ours(texts, acts=True),
        "TF-IDF and logistic regression": lambda texts: [str(label) for label in words.predict(texts)],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("development", type=Path)
    parser.add_argument("train", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows, train = (
        [json.loads(line) for line in path.open(encoding="utf-8")]
        for path in (options.development, options.train)
    )
    texts, true = [row["text"] for row in rows], [row["label"] for row in rows]
    every = ways(options.model, train)
    seconds: dict[str, list[float]] = {name: [] for name in every}
    said: dict[str, list[str]] = {}
    for _ in range(options.rounds):
        for name, way in every.items():
            start = time.perf_counter()
            said[name] = way(texts)
            seconds[name].append(time.perf_counter() - start)
    exact, reference = (
        np.array(said["transformers pipeline, as it comes"]),
        "transformers pipeline, batches of 32",
    )
    print(f"{len(texts)} sentences, {options.rounds} rounds")
    print("| way | sentences/s | times the pipeline in batches | macro-F1 | labels as in fp32 |")
    print("|---|---|---|---|---|")
    for name, found in said.items():
        speed = len(texts) / median(seconds[name])
        ratio = median(seconds[reference]) / median(seconds[name])
        f1 = f1_score(true, found, average="macro")
        print(f"| {name} | {speed:.0f} | {ratio:.2f} | {f1:.4f} | {np.mean(exact == np.array(found)):.2%} |")
