"""The commands of corpora; the command line loads them when one is asked for."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stance.choices import Unit
from stance.corpus.display import show_summary, shown
from stance.corpus.layout import Output
from stance.corpus.scoring import Engine, score
from stance.devices import CPU
from stance.options import (
    AbstainOption,
    ActsOption,
    FirstStageOption,
    ModelOption,
    OverwriteOption,
    QuietOption,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

INTERRUPTED = 130


@app.command("score")
def score_corpus(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files and folders of Parquet, CSV, TSV, JSON lines or text (.gz, .zst); paths or URIs.",
        ),
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="The folder to write; a path or a URI.")],
    text_column: Annotated[str, typer.Option(help="Column to be labelled.")] = "text",
    id_column: Annotated[str | None, typer.Option(help="Column that names a row.")] = None,
    context_column: Annotated[
        str | None, typer.Option(help="Column of the sentence before, read along with a sentence.")
    ] = None,
    context: Annotated[
        bool, typer.Option("--context", help="Read each sentence of a document with the one before.")
    ] = False,
    unit: Annotated[Unit, typer.Option(help="What a row holds; a document is split.")] = Unit.SENTENCE,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="A column that comes through, once for each.", show_default="all"
        ),
    ] = None,
    form: Annotated[Output, typer.Option("--format", "-f", help="How parts are written.")] = Output.PARQUET,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Write only label and confidence.")
    ] = False,
    acts: ActsOption = False,
    abstain: AbstainOption = False,
    first_stage: FirstStageOption = True,
    model: ModelOption = None,
    engine: Annotated[
        Engine, typer.Option(help="What labels parts; ray: the cluster of RAY_ADDRESS, or one here.")
    ] = Engine.LOCAL,
    device: Annotated[str, typer.Option(help="cpu; cuda: every GPU; cuda:1: the second (extra gpu).")] = CPU,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.", show_default="one a core, or one a GPU")
    ] = None,
    overwrite: OverwriteOption = False,
    max_rejected: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Stop when more rows are rejected."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Label every row of a corpus; the same command goes on where it was stopped."""
    console = Console(stderr=True)
    try:
        with shown(console, quiet=quiet) as report:
            summary = score(
                inputs,
                out=out,
                text_column=text_column,
                id_column=id_column,
                context_column=context_column,
                context=context,
                unit=unit,
                keep=keep,
                format=form,
                labels_only=labels_only,
                acts=acts,
                abstain=abstain,
                first_stage=first_stage,
                model=model,
                engine=engine,
                device=device,
                workers=workers,
                overwrite=overwrite,
                max_rejected=max_rejected,
                report=report,
            )
    except KeyboardInterrupt:
        typer.echo("stance: stopped; the same command goes on where it was", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if not quiet:
        show_summary(console, summary, out)


@app.command("report")
def report_shares(
    run: Annotated[str, typer.Argument(metavar="DIR", help="The folder that `stance score` wrote.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The HTML page to write.")],
    over: Annotated[str | None, typer.Option(metavar="COLUMN", help="A column of dates or years.")] = None,
    by: Annotated[str | None, typer.Option(metavar="COLUMN", help="A column of groups.")] = None,
) -> None:
    """Draw the share of each label over time, or by group, from the output of `score`."""
    from stance.corpus.shares import report  # noqa: PLC0415 - loads matplotlib

    report(run, page=out, over=over, by=by)
