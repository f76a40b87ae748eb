"""The commands of training; the command line loads them when one is asked for."""

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import datasets
import transformers
import typer

from stance.bundle import find_model
from stance.classifier import load
from stance.errors import InputError, OutputError
from stance.labels import LABELS, STANCES
from stance.train.audit import audit, embed
from stance.train.check import Report, check
from stance.train.data import Columns, LabelledSentence, read
from stance.train.evaluate import compare, evaluate
from stance.train.export import export
from stance.train.fit import ClassWeights, Recipe, fit
from stance.train.graph import Precision
from stance.train.probe import FEW, fit_head, suits_head_alone
from stance.train.progress import ShowProgress, tensorboard
from stance.train.push import push
from stance.train.report import write_report
from stance.train.split import split

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="A .csv, .tsv, .jsonl or .parquet file, a datasets folder, a Hub id."
    ),
]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped model.")
]
Text = Annotated[str, typer.Option("--text-column", help="Column of sentences.")]
Label = Annotated[str, typer.Option("--label-column", help="Column of labels.")]
Stances = Annotated[str | None, typer.Option("--stances-column", help="Column of all stances held.")]
Acts = Annotated[str | None, typer.Option("--acts-column", help="Column of acts with their cues.")]
Context = Annotated[
    str | None, typer.Option("--context-column", help="Column of the sentence before, to be read along.")
]
Group = Annotated[str | None, typer.Option("--group-column", help="Column of articles or outlets.")]
LabelMap = Annotated[list[str] | None, typer.Option("--label-map", metavar="OLD=NEW", help="Rename a label.")]
Development = Annotated[
    str | None,
    typer.Option("--development", metavar="DATA", help="A development part [default: a split of DATA]."),
]
SetAside = Annotated[
    Path | None, typer.Option("--set-aside", metavar="FILE", help="Write rows set aside, and why, as CSV.")
]


@app.command("check")
def check_data(
    data: Data,
    development: Development = None,
    set_aside: SetAside = None,
    text_column: Text = "text",
    label_column: Label = "label",
    stances_column: Stances = None,
    acts_column: Acts = None,
    group_column: Group = None,
    context_column: Context = None,
    label_map: LabelMap = None,
) -> None:
    """Say what in labelled data would spoil training, and refuse it."""
    columns = _columns(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    _checked(data, columns, _sentences(development, columns), set_aside)


@app.command("train")
def train_model(
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The model folder to write.")],
    base: Annotated[
        str | None, typer.Option(help="A Hub id or a folder of an encoder [default: the shipped model].")
    ] = None,
    development: Development = None,
    set_aside: SetAside = None,
    text_column: Text = "text",
    label_column: Label = "label",
    stances_column: Stances = None,
    acts_column: Acts = None,
    group_column: Group = None,
    context_column: Context = None,
    label_map: LabelMap = None,
    epochs: Annotated[int, typer.Option(min=1)] = Recipe().epochs,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = Recipe().learning_rate,
    batch_size: Annotated[int, typer.Option(min=1)] = Recipe().batch_size,
    accumulation: Annotated[int, typer.Option(min=1, help="Batches a step.")] = Recipe().accumulation,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many epochs without a better macro-F1.")
    ] = None,
    context_dropout: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share of contexts left unread, so that they stay optional."),
    ] = Recipe().context_dropout,
    class_weights: Annotated[
        ClassWeights, typer.Option(help="balanced: weigh each label by how rare it is.")
    ] = ClassWeights.NONE,
    lora: Annotated[
        int | None,
        typer.Option(min=1, metavar="RANK", help="Learn adapters of this rank, for large encoders."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="int8 is smaller and faster, fp32 exact.")
    ] = Precision.INT8,
    max_flips: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="The share of labels that int8 may change.")
    ] = 0.01,
    head_only: Annotated[
        bool | None,
        typer.Option(
            "--head-only/--all-weights",
            help=f"Learn a new label head alone, from all rows [default: with at most {FEW} rows a label].",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the split, new weights and the order.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run left off.")] = False,
    board: Annotated[
        Path | None, typer.Option("--tensorboard", metavar="DIR", help="Write losses and figures there.")
    ] = None,
) -> None:
    """Fine-tune an encoder on labelled sentences and write a model folder."""
    recipe = Recipe(
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        accumulation=accumulation,
        patience=patience,
        context_dropout=context_dropout,
        class_weights=class_weights,
        lora=lora,
        seed=seed,
    )
    boards = [tensorboard(board)] if board else []
    columns = _columns(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    with _one_voice() as first:
        held_out = _sentences(development, columns)
        sentences = list(_checked(data, columns, held_out, set_aside if first else None))
        found = {sentence.label for sentence in (*sentences, *held_out)}
        ours = found <= set(LABELS)
        labels = LABELS if ours else tuple(sorted(found))
        start = base or find_model()
        if head_only is None:
            head_only = not held_out and suits_head_alone(sentences, start, labels)
        out_of_fold = None
        if head_only:
            held_out = sentences = [*sentences, *held_out]
            model, tokenizer, out_of_fold = fit_head(sentences, base=start, labels=labels, seed=seed)
        else:
            if not held_out:
                sentences, held_out = split(sentences, seed=seed)
            with ShowProgress() as progress:
                model, tokenizer = fit(
                    sentences,
                    held_out,
                    base=start,
                    work=out.with_name(f"{out.name}.work"),
                    recipe=recipe,
                    labels=labels,
                    stances=STANCES if ours else (),
                    resume=resume,
                    callbacks=[progress, *boards],
                )
        if first:
            how: dict[str, object] = {"learnt": "the label head alone"} if head_only else asdict(recipe)
            origin = Path(start).name if Path(start).exists() else start
            parts: dict[str, object] = {
                "base": origin,
                "sentences": len(sentences),
                "development sentences": len(held_out),
            }
            flips = export(
                model,
                tokenizer,
                out,
                held_out=held_out,
                precision=precision,
                max_flips=max_flips,
                training=parts | how,
                out_of_fold=out_of_fold,
            )
            print(
                f"{out}: written; {precision} labels {flips:.2%} of the development part otherwise than fp32"
            )


@app.command("evaluate")
def evaluate_model(
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder for JSON, plots and the page.")],
    text_column: Text = "text",
    label_column: Label = "label",
    acts_column: Acts = None,
    group_column: Group = None,
    context_column: Context = None,
    label_map: LabelMap = None,
) -> None:
    """Measure a model on labelled sentences, and say where it fails."""
    columns = _columns(
        text_column,
        label_column,
        label_map,
        acts=acts_column,
        group=group_column,
        context=context_column,
    )
    classifier = load(model)
    if context_column:
        classifier.bundle.require_context()
    evaluation = evaluate(classifier, _sentences(data, columns))
    write_report(evaluation, out)
    scores = evaluation.scores
    low, high = scores.interval
    print(f"macro-F1           {scores.macro_f1:.4f} ({low:.3f} to {high:.3f})")
    print(f"calibration error  {scores.calibration_error:.4f}")
    for name, row in scores.per_label.items():
        print(f"F1 of {name:13s}{row['f1']:.4f}")
    for part in evaluation.slices:
        if part.kind == "context":
            print(f"{part.name:19s}{part.macro_f1:.4f} macro-F1, {part.rows} sentences")
    print(f"page               {out / 'evaluation.html'}")


@app.command("compare")
def compare_models(
    first: Model,
    second: Model,
    data: Data,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every flipped sentence as CSV.")
    ] = None,
    text_column: Text = "text",
    label_column: Label = "label",
    context_column: Context = None,
    label_map: LabelMap = None,
) -> None:
    """Say which of two models is better on labelled sentences, and whether by more than noise."""
    columns = _columns(text_column, label_column, label_map, context=context_column)
    comparison = compare(load(first), load(second), _sentences(data, columns))
    flips = [
        {"row": flip.row, comparison.first: flip.label, comparison.second: flip.predicted, "text": flip.text}
        for flip in comparison.flips
    ]
    if out:
        _write_csv(out, ["row", comparison.first, comparison.second, "text"], flips)
    else:
        for flip in comparison.flips:
            print(f"row {flip.row}: {flip.label} -> {flip.predicted}: {flip.text}")
    print(comparison.verdict)


@app.command("audit")
def audit_labels(
    data: Data,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The CSV to write, the likeliest error first.")],
    base: Annotated[
        str | None, typer.Option(help="A Hub id or a folder of an encoder [default: the shipped model].")
    ] = None,
    text_column: Text = "text",
    label_column: Label = "label",
    context_column: Context = None,
    label_map: LabelMap = None,
    seed: Annotated[int, typer.Option(help="Decides the folds.")] = 0,
) -> None:
    """List likely label errors, to be read, corrected and trained on again."""
    columns = _columns(text_column, label_column, label_map, context=context_column)
    sentences = _checked(data, columns, (), None)
    features = embed(
        [sentence.text for sentence in sentences],
        base or find_model(),
        contexts=[sentence.context for sentence in sentences],
    )
    suspects = audit(sentences, features, seed=seed)
    names = ["row", "label", "suggestion", "probability", "confident", "text"]
    _write_csv(out, names, [asdict(suspect) for suspect in suspects])
    print(f"{out}: {len(suspects)} of {len(sentences)} labels are suspect")


@app.command("push")
def push_model(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A model folder.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository, made if need be.")],
    private: Annotated[
        bool, typer.Option("--private/--public", help="Who sees a new repository: its owner, or all.")
    ] = True,
) -> None:
    """Upload a model folder with its card to the Hugging Face Hub, once every file is verified."""
    print(push(folder, repository, private=private))


@contextmanager
def _one_voice() -> Iterator[bool]:
    """Let the first of the processes that `torchrun` started speak alone; yield whether this is it.

    The libraries' own bars and notes are kept quiet in all of them.
    """
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    datasets.disable_progress_bars()
    if os.environ.get("RANK", "0") == "0":
        yield True
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        kept = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = nowhere
        try:
            yield False
        finally:
            sys.stdout, sys.stderr = kept


def _columns(
    text: str,
    label: str,
    label_map: list[str] | None,
    stances: str | None = None,
    acts: str | None = None,
    group: str | None = None,
    context: str | None = None,
) -> Columns:
    pairs = [pair.partition("=") for pair in label_map or ()]
    if wrong := [old for old, equals, new in pairs if not (old and equals and new)]:
        raise InputError(f"--label-map takes OLD=NEW, {wrong[0]!r} came")
    return Columns(
        text=text,
        label=label,
        stances=stances,
        acts=acts,
        group=group,
        context=context,
        label_map={old: new for old, _, new in pairs},
    )


def _sentences(data: str | None, columns: Columns) -> list[LabelledSentence]:
    """Read what is whole; broken rows are named on standard error."""
    sentences = []
    for row in read(data, columns) if data else ():
        if isinstance(row, LabelledSentence):
            sentences.append(row)
        else:
            typer.echo(f"stance: {data}: row {row.row}: {row.reason}", err=True)
    return sentences


def _checked(
    data: str, columns: Columns, development: Sequence[LabelledSentence], set_aside: Path | None
) -> tuple[LabelledSentence, ...]:
    report = check(read(data, columns), development=development)
    _show(report)
    if set_aside:
        _write_csv(set_aside, ["row", "reason"], [asdict(row) for row in report.set_aside])
    return report.require()


def _show(report: Report) -> None:
    for label, rows in report.shares.items():
        print(f"{label:15s} {rows:7d}")
    print(f"set aside       {len(report.set_aside):7d}")
    for row in report.set_aside[:20]:
        print(f"  row {row.row}: {row.reason}")
    if len(report.set_aside) > 20:
        print(f"  and {len(report.set_aside) - 20} more; --set-aside FILE writes them all")
    for warning in report.warnings:
        print(f"warning: {warning}")


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; a path that can be written was expected") from error
