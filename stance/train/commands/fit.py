"""The command `train`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast, TrainerCallback

from stance.errors import InputError
from stance.labels import LABELS, STANCES
from stance.models import find_model
from stance.train.average import last_checkpoint
from stance.train.commands import options
from stance.train.commands.rows import read_checked, read_development, require_other
from stance.train.commands.voice import one_voice
from stance.train.data import LabelledSentence
from stance.train.export import check_out, export
from stance.train.few import FEW, PAIRS_FROM, TUNED_FOLDS, are_few, fit_few, out_of_fold, suits_head_alone
from stance.train.fit import ClassWeights, Recipe, fit
from stance.train.graph import Precision
from stance.train.model import StanceModel
from stance.train.progress import ShowProgress, tensorboard
from stance.train.split import split

MOST_FLIPS = 0.01

OF_FINE_TUNING = (
    "learning_rate",
    "epochs",
    "batch_size",
    "accumulation",
    "patience",
    "context_dropout",
    "class_weights",
    "lora",
    "context_column",
    "stances_column",
    "acts_column",
    "board",
)
"""The parameters that only fine-tuning heeds: who gives one, whatever its value, wants that."""


def train_model(
    context: typer.Context,
    data: options.Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The model folder to write.")],
    base: options.Base = None,
    development: options.Development = None,
    set_aside: options.SetAside = None,
    text_column: options.Text = "text",
    label_column: options.Label = "label",
    stances_column: options.Stances = None,
    acts_column: options.Acts = None,
    group_column: options.Group = None,
    context_column: options.Context = None,
    label_map: options.LabelMap = None,
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
    bf16: Annotated[
        bool,
        typer.Option("--bf16", help="Compute in bfloat16 on a CPU too, which AVX-512 BF16 and AMX do fast."),
    ] = False,
    precision: Annotated[
        Precision, typer.Option(help="int8 is smaller and faster, fp32 exact.")
    ] = Precision.INT8,
    max_flips: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="The share of labels that int8 may change.",
            show_default=f"{MOST_FLIPS}; learning from all of a few rows, of which one is more, no limit",
        ),
    ] = None,
    fp32: Annotated[
        bool, typer.Option("--fp32", help="Write the network in fp32 as well, as model_fp32.onnx.")
    ] = False,
    head_only: Annotated[
        bool | None,
        typer.Option(
            "--head-only/--all-weights",
            help="Learn a new label head alone, from all rows; or fine-tune all weights.",
            show_default=f"up to {FEW} rows a label all are learnt from, from {PAIRS_FROM} the encoder too",
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
        bf16=bf16,
        seed=seed,
    )
    check_out(out)
    work = out.with_name(f"{out.name}.work")
    given = _given(context)
    wants_all = [given[name] for name in OF_FINE_TUNING if name in given]
    if resume and last_checkpoint(work):
        wants_all.append("--resume")
    require_other(set_aside, data, development)
    boards = [tensorboard(board)] if board else []
    columns = options.columns_of(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    with one_voice() as first:
        held_out = read_development(development, columns)
        sentences = read_checked(data, columns, held_out, set_aside if first else None).require()
        labels = _label_set(sentences)
        start = base or find_model()
        if head_only and wants_all:
            raise InputError(f"{', '.join(wants_all)}: not for a label head alone; take --all-weights")
        free = head_only is None and not held_out and not wants_all
        few = head_only or (free and are_few(sentences, start, labels))
        if few:
            fitted = _fit_few(sentences, held_out, start, labels, head_only=head_only, recipe=recipe)
        else:
            parts = (list(sentences), held_out) if held_out else split(sentences, seed=seed)
            fitted = _fit_all(*parts, start, labels, recipe=recipe, work=work, resume=resume, boards=boards)
        if first:
            training = {"base": Path(start).name if Path(start).exists() else start, **fitted.card}
            flips = export(
                fitted.model,
                fitted.tokenizer,
                out,
                held_out=fitted.held_out,
                precision=precision,
                max_flips=(1.0 if few else MOST_FLIPS) if max_flips is None else max_flips,
                fp32=fp32,
                training=training,
                out_of_fold=fitted.out_of_fold,
            )
            share = f"int8 labels {flips:.2%} of the development part otherwise than fp32"
            print(f"{out}: written" + (f"; {share}" if precision is Precision.INT8 else ""))


def _given(context: typer.Context) -> dict[str, str]:
    """Return the parameters that were given, the default value or another, and what options they are."""
    return {
        str(parameter.name): parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(str(parameter.name))) and source.name != "DEFAULT"
    }


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A trained model and what it learnt from.

    Args:
        model, tokenizer: not exported yet.
        train: what it learnt from.
        held_out: what it is calibrated on and measured with.
        how: for the card.
        out_of_fold: what models say of `held_out` that had not seen it; None if this one has not.
    """

    model: StanceModel
    tokenizer: PreTrainedTokenizerFast
    train: Sequence[LabelledSentence]
    held_out: Sequence[LabelledSentence]
    how: Mapping[str, object]
    out_of_fold: NDArray[np.float32] | None = None

    @property
    def card(self) -> dict[str, object]:
        """What the card says of the training."""
        return {"sentences": len(self.train), "development sentences": len(self.held_out), **self.how}


def _label_set(sentences: Sequence[LabelledSentence]) -> tuple[str, ...]:
    """Return the project's labels where no other occurs, else those that do."""
    found = {sentence.label for sentence in sentences}
    return LABELS if found <= set(LABELS) else tuple(sorted(found))


def _fit_few(
    sentences: Sequence[LabelledSentence],
    held_out: Sequence[LabelledSentence],
    base: str | Path,
    labels: tuple[str, ...],
    *,
    head_only: bool | None,
    recipe: Recipe,
) -> _Fitted:
    """Learn from all of a few sentences; without a development part they are measured with by folds."""
    if head_only is None:
        head_only = suits_head_alone(sentences, labels)
        what = "a label head alone" if head_only else "the encoder by pairs, then a label head"
        typer.echo(f"few rows: learning {what}, from all of them; --all-weights fine-tunes", err=True)
    options: dict[str, Any] = {
        "base": base,
        "labels": labels,
        "head_only": head_only,
        "bf16": recipe.bf16,
        "seed": recipe.seed,
    }
    how = {"learnt": "the label head alone" if head_only else "the encoder by pairs, then the label head"}
    if held_out:
        return _Fitted(*fit_few(sentences, **options), sentences, held_out, how)
    if not head_only:
        typer.echo(f"tuning the encoder {TUNED_FOLDS + 1} times, to measure it as well", err=True)
    logits = out_of_fold(sentences, **options)
    return _Fitted(*fit_few(sentences, **options), sentences, sentences, how, logits)


def _fit_all(
    train: Sequence[LabelledSentence],
    held_out: Sequence[LabelledSentence],
    base: str | Path,
    labels: tuple[str, ...],
    *,
    recipe: Recipe,
    work: Path,
    resume: bool,
    boards: Sequence[TrainerCallback],
) -> _Fitted:
    """Learn all weights, and show how it goes."""
    with ShowProgress() as progress:
        model, tokenizer = fit(
            train,
            held_out,
            base=base,
            work=work,
            recipe=recipe,
            labels=labels,
            stances=STANCES if labels == LABELS else (),
            resume=resume,
            callbacks=[progress, *boards],
        )
    return _Fitted(model, tokenizer, train, held_out, asdict(recipe))
