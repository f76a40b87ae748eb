"""Attributions, as PolNeAR marks them, to rows that a model learns to point with.

    python training/attributions.py --attributions attribution.train.jsonl.gz --held-out dev.jsonl \
        --out runs/attributed.jsonl

The rows go through `distil.py`, so that their labels are those of teachers. With `--every` sentences without
attributions come too, from which a model learns where there is none.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from corpora import read

from stance.predictions import Span
from stance.train.data import ATTRIBUTION, LabelledAct


def read_attributions(path: Path) -> Iterator[tuple[str, str, list[LabelledAct]]]:
    """Yield the document, text and attributions of each sentence.

    A source or content in several pieces is taken with what lies between, a cue by its longest piece.
    """
    for row in read(path):
        text, acts = row["text"], []
        for found in row["attributions"]:
            if not found["cue"]:
                continue
            cue = max(found["cue"], key=lambda piece: piece[1] - piece[0])
            spans = (
                Span.of(text, min(start for start, _ in pieces), max(end for _, end in pieces))
                if pieces
                else None
                for pieces in (found["source"], found["content"])
            )
            acts.append(LabelledAct(ATTRIBUTION, Span.of(text, *cue), *spans, whole=True))
        yield row["document"], text, acts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--attributions", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    held_out = {row["document"] for row in read(options.held_out)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as out:
        for document, text, acts in read_attributions(options.attributions):
            if (acts or options.every) and document not in held_out:
                spans = [
                    {
                        name: span and [span.start, span.end]
                        for name, span in (("source", act.source), ("cue", act.cue), ("claim", act.claim))
                    }
                    for act in acts
                ]
                out.write(json.dumps({"text": text, "attributions": spans}, ensure_ascii=False) + "\n")
