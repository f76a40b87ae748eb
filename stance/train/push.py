"""A model folder to the Hugging Face Hub."""

import json
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # of whatever it is built on

from stance.bundle import CONTRACT, open_bundle
from stance.errors import ModelError, OutputError

CARD = "README.md"


def push(folder: str | Path, repository: str, *, private: bool = True, endpoint: str | None = None) -> str:
    """Upload a model folder with its card, once every file of it is verified.

    The token is the one that `hf auth login` or `HF_TOKEN` left.

    Args:
        folder: a model folder.
        repository: "owner/name"; made if need be. One that exists keeps its visibility.
        private: whether a new repository is seen by its owner alone. Default: True.
        endpoint: of a Hub of your own. Default: the public one.

    Returns:
        The address of what was uploaded.

    Raises:
        ModelError: a file is missing, cut short or changed, or there is no card.
        OutputError: the Hub does not take it.
    """
    folder = Path(folder)
    bundle = open_bundle(folder, every_file=True)
    if not (folder / CARD).is_file():
        raise ModelError(f"{folder / CARD}: a card was expected, there is none; say there what the model is")
    files = json.loads((folder / CONTRACT).read_text(encoding="utf-8"))["files"]
    api = HfApi(endpoint=endpoint)
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=address.repo_id,
            folder_path=folder,
            allow_patterns=[CONTRACT, CARD, *files],
            commit_message=bundle.identity,
        )
    except (OSError, RuntimeError, ValueError, HTTPError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise OutputError(f"{repository}: the Hub does not take it: {reason}") from error
    return str(address)
