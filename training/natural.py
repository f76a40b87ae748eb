r"""Draw sentences as news has them, of documents of the development part, by chance.

python training/natural.py --sentences unlabelled.jsonl.gz --development dev.jsonl --out news.jsonl

No cue decides which, so that shares among them are those of ordinary news; nothing was learnt from them.
"""

import argparse
import json
import random
from pathlib import Path

from corpora import read

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    documents = {(row["corpus"], row["document"]) for row in read(options.development)}
    found = [row["text"] for row in read(options.sentences) if (row["corpus"], row["document"]) in documents]
    chosen = random.Random(options.seed).sample(found, min(options.count, len(found)))
    with options.out.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in chosen)
