"""The command of ledgers; the command line loads it when it is asked for."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stance.choices import Unit
from stance.errors import InputError
from stance.ledger.difference import differences
from stance.ledger.ledger import PAGE, REJECTED, Ledger, Summary, build
from stance.options import ModelOption, OverwriteOption, QuietOption, ThreadsOption
from stance.rows import Format, write_rows

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class DifferenceFormat(StrEnum):
    """How differences are written."""

    JSONL = "jsonl"
    CSV = "csv"


@app.callback()
def _named() -> None:
    """Keep the command's name, which a program of one command would not take."""


@app.command("ledger")
def keep_ledger(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Articles: files and folders of Parquet, CSV, TSV, JSON lines or text (.gz, .zst).",
        ),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="The folder of the ledger; one that is there grows.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="Column of texts.")] = "text",
    id_column: Annotated[str | None, typer.Option(help="Column that names an article.")] = None,
    date_column: Annotated[str | None, typer.Option(help="Column of dates (ISO 8601) or years.")] = None,
    outlet_column: Annotated[str | None, typer.Option(help="Column of who published it.")] = None,
    unit: Annotated[Unit, typer.Option(help="What a row holds; sentence: a headline, say.")] = Unit.DOCUMENT,
    diff: Annotated[
        str | None,
        typer.Option(metavar="OTHER", help="Say what differs from this earlier ledger, after any input."),
    ] = None,
    form: Annotated[DifferenceFormat, typer.Option("--format", "-f", help="Of --diff.")] = (
        DifferenceFormat.JSONL
    ),
    model: ModelOption = None,
    threads: ThreadsOption = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
) -> None:
    """Gather from articles who alleged, confirmed, hedged or denied what, and when."""
    if out is None or not (inputs or diff):
        raise InputError(
            "give articles and the folder of their ledger by --out, or two ledgers: --out and --diff"
        )
    earlier = Ledger.open(diff).claims if diff else ()
    if inputs:
        console = Console(stderr=True)
        with console.status("Reading articles") as status:
            summary = build(
                inputs,
                out=out,
                text_column=text_column,
                id_column=id_column,
                date_column=date_column,
                outlet_column=outlet_column,
                unit=unit,
                model=model,
                threads=threads,
                overwrite=overwrite,
                report=lambda count: status.update(f"Reading articles: {count:,}"),
            )
        if not quiet:
            _show(console, summary, out)
    if diff:
        found = (one.to_dict() for one in differences(earlier, Ledger.open(out).claims))
        write_rows(found, Format(form))


def _show(console: Console, summary: Summary, out: str) -> None:
    known = f" ({summary.known:,} of them known before)" if summary.known else ""
    console.print(
        f"{summary.articles:,} articles{known}: {summary.entries:,} entries on {summary.claims:,} claims, "
        f"{summary.new:,} of them new; see {Path(out) / PAGE}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if summary.rejected:
        rejected = f"{summary.rejected:,} could not be read; see {Path(out) / REJECTED}"
        console.print(rejected, markup=False, soft_wrap=True)
    if summary.undated:
        undated = (
            f"{summary.undated:,} dates were not read, such as {summary.first_undated}; ISO 8601 was "
            "expected, 2024-03-01 for one: these articles have none, and come first"
        )
        console.print(undated, highlight=False, markup=False, soft_wrap=True)
