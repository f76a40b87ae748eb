"""The options that commands of more than one module have."""

from typing import Annotated

import typer

MODELS = "A model folder, the name of a shipped model, or two: fast+base."
"""What names a model, as an option or as an argument."""

ModelOption = Annotated[str | None, typer.Option("--model", "-m", help=MODELS, show_default="base")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="one a core")]
FirstStageOption = Annotated[
    bool, typer.Option(help="Let the model's first stage, if it has one, answer plain sentences.")
]
ActsOption = Annotated[
    bool, typer.Option("--acts", help="Say who takes which stance, by which words, toward what.")
]
AbstainOption = Annotated[
    bool, typer.Option("--abstain", help='Answer "unsure" where no label is probable enough.')
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Begin anew.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
