"""An evaluation to files: figures as JSON, plots as PNG, and one self-contained page."""

import json
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve

from stance.errors import OutputError
from stance.templates import fill, plot
from stance.train.evaluate import Evaluation
from stance.train.metrics import reliability


def write_report(evaluation: Evaluation, out: str | Path) -> None:
    """Write `evaluation.json`, three plots as PNG, and `evaluation.html` that holds all of it.

    Args:
        evaluation: what `evaluate` gave.
        out: a folder, made if need be.

    Raises:
        OutputError: it cannot be written.
    """
    out = Path(out)
    plots = {name: plot(partial(draw, evaluation)) for name, draw in PLOTS.items()}
    figures = {
        "model": evaluation.model,
        "scores": asdict(evaluation.scores),
        "slices": [asdict(part) for part in evaluation.slices],
        "mistakes": [asdict(mistake) for mistake in evaluation.mistakes],
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in plots.items():
            (out / f"{name}.png").write_bytes(content)
        text = json.dumps(figures, indent=2, ensure_ascii=False)
        (out / "evaluation.json").write_text(text + "\n", encoding="utf-8", errors="replace")
        page = _render(evaluation, plots)
        (out / "evaluation.html").write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise OutputError(f"{out}: {error.strerror}; a folder that can be written was expected") from error


def _render(evaluation: Evaluation, plots: dict[str, bytes]) -> str:
    slices = groupby(evaluation.slices, key=lambda part: part.kind)
    values = {
        "evaluation": evaluation,
        "scores": evaluation.scores,
        "slices": {kind: list(parts) for kind, parts in slices},
    }
    return fill("evaluation.html", values, plots=plots)


def _draw_confusion(evaluation: Evaluation, axes: Axes) -> None:
    counts = np.array(evaluation.scores.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(evaluation.labels))
    axes.set_xticks(ticks, evaluation.labels, rotation=30, ha="right")
    axes.set_yticks(ticks, evaluation.labels)
    for row in ticks:
        for column in ticks:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    axes.set(xlabel="predicted", ylabel="label", title="Confusion matrix")


def _draw_reliability(evaluation: Evaluation, axes: Axes) -> None:
    counts, confidence, accuracy = reliability(evaluation.true, evaluation.probabilities)
    some = counts > 0
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dashed")
    sizes = 20 + 400 * counts[some] / counts.sum()
    axes.scatter(confidence[some], accuracy[some], s=sizes, color="tab:blue", alpha=0.7, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axes.set_title(f"Reliability (calibration error {evaluation.scores.calibration_error:.3f})")


def _draw_curves(evaluation: Evaluation, axes: Axes) -> None:
    for index, label in enumerate(evaluation.labels):
        if (evaluation.true == index).any():
            precision, recall, _ = precision_recall_curve(
                evaluation.true == index, evaluation.probabilities[:, index]
            )
            axes.plot(recall, precision, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision", title="Precision and recall")
    axes.legend(loc="lower left")


PLOTS = {"confusion": _draw_confusion, "reliability": _draw_reliability, "precision_recall": _draw_curves}
