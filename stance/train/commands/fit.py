"""The command `train`."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from stance.errors import InputError, ModelError
from stance.labels import LABELS
from stance.train.commands import options
from stance.train.commands.rows import read_checked, read_development, require_other
from stance.train.commands.voice import one_voice
from stance.train.folder import check_out
from stance.train.graph import Precision
from stance.train.recipe import (
    ALWAYS_FLIPS,
    FEW,
    MOST_FLIPS,
    PAIRS_FROM,
    TUNED_FOLDS,
    ClassWeights,
    Recipe,
    Way,
)

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
            show_default=f"{MOST_FLIPS}, or {ALWAYS_FLIPS} rows; no limit where few rows are learnt from",
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
            show_default=f"new labels, on average up to {FEW} rows: all; from {PAIRS_FROM} the encoder too",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, max=options.LARGEST_SEED, help="Decides the split, new weights, the order."),
    ] = 0,
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
    require_other(set_aside, data, development)
    columns = options.columns_of(
        text_column, label_column, label_map, stances_column, acts_column, group_column, context_column
    )
    with one_voice() as first:
        chosen_on = read_development(development, columns)
        sentences = read_checked(data, columns, chosen_on, set_aside if first else None).require()
        # These load libraries for seconds, which help and mistakes in the input need not wait for.
        from stance.train.average import last_checkpoint
        from stance.train.progress import ShowProgress, tensorboard
        from stance.train.training import choose_way, label_set, train

        boards = [tensorboard(board)] if board else []
        if resume and last_checkpoint(work):
            wants_all.append("--resume")
        if head_only and wants_all:
            raise InputError(f"{', '.join(wants_all)}: not for a label head alone; take --all-weights")
        way = Way.HEAD if head_only else Way.ALL
        if head_only is None and not wants_all:
            way = choose_way(sentences, chosen_on, base=base)
            _explain(way)
        if way is not Way.ALL and label_set(sentences) == LABELS:
            typer.echo("labels alone are learnt so; stances and acts need --all-weights", err=True)
        with ExitStack() as stack:
            callbacks = [stack.enter_context(ShowProgress()), *boards] if way is Way.ALL else []
            trained = train(
                sentences,
                chosen_on,
                base=base,
                way=way,
                recipe=recipe,
                work=work,
                resume=resume,
                callbacks=callbacks,
            )
        if first:
            try:
                flips = trained.export(out, precision=precision, max_flips=max_flips, fp32=fp32)
            except ModelError as error:
                kept = "; what was learnt is kept: add --resume" if way is Way.ALL else ""
                raise ModelError(f"{error}\n{out}: not written{kept}") from error
            share = f"int8 labels {flips:.2%} of the development part otherwise than fp32"
            print(f"{out}: written" + (f"; {share}" if precision is Precision.INT8 else ""))
            if work.exists():
                print(f"{work}: checkpoints, of no use but to --resume")


def _explain(way: Way) -> None:
    """Say what will be learnt where that is not all weights, and how to have it otherwise."""
    if way is not Way.ALL:
        typer.echo(f"few rows: learning {way.meaning}, from all of them; --all-weights fine-tunes", err=True)
    if way is Way.PAIRS:
        typer.echo(f"tuning the encoder {TUNED_FOLDS + 1} times, to measure it as well", err=True)


def _given(context: typer.Context) -> dict[str, str]:
    """Return the parameters that were given, the default value or another, and what options they are."""
    return {
        str(parameter.name): parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(str(parameter.name))) and source.name != "DEFAULT"
    }
