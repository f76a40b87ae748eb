r"""Let models label the sentences that a base model shall learn from without a reader.

    python training/distil.py --teachers runs/teacher-1 runs/teacher-2 --sentences runs/chosen.jsonl \
        --out runs/soft.jsonl

In place of `--teachers`, `--taught` names a file of what a teacher said that is not here, by corpus,
document, start and end, as `--stand-off` writes it; sentences that it lacks are left out.
Of sentences that take no stance for sure, which teach little, `--sure-share` keeps some, by chance.
Where a reader gave a label, `--reader-share` of the probabilities is the reader's and the rest the teachers',
and what else was marked is kept: of sentences read before, a pupil then learns less by heart.
With `--context-column previous` teachers that read contexts are given them, and they are kept for the pupil.
"""

import argparse
import json
import random
from collections.abc import Iterator
from itertools import tee
from pathlib import Path

from corpora import KEY, join, read

import stance
from stance.labels import LABELS, NONE
from stance.train.distil import teach

READ = ("label", "stances", "acts", "attributions")
SURE = 0.95
"""The probability of none from which a sentence takes no stance for sure."""


def asked(options: argparse.Namespace) -> Iterator[tuple[dict, tuple[float, ...]]]:
    """Yield sentences, and the probabilities that the teachers give their labels."""
    if options.taught:
        for row in join(options.sentences, [options.taught]):
            yield row, tuple(row["probabilities"])
        return
    teachers = [stance.load(folder, first_stage=False) for folder in options.teachers]
    rows, again, before = tee(read(options.sentences), 3)
    texts = (row["text"] for row in rows)
    contexts = (row.get(options.context_column) or None for row in before) if options.context_column else None
    for row, sentence in zip(again, teach(texts, teachers, contexts=contexts), strict=True):
        yield row, sentence.soft


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    teachers = parser.add_mutually_exclusive_group(required=True)
    teachers.add_argument("--teachers", nargs="+")
    teachers.add_argument("--taught", type=Path)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--context-column")
    parser.add_argument("--sure-share", type=float, default=1.0)
    parser.add_argument("--reader-share", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stand-off", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    kept = KEY if options.stand_off else ("text", *READ, *filter(None, [options.context_column]))
    chance = random.Random(options.seed)
    with options.out.open("w", encoding="utf-8") as out:
        for row, said in asked(options):
            sure = "label" not in row and said[LABELS.index(NONE)] >= SURE
            if sure and chance.random() >= options.sure_share:
                continue
            share = options.reader_share if "label" in row and not options.stand_off else 0.0
            soft = [
                share * (label == row.get("label")) + (1 - share) * part
                for label, part in zip(LABELS, said, strict=True)
            ]
            taught = {name: row[name] for name in kept if name in row} | {"probabilities": soft}
            out.write(json.dumps(taught, ensure_ascii=False) + "\n")
