"""Print the figures of a model as Markdown, or write them into its card.

python training/table.py models/base dev.jsonl            prints
python training/table.py models/base dev.jsonl --card     fills cards/base.md into models/base/README.md

With `--context-column previous` sentences are read with what stood before them; the challenge has none.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from string import Template

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

import stance
from stance.bundle import Bundle, open_bundle
from stance.tokens import SentenceTokenizer
from stance.train.metrics import Scores, macro_f1, score

HERE = Path(__file__).resolve().parent
CHALLENGE = HERE.parent / "tests" / "data" / "challenge.jsonl"
COVERAGES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)


def corpus_rows(rows: list[dict], true: np.ndarray, predicted: np.ndarray) -> list[str]:
    lines = ["| corpus | sentences | macro-F1 | accuracy |", "|---|---|---|---|"]
    for corpus, count in Counter(row["corpus"] for row in rows).most_common():
        here = np.array([row["corpus"] == corpus for row in rows])
        f1, accuracy = macro_f1(true[here], predicted[here]), (true == predicted)[here].mean()
        lines.append(f"| {corpus} | {count} | {f1:.3f} | {accuracy:.3f} |")
    return lines


def label_rows(scores: Scores) -> list[str]:
    lines = ["| label | sentences | precision | recall | F1 |", "|---|---|---|---|---|"]
    for label, row in scores.per_label.items():
        figures = " | ".join(f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| {label} | {row['rows']:.0f} | {figures} |")
    return lines


def coverage_rows(true: np.ndarray, probabilities: np.ndarray) -> list[str]:
    """Answer only the surest sentences of each label: how right is what is left?"""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    lines = ["| sentences answered | macro-F1 | accuracy |", "|---|---|---|"]
    for coverage in COVERAGES:
        kept = np.zeros(len(true), bool)
        for label in np.unique(predicted):
            here = predicted == label
            kept |= here & (confidence >= np.quantile(confidence[here], 1 - coverage))
        f1, accuracy = macro_f1(true[kept], predicted[kept]), (true == predicted)[kept].mean()
        lines.append(f"| {kept.mean():.0%} | {f1:.3f} | {accuracy:.3f} |")
    return lines


def challenge_rows(classifier: stance.Classifier) -> list[str]:
    """Sentences written for this project, around twenty for each rule of the label scheme."""
    with CHALLENGE.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    right: dict[str, list[bool]] = defaultdict(list)
    for row, prediction in zip(rows, classifier.classify_many(row["text"] for row in rows), strict=True):
        for name in (row["rule"], "all"):
            right[name].append(prediction.label == row["label"])
    lines = ["| rule | sentences | accuracy |", "|---|---|---|"]
    return lines + [
        f"| {name} | {len(found)} | {np.mean(found):.3f} |" for name, found in sorted(right.items())
    ]


def checkpoint_labels(bundle: Bundle, texts: list[str], contexts: list[str | None] | None) -> list[str]:
    """Label with transformers and the fp32 weights, as any Hugging Face tool would."""
    model = AutoModelForSequenceClassification.from_pretrained(bundle.path).eval()
    tokenizer = SentenceTokenizer(bundle.tokenizer, max_tokens=bundle.max_tokens)
    labels = []
    for row in tokenizer.encode(texts, contexts):
        with torch.inference_mode():
            labels.append(model.config.id2label[int(model(torch.tensor([row.ids])).logits.argmax())])
    return labels


def checkpoint_rows(
    bundle: Bundle, texts: list[str], contexts: list[str | None] | None, true: np.ndarray, found: np.ndarray
) -> list[str]:
    if "model.safetensors" not in bundle.hashes:
        return []
    exact = np.array([bundle.labels.index(name) for name in checkpoint_labels(bundle, texts, contexts)])
    return [
        f"| macro-F1 of the fp32 checkpoint | {macro_f1(true, exact):.4f} |",
        f"| labels on which int8 and the fp32 checkpoint agree | {(exact == found).mean():.4f} |",
    ]


def stage_rows(
    folder: Path, texts: list[str], predictions: list[stance.Prediction], true: np.ndarray
) -> list[str]:
    """What the first stage answers, and what that costs."""
    if open_bundle(folder).first_stage is None:
        return []
    classifier = stance.load(folder, first_stage=False)
    labels = classifier.bundle.labels
    network = np.array([labels.index(one.label) for one in classifier.classify_many(texts)])
    answered = np.mean([one.reason == "plain" for one in predictions])
    return [
        f"| sentences that the first stage answers | {answered:.4f} |",
        f"| macro-F1 without the first stage | {macro_f1(true, network):.4f} |",
    ]


def figures(folder: Path, data: Path, context_column: str | None) -> str:
    with data.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows]
    bundle = open_bundle(folder, every_file=True)
    labels = bundle.labels
    true = np.array([labels.index(row["label"]) for row in rows])
    classifier = stance.load(folder)
    contexts = [row.get(context_column) or None for row in rows] if context_column else None
    predictions = list(classifier.classify_many(texts, contexts=contexts))
    probabilities = np.array([list(prediction.probabilities.values()) for prediction in predictions])
    predicted = probabilities.argmax(axis=1)
    scores = score(labels, true, probabilities)
    gold = np.array([[name in row["stances"] for name in bundle.stances] for row in rows])
    held = np.array([[name in prediction.stances for name in bundle.stances] for prediction in predictions])
    stance_f1 = np.mean(
        [2 * (g & h).sum() / (g.sum() + h.sum()) for g, h in zip(gold.T, held.T, strict=True)]
    )
    low, high = scores.interval
    return "\n".join(
        [
            "| figure | value |",
            "|---|---|",
            f"| model | {bundle.identity} |",
            f"| sentences | {scores.rows} |",
            f"| macro-F1, five labels | {scores.macro_f1:.4f} (95 % interval {low:.3f} to {high:.3f}) |",
            f"| accuracy | {scores.accuracy:.4f} |",
            f"| expected calibration error, 15 bins | {scores.calibration_error:.4f} |",
            f"| macro-F1 of `stances`, four stances | {stance_f1:.4f} |",
            *stage_rows(folder, texts, predictions, true),
            *checkpoint_rows(bundle, texts, contexts, true, predicted),
            "",
            *label_rows(scores),
            "",
            *corpus_rows(rows, true, predicted),
            "",
            *coverage_rows(true, probabilities),
            "",
            *challenge_rows(classifier),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--context-column")
    parser.add_argument("--card", action="store_true")
    options = parser.parse_args()
    table = figures(options.model, options.data, options.context_column)
    print(table)
    if options.card:
        card = Template((HERE / "cards" / f"{options.model.name}.md").read_text(encoding="utf-8"))
        (options.model / "README.md").write_text(card.substitute(figures=table), encoding="utf-8")
