"""Commands that look at models: `evaluate` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from stance.classifier import load
from stance.options import FirstStageOption
from stance.train.commands import options
from stance.train.commands.rows import read_whole, require_other, write_csv
from stance.train.evaluate import compare, evaluate
from stance.train.report import write_report


def evaluate_model(
    model: options.Model,
    data: options.Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder for JSON, plots and the page.")],
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    acts_column: options.Acts = None,
    group_column: options.Group = None,
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
    first_stage: FirstStageOption = True,
) -> None:
    """Measure a model on labelled sentences, and say where it fails."""
    columns = options.columns_of(
        text_column,
        label_column,
        label_map,
        acts=acts_column,
        group=group_column,
        context=context_column,
    )
    classifier = load(model, first_stage=first_stage)
    if context_column:
        classifier.bundle.require_context()
    evaluation = evaluate(classifier, read_whole(data, columns))
    write_report(evaluation, out)
    scores = evaluation.scores
    low, high = scores.interval
    print(f"macro-F1           {scores.macro_f1:.4f} ({low:.3f} to {high:.3f})")
    print(f"calibration error  {scores.calibration_error:.4f}")
    for name, row in scores.per_label.items():
        print(f"{f'F1 of {name}':18s} {row['f1']:.4f}")
    for part in evaluation.slices:
        if part.kind == "context":
            print(f"{part.name:19s}{part.macro_f1:.4f} macro-F1, {part.rows} sentences")
    print(f"page               {out / 'evaluation.html'}")


def compare_models(
    first: options.Model,
    second: options.Model,
    data: options.Data,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every flipped sentence as CSV.")
    ] = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
) -> None:
    """Say which of two models is better on labelled sentences, and whether by more than noise."""
    require_other(out, data)
    columns = options.columns_of(text_column, label_column, label_map, context=context_column)
    comparison = compare(load(first), load(second), read_whole(data, columns))
    flips = [
        {
            "row": flip.row,
            "label": flip.label,
            comparison.first: flip.first,
            comparison.second: flip.second,
            "text": flip.text,
        }
        for flip in comparison.flips
    ]
    if out:
        write_csv(out, ["row", "label", comparison.first, comparison.second, "text"], flips)
    else:
        for flip in comparison.flips:
            print(f"row {flip.row} ({flip.label}): {flip.first} -> {flip.second}: {flip.text}")
    print(comparison.verdict)
