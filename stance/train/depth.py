"""The layers of an encoder: taken out, for a small model to start from, or kept as they are in training."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from stance.errors import ModelError
from stance.train.vocabulary import NO_HEAD


def keep_layers(base: str | Path, layers: Sequence[int], out: Path) -> None:
    """Write a copy of an encoder that has only some of its layers.

    Args:
        base: a Hub id or a folder of an encoder.
        layers: which to keep, ascending, from 0, at least one.
        out: the folder of the copy, a Hugging Face checkpoint.

    Raises:
        ModelError: the encoder has no such layers.

    Source: Sanh et al. 2019, "DistilBERT, a distilled version of BERT".
    """
    encoder = AutoModel.from_pretrained(base)
    name, found = _layers(encoder)
    if not layers or list(layers) != sorted({*layers} & {*range(len(found))}):
        raise ModelError(f"{base}: layers of 0 to {len(found) - 1} were expected, in order; {[*layers]} came")
    encoder.set_submodule(name, nn.ModuleList(found[index] for index in layers))
    encoder.config.num_hidden_layers = len(layers)
    encoder.config.num_labels = NO_HEAD
    encoder.save_pretrained(out)
    AutoTokenizer.from_pretrained(base).save_pretrained(out)


def freeze(encoder: PreTrainedModel, layers: int) -> None:
    """Leave the lowest layers, and all that lies below them or is shared by all, out of training.

    Args:
        encoder: without heads.
        layers: how many, 0 (then all is learnt) or more.

    Raises:
        ModelError: the encoder has fewer layers.
    """
    if not layers:
        return
    _, found = _layers(encoder)
    if layers > len(found):
        raise ModelError(f"at most {len(found)} layers can be frozen, {layers} came")
    encoder.requires_grad_(False)
    for part in (*found[layers:], getattr(encoder, "pooler", None)):
        if part is not None:
            part.requires_grad_(True)


def _layers(encoder: PreTrainedModel) -> tuple[str, nn.ModuleList]:
    """Find the list of an encoder's layers, and its name."""
    for name, part in encoder.named_modules():
        if isinstance(part, nn.ModuleList) and len(part) == encoder.config.num_hidden_layers:
            return name, part
    raise ModelError(f"a {encoder.config.model_type} keeps its layers where they cannot be told apart")
