"""Make the table of how often words come in news, by which the ledger weighs the words of claims.

python training/words.py --texts unlabelled.jsonl.gz --out stance/resources/words.tsv.gz
"""

import argparse
import gzip
from collections import Counter
from pathlib import Path

from corpora import read

from stance.ledger.vectors import words

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--least", type=int, default=20, help="sentences that a word must be in")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    total = 0
    for row in read(options.texts):
        counts.update(words(row["text"]))
        total += 1
    kept = sorted((word for word in counts if counts[word] >= options.least), key=lambda w: (-counts[w], w))
    lines = [f"\t{total}", *(f"{word}\t{counts[word]}" for word in kept)]
    options.out.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    print(len(kept), "words kept")
