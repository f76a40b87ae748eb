r"""Choose sentences without labels: to be read, or to be labelled by teachers.

    python training/choose.py --sentences unlabelled.jsonl.gz --known train.jsonl dev.jsonl \
        --held-out dev.jsonl --cued 30000 --plain 6000 --out runs/chosen.jsonl

Documents of the held-out part are left alone, and so are sentences that are known. Two in five cued
sentences have a cue of denial or confirmation, as those are rare.
"""

import argparse
import json
import random
import re
from pathlib import Path

from corpora import LABELS, read

RARE = re.compile(
    r"\b(den(y|ies|ied|ying|ials?)|refut\w+|rebut\w*|disput\w+|dismiss\w*|reject\w*|disavow\w*|debunk\w*"
    r"|contradict\w*|false\w*|baseless|unfounded|hoax\w*|fake|untrue|bogus|myth|no truth|not true|fabricated"
    r"|no plans|never|wrong|misleading|plead\w*|acquitted|counter(ed|s)|push\w* back|walk\w* back|confirm\w*"
    r"|verif\w+|corroborat\w+|authenticat\w+|prove[ns]?|proved|proof|admit\w*|admission|acknowledg\w+"
    r"|conced\w+|convicted|found guilty|claim\w* responsibility|found that|concluded|ruled|determined"
    r"|stand(s|ing)? by|stood by|confess\w*)\b",
    re.IGNORECASE,
)
COMMON = re.compile(
    r"\b(alleg\w+|accus\w+|claim\w*|charg(e|es|ed|ing)|blam\w+|contend\w*|purport\w*|complaint|lawsuit"
    r"|su(ed|es|ing)|suspect\w*|assert\w*|warn\w*|indict\w*|according to|lied|lying|fraud\w*|testif\w+"
    r"|may|might|could|perhaps|possib\w+|likely|unlikely|appear(s|ed)?|seem\w*|suggest\w*|believed?"
    r"|reportedly|rumou?r\w*|unclear|unconfirmed|no evidence|no indication|declined? to|cannot rule"
    r"|apparently|probably|potential\w*|doubt\w*|whether|unknown|speculat\w+|said to|yet to)\b",
    re.IGNORECASE,
)
RARE_SHARE = 0.4
FEWEST, MOST = 15, 700
"""Characters: shorter ones say nothing, longer ones are lists."""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--known", type=Path, nargs="+", required=True)
    parser.add_argument("--held-out", type=Path, nargs="+", required=True)
    parser.add_argument("--cued", type=int, required=True)
    parser.add_argument("--plain", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    documents = {(row["corpus"], row["document"]) for path in options.held_out for row in read(path)}
    texts = {row["text"].casefold() for path in options.known for row in read(path)}
    places = {
        (row["corpus"], row["document"], row["start"])
        for path in LABELS.glob("*.jsonl")
        for row in read(path)
    }
    rows = [
        row
        for row in read(options.sentences)
        if FEWEST < len(row["text"]) < MOST
        and (row["corpus"], row["document"]) not in documents
        and (row["corpus"], row["document"], row["start"]) not in places
        and row["text"].casefold() not in texts
    ]
    random.Random(options.seed).shuffle(rows)
    rare = [row for row in rows if RARE.search(row["text"])]
    common = [row for row in rows if COMMON.search(row["text"]) and not RARE.search(row["text"])]
    plain = [row for row in rows if not COMMON.search(row["text"]) and not RARE.search(row["text"])]
    few = min(len(rare), round(RARE_SHARE * options.cued))
    chosen = rare[:few] + common[: options.cued - few] + plain[: options.plain]
    with options.out.open("w", encoding="utf-8") as out:
        for row in chosen:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(chosen)} sentences chosen of {len(rows)}")
