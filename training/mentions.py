"""Print how often sources are named rightly by their first full mentions.

    python training/mentions.py --sentences unlabelled.jsonl.gz

`mentions.jsonl` holds, for sources as sentences have them, who a reader says is meant: for each the corpus
and document, where its sentence starts in the document, its place in that sentence, and the sentence and
place of the first full mention, or null where the document does not make it plain. A name found is right if
it is the reader's or a part of it, or the other way round ("Ilse Brandt", "Ilse Maria Brandt").
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from corpora import read

from stance.mentions import resolve
from stance.predictions import Act, Prediction, Span
from stance.sentences import Sentence

MENTIONS = Path(__file__).resolve().parent / "mentions.jsonl"


def asked(text: str, sources: list[list[int]]) -> Prediction:
    acts = tuple(Act("hedge", Span.of(text, *source), None, None) for source in sources)
    return Prediction(text, "hedge", 1.0, {"hedge": 1.0}, ("hedge",), False, None, "reader", acts)


def documents(path: Path, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], dict[int, str]]:
    found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for row in read(path):
        if (key := (row["corpus"], row["document"])) in wanted:
            found[key][row["start"]] = row["text"]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    options = parser.parse_args()
    mentions = defaultdict(list)
    for row in read(MENTIONS):
        mentions[row["corpus"], row["document"]].append(row)
    texts = documents(options.sentences, set(mentions))
    counts: Counter[str] = Counter()
    for key, rows in mentions.items():
        whole, sentences, predictions = "", [], []
        for start, text in sorted(texts[key].items()):
            sentences.append(Sentence(text, len(whole), len(whole) + len(text)))
            predictions.append(asked(text, [row["source"] for row in rows if row["sentence"] == start]))
            whole += f"{text} "
        named = [
            act.named
            for prediction in resolve(whole, sentences, predictions)
            for act in prediction.acts or ()
        ]
        rows.sort(key=lambda row: row["sentence"])
        for row, name in zip(rows, named, strict=True):
            true = row["named"] and texts[key][row["named"]["sentence"]][slice(*row["named"]["span"])]
            counts["mentions"] += 1
            counts["plain to a reader"] += true is not None
            counts["named"] += name is not None
            counts["rightly"] += bool(name and true and (name.text in true or true in name.text))
    for name, count in counts.items():
        print(f"{name:20s}{count:5d}")
    right = counts["rightly"]
    print(f"precision {right / counts['named']:.3f}, recall {right / counts['plain to a reader']:.3f}")
