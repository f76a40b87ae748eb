"""The command `push`."""

from pathlib import Path
from typing import Annotated

import typer

from stance.train.push import push


def push_model(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A model folder.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository, made if need be.")],
    private: Annotated[
        bool, typer.Option("--private/--public", help="Who sees a new repository: its owner, or all.")
    ] = True,
) -> None:
    """Upload a model folder with its card to the Hugging Face Hub, once every file is verified."""
    print(push(folder, repository, private=private))
