r"""Choose below which probability a small model leaves a sentence to a larger one, as "fast+base" does.

    python training/deferral.py models/fast models/base --development dev.jsonl

Without a development part to fit it to, the one that is there is measured on `--natural`, JSON lines of
`text` as news has them (`natural.py`): what share is left, and how many labels are those of the larger one.

    python training/deferral.py models/fast models/base --natural news.jsonl
"""

import argparse
from pathlib import Path

from corpora import read, read_project

import stance
from stance.train.deferral import fit_deferral

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second")
    parser.add_argument("--development", type=Path)
    parser.add_argument("--natural", type=Path)
    parser.add_argument("--max-loss", type=float, default=0.005)
    options = parser.parse_args()
    if options.development:
        development = list(read_project(options.development))
        share = fit_deferral(options.first, options.second, development, max_loss=options.max_loss)
        print(f"{options.first}: leaves {share:.1%} of the development part to {options.second}")
    if options.natural:
        texts = [row["text"] for row in read(options.natural)]
        second = stance.load(options.second)
        both = list(stance.load(f"{options.first}+{options.second}").classify_many(texts))
        left = sum(one.model == second.bundle.identity for one in both) / len(texts)
        alone = second.classify_many(texts)
        same = sum(a.label == b.label for a, b in zip(both, alone, strict=True)) / len(texts)
        print(f"{len(texts)} sentences of {options.natural}: {left:.1%} left, {same:.1%} labelled as it does")
