r"""Fit the first stage of a model: what tells plain sentences before its network is asked.

    python training/first_stage.py models/fast --sentences runs/all-soft.jsonl --development dev.jsonl

The sentences are what `distil.py` wrote, as many as there are. Prints the share of the development part that
the first stage answers, and that of `--natural`, JSON lines of `text` as news has them. Without sentences
to fit it to, the one that is there is measured:

    python training/first_stage.py models/fast --natural news.jsonl
"""

import argparse
from itertools import islice
from pathlib import Path

from corpora import read, read_project, read_soft

import stance
from stance.train.first_stage import add_first_stage

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--sentences", type=Path)
    parser.add_argument("--development", type=Path)
    parser.add_argument("--max-loss", type=float, default=0.002)
    parser.add_argument("--natural", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()

    if options.sentences:
        sentences = list(read_soft(options.sentences))
        development = list(read_project(options.development))
        share = add_first_stage(options.model, sentences, development, max_loss=options.max_loss)
        print(f"{options.model}: answers {share:.1%} of the development part")
    if options.natural:
        texts = [row["text"] for row in islice(read(options.natural), options.count)]
        with_stage, without = (
            list(stance.load(options.model, first_stage=on).classify_many(texts)) for on in (True, False)
        )
        plain = sum(one.reason == "plain" for one in with_stage) / len(texts)
        other = sum(a.label != b.label for a, b in zip(with_stage, without, strict=True)) / len(texts)
        print(
            f"{len(texts)} sentences of {options.natural}: answers {plain:.1%}, {other:.2%} of all otherwise"
        )
