"""Print how many flipped labels the audit finds, of those that are flipped at random, seed by seed.

    python training/flips.py dev.jsonl --encoder models/base

The sentences should be ones that the encoder was not trained on.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from stance.labels import LABELS
from stance.train.audit import audit, embed
from stance.train.data import Columns, LabelledSentence, read

FLIPPED, READ, SEEDS = 0.02, 0.04, 20

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="models/base")
    options = parser.parse_args()
    rows = [row for row in read(options.data, Columns.of_this_project()) if isinstance(row, LabelledSentence)]
    features = embed([row.text for row in rows], options.encoder)
    shares = []
    for seed in range(SEEDS):
        random = np.random.default_rng(seed)
        flipped = random.choice(len(rows), round(FLIPPED * len(rows)), replace=False)
        marred = list(rows)
        for index in flipped:
            others = [label for label in LABELS if label != rows[index].label]
            marred[index] = replace(rows[index], label=str(random.choice(others)))
        wrong = {rows[index].row for index in flipped}
        first = audit(marred, features, seed=seed)[: round(READ * len(rows))]
        shares.append(sum(suspect.row in wrong for suspect in first) / len(wrong))
    print(
        f"{len(rows)} rows, {FLIPPED:.0%} of labels flipped, {SEEDS} seeds: the first {READ:.0%} of the list "
        f"hold {np.mean(shares):.1%} of the flips (worst seed {min(shares):.1%})"
    )
