r"""Let models label the sentences that a base model shall learn from without a reader.

    python training/distil.py --teachers runs/teacher-1 runs/teacher-2 --sentences runs/chosen.jsonl \
        --out runs/soft.jsonl
"""

import argparse
import json
from pathlib import Path

from corpora import read

import stance
from stance.train.distil import teach

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--teachers", nargs="+", required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    teachers = [stance.load(folder) for folder in options.teachers]
    texts = (row["text"] for row in read(options.sentences))
    with options.out.open("w", encoding="utf-8") as out:
        for sentence in teach(texts, teachers):
            row = {"text": sentence.text, "probabilities": sentence.soft}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
