"""Join stand-off labels with the sentences of the corpora they were given to.

    python training/corpora.py --sentences unlabelled.jsonl.gz --out runs/labels.jsonl

Labels are kept as (corpus, document, start, end, label, acts); the texts belong to their publishers and
are got from them. `--sentences` is a JSON-lines file, plain or gzip, of rows with `corpus`, `document`,
`start`, `end` and `text`.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from stance.labels import LABELS as LABEL_NAMES
from stance.train.data import Columns, LabelledSentence, read_act
from stance.train.data import read as read_labelled

LABELS = Path(__file__).resolve().parent / "labels"
KEY = ("corpus", "document", "start", "end")


def read(path: Path) -> Iterator[dict]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_project(path: Path, *, context: str | None = None) -> Iterator[LabelledSentence]:
    """Read labelled sentences as this project keeps them, with contexts where a file has a column of them."""
    there = context if context in next(read(path), {}) else None
    rows = read_labelled(path, Columns.of_this_project(context=there))
    yield from (row for row in rows if isinstance(row, LabelledSentence))


def read_soft(path: Path, *, context: str | None = None) -> Iterator[LabelledSentence]:
    """Read what `distil.py` wrote: sentences, the probabilities of all labels, and what readers marked."""
    for row in read(path):
        text, soft = row["text"], tuple(row["probabilities"])
        acts, attributions = (
            None if row.get(name) is None else tuple(read_act(act, text) for act in row[name])
            for name in ("acts", "attributions")
        )
        stances = None if row.get("stances") is None else tuple(row["stances"])
        label, before = row.get("label", LABEL_NAMES[soft.index(max(soft))]), row.get(context) or None
        yield LabelledSentence(
            text, label, stances, acts, soft=soft, attributions=attributions, context=before
        )


def join(sentences: Path, files: Iterable[Path]) -> Iterator[dict]:
    labels = {tuple(row[name] for name in KEY): row for file in files for row in read(file)}
    for sentence in read(sentences):
        if label := labels.pop(tuple(sentence[name] for name in KEY), None):
            yield sentence | label
    if labels:
        print(f"{len(labels)} labelled sentences are not in {sentences}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--labels", type=Path, nargs="+", default=sorted(LABELS.glob("*.jsonl")))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as out:
        for row in join(options.sentences, options.labels):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
