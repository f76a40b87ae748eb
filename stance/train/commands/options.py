"""The options that commands of training share."""

from pathlib import Path
from typing import Annotated

import typer

from stance.errors import InputError
from stance.options import MODELS
from stance.train.data import Columns

LARGEST_SEED = 2**32 - 1
"""That NumPy takes."""

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="A .csv, .tsv, .jsonl or .parquet file, a datasets folder, a Hub id."
    ),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help=MODELS)]
Base = Annotated[
    str | None, typer.Option(help="A Hub id or a folder of an encoder.", show_default="the shipped model")
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
    typer.Option("--development", metavar="DATA", help="A development part.", show_default="a split of DATA"),
]
SetAside = Annotated[
    Path | None, typer.Option("--set-aside", metavar="FILE", help="Write rows set aside, and why, as CSV.")
]


def columns_of(
    text: str,
    label: str,
    label_map: list[str] | None,
    stances: str | None = None,
    acts: str | None = None,
    group: str | None = None,
    context: str | None = None,
) -> Columns:
    """Gather the options that name columns and rename labels."""
    pairs = [(old.strip(), new.strip()) for old, _, new in (pair.partition("=") for pair in label_map or ())]
    if wrong := [pair for pair, (old, new) in zip(label_map or (), pairs, strict=True) if not (old and new)]:
        raise InputError(f"--label-map takes OLD=NEW, {wrong[0]!r} came")
    if len(twice := {old for old, _ in pairs}) < len(pairs):
        raise InputError(
            f"--label-map names a label twice; each of {', '.join(sorted(twice))} once was expected"
        )
    return Columns(
        text=text,
        label=label,
        stances=stances,
        acts=acts,
        group=group,
        context=context,
        label_map=dict(pairs),
    )
