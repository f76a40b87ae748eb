r"""Let models label the sentences that a base model shall learn from without a reader.

    python training/distil.py --teachers runs/teacher-1 runs/teacher-2 --sentences runs/chosen.jsonl \
        --out runs/soft.jsonl

Of sentences that take no stance for sure, which teach little, `--sure-share` keeps some, by chance.
Where a reader gave a label, `--reader-share` of the probabilities is the reader's and the rest the teachers',
and what else was marked is kept: of sentences read before, a pupil then learns less by heart.
With `--context-column previous` teachers that read contexts are given them, and they are kept for the pupil.
"""

import argparse
import json
import random
from itertools import tee
from pathlib import Path

from corpora import read

import stance
from stance.labels import LABELS, NONE
from stance.train.distil import teach

READ = ("label", "stances", "acts", "attributions")
SURE = 0.95
"""The probability of none from which a sentence takes no stance for sure."""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--teachers", nargs="+", required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--context-column")
    parser.add_argument("--sure-share", type=float, default=1.0)
    parser.add_argument("--reader-share", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    teachers = [stance.load(folder, first_stage=False) for folder in options.teachers]
    column = options.context_column
    rows, again, before = tee(read(options.sentences), 3)
    texts = (row["text"] for row in rows)
    contexts = (row.get(column) or None for row in before) if column else None
    chance = random.Random(options.seed)
    with options.out.open("w", encoding="utf-8") as out:
        for row, sentence in zip(again, teach(texts, teachers, contexts=contexts), strict=True):
            sure = "label" not in row and sentence.soft[LABELS.index(NONE)] >= SURE
            if sure and chance.random() >= options.sure_share:
                continue
            kept = {name: row[name] for name in (*READ, column) if name in row}
            soft = sentence.soft
            if "label" in row:
                share, read_as = options.reader_share, LABELS.index(row["label"])
                soft = [share * (index == read_as) + (1 - share) * part for index, part in enumerate(soft)]
            taught = {"text": sentence.text, "probabilities": soft} | kept
            out.write(json.dumps(taught, ensure_ascii=False) + "\n")
