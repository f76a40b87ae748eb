"""Print how well a model finds acts, and attributions whatever their stance.

    python training/acts.py models/base dev.jsonl --attributions attribution.dev.jsonl.gz

`--attributions` are rows of `text` and `attributions`, each of which has lists of [start, end) pairs under
`source`, `cue` and `content`, as PolNeAR marks them. They are read by a head that only training has.
"""

import argparse
from pathlib import Path

import torch
from attributions import read_attributions
from corpora import read_project
from transformers import AutoTokenizer

import stance
from stance.acts import find_acts
from stance.batches import batches
from stance.calibration import softmax
from stance.models import find_model
from stance.predictions import Act
from stance.train.acts import ActScores, score_acts
from stance.train.data import ATTRIBUTION
from stance.train.model import open_base


def show(name: str, scores: ActScores) -> None:
    spans = " | ".join(f"{s.token_f1:.3f} | {s.exact:.3f}" for s in (scores.source, scores.claim))
    print(f"| {name} | {scores.precision:.3f} | {scores.recall:.3f} | {scores.f1:.3f} | {spans} |")


def attributions(folder: Path, texts: list[str]) -> list[tuple[Act, ...]]:
    model = open_base(folder, labels=stance.LABELS, stances=stance.LABELS[1:]).eval()
    encoded = AutoTokenizer.from_pretrained(folder)(texts, truncation=True, return_offsets_mapping=True)
    found: list[tuple[Act, ...]] = [()] * len(texts)
    for batch in batches(encoded["input_ids"], max_tokens=2048):
        ids = torch.from_numpy(batch.ids)
        with torch.inference_mode():
            states = model.classifier(input_ids=ids, output_hidden_states=True).hidden_states[-2]
            scores = model.token_logits(states, torch.ones_like(ids))
        for row, cues, pointers in zip(
            batch.rows, scores["attribution_logits"].numpy(), scores["pointer_logits"].numpy(), strict=True
        ):
            held = (ATTRIBUTION,) if softmax(cues)[1:-1, 1].max(initial=0) >= 0.5 else ()
            offsets = encoded["offset_mapping"][row]
            found[row] = find_acts(
                texts[row], offsets, cues, pointers, label="", stances=held, names=(ATTRIBUTION,)
            )
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("development", type=Path)
    parser.add_argument("--context-column")
    parser.add_argument("--attributions", type=Path)
    options = parser.parse_args()
    classifier = stance.load(options.model)
    rows = list(read_project(options.development, context=options.context_column))
    texts = [row.text for row in rows]
    contexts = [row.context for row in rows] if options.context_column else None
    found = [
        prediction.acts or () for prediction in classifier.classify_many(texts, contexts=contexts, acts=True)
    ]
    print("| acts | precision | recall | F1 | source token-F1 | exact | claim token-F1 | exact |")
    print("|---|---|---|---|---|---|---|---|")
    show("all", score_acts(zip(texts, found, [row.acts or () for row in rows], strict=True)))
    for name in stance.LABELS[1:]:
        parts = [
            (
                [act for act in acts if act.stance == name],
                [act for act in row.acts or () if act.stance == name],
            )
            for acts, row in zip(found, rows, strict=True)
        ]
        show(name, score_acts((text, *part) for text, part in zip(texts, parts, strict=True)))
    if options.attributions:
        marked = list(read_attributions(options.attributions))
        spoken = attributions(find_model(options.model), [text for _, text, _ in marked])
        show(
            "attributions",
            score_acts((text, acts, true) for acts, (_, text, true) in zip(spoken, marked, strict=True)),
        )
