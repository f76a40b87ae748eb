"""Make the encoder that a model starts from, with the tokens that news uses most.

    python training/encoder.py --texts unlabelled.jsonl.gz --encoder ENCODER --out runs/encoder

`models/base` starts from all-MiniLM-L6-v2, `models/fast` from a few layers of `models/base` (`--layers`).
"""

import argparse
from pathlib import Path

from corpora import read

from stance.train.depth import keep_layers
from stance.train.vocabulary import trim_vocabulary

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--layers", type=int, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("runs/encoder"))
    options = parser.parse_args()
    texts = (row["text"] for row in read(options.texts))
    print(trim_vocabulary(options.encoder, texts, options.out, size=options.size), "tokens kept")
    if options.layers:
        keep_layers(options.out, options.layers, options.out)
