"""Compare few-shot training with SetFit: the same rows, the same encoder.

    python training/few_shot.py claims_dev.jsonl --encoder models/base

Rows have `headline`, `stance` (a label set of its own) and `claim_id`; half of the claims are for training,
the other half for the test. SetFit needs `pip install setfit` and runs as its paper has it (20 pairs a row,
one epoch). Ours is what `stance train` does with so few rows of new labels.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from corpora import read
from sklearn.metrics import f1_score
from transformers.utils.logging import set_verbosity_error

from stance.train.data import LabelledSentence
from stance.train.few import fit_few

SEEDS = (0, 1, 2)


def draw(rows: list[LabelledSentence], size: int, seed: int) -> list[LabelledSentence]:
    by_label: dict[str, list[LabelledSentence]] = defaultdict(list)
    for index in np.random.default_rng(seed).permutation(len(rows)):
        by_label[rows[index].label].append(rows[index])
    return [row for label in sorted(by_label) for row in by_label[label][:size]]


def ours(
    encoder: str, rows: list[LabelledSentence], texts: list[str], labels: tuple[str, ...], seed: int
) -> list[str]:
    model, tokenizer = fit_few(rows, base=encoder, labels=labels, seed=seed)
    said = []
    with torch.inference_mode():
        for start in range(0, len(texts), 64):
            batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, return_tensors="pt")
            logits = model.eval()(batch["input_ids"], batch["attention_mask"])["logits"]
            said += [labels[index] for index in logits.argmax(dim=1).tolist()]
    return said


def setfit(encoder: str, rows: list[LabelledSentence], texts: list[str], seed: int) -> list[str]:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    model = SetFitModel.from_pretrained(encoder)
    data = Dataset.from_dict({"text": [row.text for row in rows], "label": [row.label for row in rows]})
    with tempfile.TemporaryDirectory() as work:
        arguments = TrainingArguments(
            output_dir=work, batch_size=16, num_epochs=1, num_iterations=20, seed=seed, report_to="none"
        )
        Trainer(model=model, args=arguments, train_dataset=data).train()
    return [str(label) for label in model.predict(texts)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--encoder", default="models/base")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 64], help="Rows a label.")
    parser.add_argument("--ways", nargs="+", choices=["ours", "SetFit"], default=["ours", "SetFit"])
    options = parser.parse_args()
    set_verbosity_error()
    rows = [LabelledSentence(r["headline"], r["stance"], group=r["claim_id"]) for r in read(options.rows)]
    groups = sorted({str(row.group) for row in rows})
    held_out = set(np.random.default_rng(0).permutation(groups)[: len(groups) // 2].tolist())
    pool, test = ([row for row in rows if (row.group in held_out) == part] for part in (False, True))
    texts, true = [row.text for row in test], [row.label for row in test]
    labels = tuple(sorted(set(true)))
    print(f"| rows a label | {' | '.join(options.ways)} | (macro-F1 on {len(test)} rows; seeds {SEEDS})")
    for size in options.sizes:
        scores: dict[str, list[float]] = defaultdict(list)
        for seed in SEEDS:
            chosen = [LabelledSentence(row.text, row.label) for row in draw(pool, size, seed)]
            for name in options.ways:
                if name == "ours":
                    said = ours(options.encoder, chosen, texts, labels, seed)
                else:
                    said = setfit(options.encoder, chosen, texts, seed)
                scores[name].append(float(f1_score(true, said, average="macro")))
        cells = (
            f"{np.mean(found):.3f} ({', '.join(f'{score:.3f}' for score in found)})"
            for found in scores.values()
        )
        print(f"| {size} | " + " | ".join(cells) + " |", flush=True)
