r"""Let models label the sentences that a base model shall learn from without a reader.

    python training/distil.py --teachers runs/teacher-1 runs/teacher-2 --sentences runs/chosen.jsonl \
        --out runs/soft.jsonl

With `--context-column previous` teachers that read contexts are given them, and they are kept for the pupil.
"""

import argparse
import json
from itertools import tee
from pathlib import Path

from corpora import read

import stance
from stance.train.distil import teach

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--teachers", nargs="+", required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--context-column")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    teachers = [stance.load(folder) for folder in options.teachers]
    column = options.context_column
    rows, again, before = tee(read(options.sentences), 3)
    texts = (row["text"] for row in rows)
    contexts = (row.get(column) or None for row in before) if column else None
    with options.out.open("w", encoding="utf-8") as out:
        for row, sentence in zip(again, teach(texts, teachers, contexts=contexts), strict=True):
            kept = {name: row[name] for name in ("attributions", column) if name in row}
            taught = {"text": sentence.text, "probabilities": sentence.soft} | kept
            out.write(json.dumps(taught, ensure_ascii=False) + "\n")
