r"""Choose below which probability a small model leaves a sentence to a larger one, as "fast+base" does.

python training/deferral.py models/fast models/base --development dev.jsonl
"""

import argparse
from pathlib import Path

from corpora import read_project

from stance.train.cascade import fit_deferral

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second")
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--max-loss", type=float, default=0.005)
    options = parser.parse_args()
    development = list(read_project(options.development))
    share = fit_deferral(options.first, options.second, development, max_loss=options.max_loss)
    print(f"{options.first}: leaves {share:.1%} of the development part to {options.second}")
