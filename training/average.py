"""Average the weights of models that one training went through, and export the mean.

python training/average.py --models runs/pupil runs/polished --development dev.jsonl --out models/base
"""

import argparse
from pathlib import Path

import torch
from corpora import read_project
from transformers import AutoTokenizer

from stance.labels import LABELS, STANCES
from stance.train.export import export
from stance.train.model import open_base
from stance.train.recipe import MOST_FLIPS

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True)
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--context-column")
    parser.add_argument("--no-checkpoint", action="store_true", help="as for base.py")
    parser.add_argument("--max-flips", type=float, default=MOST_FLIPS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    models = [open_base(folder, labels=LABELS, stances=STANCES) for folder in options.models]
    states = [model.state_dict() for model in models]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}
    models[0].load_state_dict(mean)
    development = list(read_project(options.development, context=options.context_column))
    tokenizer = AutoTokenizer.from_pretrained(options.models[0])
    flips = export(
        models[0].eval(),
        tokenizer,
        options.out,
        development=development,
        max_flips=options.max_flips,
        checkpoint=not options.no_checkpoint,
    )
    print(f"{options.out}: int8 labels {flips:.2%} of the development part otherwise than fp32")
