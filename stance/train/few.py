"""A model from a few rows of new labels: all of them are learnt from, and by folds it is measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedTokenizerFast, set_seed

from stance.errors import ModelError
from stance.train.data import LabelledSentence, label_indices
from stance.train.model import StanceModel, has_labels, label_layer, open_base, open_tokenizer
from stance.train.pairs import tune_by_pairs
from stance.train.probe import STRENGTH, features_of, fit_regression
from stance.train.recipe import FEW, PAIRS_FROM, TUNED_FOLDS
from stance.train.split import folds

FOLDS = 5
"""Into how many parts rows are cut to measure a head alone."""

TUNED_STRENGTH = 0.003
"""The inverse of the regularisation of a head on a tuned encoder, which has drawn its rows apart already."""

STRAIGHT = 1 / 64
"""The slope of a pooler that is passed through: so near 0 its tanh is a straight line, within a hundredth."""


def fit_few(
    sentences: Sequence[LabelledSentence],
    *,
    base: str | Path,
    labels: tuple[str, ...],
    head_only: bool | None = None,
    max_tokens: int = 128,
    bf16: bool = False,
    seed: int = 0,
) -> tuple[StanceModel, PreTrainedTokenizerFast]:
    """Learn new labels from all of a few sentences. Seeds the random generators.

    With few sentences, those that fine-tuning would set aside are worth more than what it brings. The
    encoder is tuned by pairs, if at all; then the label head is a regression on what the encoder gives.

    Args:
        sentences: of two labels or more.
        base: a Hub id or a folder of an encoder.
        labels: in the order of the label logits; two or more.
        head_only: leave the encoder as it is. Default: with fewer than 32 rows a label.
        max_tokens: longer sentences are cut. Default 128.
        bf16: compute in bfloat16 where the encoder is tuned. Default False.
        seed: decides how the encoder is tuned. Default 0.

    Returns:
        The model and its tokenizer.

    Raises:
        ModelError: there is no such encoder, or its classifier ends in no linear layer.
    """
    set_seed(seed)
    model = open_base(base, labels=labels, stances=())
    tokenizer = open_tokenizer(base)
    head = label_layer(model)
    if head is None:
        raise ModelError(f"{base}: a classifier that ends in a linear layer was expected; tune all weights")
    if head_only is None:
        head_only = suits_head_alone(sentences, labels)
    if not head_only:
        tune_by_pairs(model, tokenizer, sentences, max_tokens=max_tokens, bf16=bf16, seed=seed)
    _pass_through_pooler(model)
    features = features_of(head, model, tokenizer, sentences, max_tokens)
    true = label_indices(sentences, labels)
    strength = STRENGTH if head_only else TUNED_STRENGTH
    fit_regression(features, true, len(labels), strength=strength).put(head)
    return model.eval(), tokenizer


def out_of_fold(
    sentences: Sequence[LabelledSentence],
    *,
    base: str | Path,
    labels: tuple[str, ...],
    head_only: bool | None = None,
    max_tokens: int = 128,
    bf16: bool = False,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Estimate what such a model says of sentences that it has not seen, by folds.

    Args:
        sentences: at least five of each label.
        base, labels, head_only, max_tokens, bf16: as for `fit_few`.
        seed: decides the folds, too. Default 0.

    Returns:
        Label logits [n, labels].

    Raises:
        InputError: there are fewer sentences of a label, or fewer groups, than folds.
        ModelError: as `fit_few` has it.
    """
    if head_only is None:
        head_only = suits_head_alone(sentences, labels)
    logits = np.zeros((len(sentences), len(labels)), np.float32)
    for seen, unseen in folds(sentences, FOLDS if head_only else TUNED_FOLDS, seed=seed):
        model, tokenizer = fit_few(
            [sentences[row] for row in seen],
            base=base,
            labels=labels,
            head_only=head_only,
            max_tokens=max_tokens,
            bf16=bf16,
            seed=seed,
        )
        head = cast(nn.Linear, label_layer(model))
        rest = [sentences[row] for row in unseen]
        features = features_of(head, model, tokenizer, rest, max_tokens)
        with torch.inference_mode():
            logits[unseen] = head(torch.from_numpy(features)).numpy()
    return logits


def are_few(sentences: Sequence[LabelledSentence], base: str | Path, labels: tuple[str, ...]) -> bool:
    """Say whether all rows should be learnt from, and no more than a head and a few steps of the encoder.

    To read contexts takes more than that.
    """
    few = len(sentences) <= FEW * len(labels)
    return few and not any(sentence.context for sentence in sentences) and not has_labels(base, labels)


def suits_head_alone(sentences: Sequence[LabelledSentence], labels: tuple[str, ...]) -> bool:
    """Say whether there are too few rows to tune the encoder with."""
    return len(sentences) < PAIRS_FROM * len(labels)


def _pass_through_pooler(model: StanceModel) -> None:
    """Let BERT's pooler, which was tuned for other labels, hand on the first token's state as it is.

    Not where weights are tuned afterwards: through so flat a layer they would be, by leaps.
    """
    pooler = getattr(model.classifier.base_model, "pooler", None)
    dense = getattr(pooler, "dense", None)
    if isinstance(dense, nn.Linear) and isinstance(getattr(pooler, "activation", None), nn.Tanh):
        with torch.no_grad():
            dense.weight.copy_(STRAIGHT * torch.eye(dense.out_features))
            dense.bias.zero_()
