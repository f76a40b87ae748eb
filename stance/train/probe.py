"""A new label head from what the encoder knows, not from chance: to start from, or all that is learnt."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
from transformers import AutoTokenizer, PretrainedConfig, PreTrainedTokenizerFast, set_seed

from stance.batches import batches
from stance.errors import ModelError
from stance.train.data import LabelledSentence
from stance.train.model import StanceModel, has_labels, open_base
from stance.train.split import folds

STRENGTH = 0.03
"""The inverse of the regularisation: from 0.003 to 0.1 it hardly matters, above that it costs."""

FEW = 64
"""Rows a label, in the mean, up to which the head alone is learnt by default."""

FOLDS = 5

STRAIGHT = 1 / 64
"""The slope of a pooler that is passed through: so near 0 its tanh is a straight line, within a hundredth."""

ENOUGH = 2000
"""The most sentences looked at: more make no better start."""


UNSEEN = -10.0
"""The logit of a label that none of the sentences has."""


def probe_head(
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[LabelledSentence],
    *,
    max_tokens: int,
) -> None:
    """Set the last layer of the label head to a logistic regression on what reaches it.

    With few sentences this is most of what can be learnt; with many, fine-tuning need not distort what the
    encoder knows to make up for a random head.

    Args:
        model: is changed in place. Where its classifier ends in no linear layer, or where what reaches that
            layer tells labels apart so faintly that dropout hides it, it is left alone.
        tokenizer: the encoder's.
        sentences: what the head is fitted on; with fewer than two labels nothing is done.
        max_tokens: longer sentences are cut.

    Source: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution".
    """
    head = _last_layer(model)
    sentences = sentences[:: 1 + len(sentences) // ENOUGH]
    labels = _indices(model, sentences)
    if head is None or len(set(labels.tolist())) < 2:
        return
    features = _features(head, model, tokenizer, sentences, max_tokens)
    regression = _regression(features, labels, head.out_features)
    if _outlives_dropout(regression, features, labels, model.classifier.config):
        regression.put(head)


def fit_head(
    sentences: Sequence[LabelledSentence],
    *,
    base: str | Path,
    labels: tuple[str, ...],
    max_tokens: int = 128,
    seed: int = 0,
) -> tuple[StanceModel, PreTrainedTokenizerFast, NDArray[np.float32]]:
    """Learn nothing but a new label head, from all of a few sentences. Seeds the random generators.

    With few sentences, those that fine-tuning would set aside are worth more to the head than what tuning
    the encoder brings. What the model says of sentences that it has not seen is estimated by folds.

    Args:
        sentences: at least five of each label.
        base: a Hub id or a folder of an encoder.
        labels: in the order of the label logits; two or more.
        max_tokens: longer sentences are cut. Default 128.
        seed: decides the folds. Default 0.

    Returns:
        The model, its tokenizer, and logits [n, labels] of heads that had not seen the sentence.

    Raises:
        InputError: there are fewer sentences of a label, or fewer groups, than folds.
        ModelError: there is no such encoder, or its classifier ends in no linear layer.
    """
    set_seed(seed)
    model = open_base(base, labels=labels, stances=())
    tokenizer = cast(PreTrainedTokenizerFast, AutoTokenizer.from_pretrained(base))
    head = _last_layer(model)
    if head is None:
        raise ModelError(f"{base}: a classifier that ends in a linear layer was expected; tune all weights")
    _pass_through_pooler(model)
    features = _features(head, model, tokenizer, sentences, max_tokens)
    true = _indices(model, sentences)
    logits = np.zeros((len(sentences), len(labels)), np.float32)
    for seen, unseen in folds(sentences, FOLDS, seed=seed):
        logits[unseen] = _regression(features[seen], true[seen], len(labels)).logits(features[unseen])
    _regression(features, true, len(labels)).put(head)
    return model.eval(), tokenizer, logits


def suits_head_alone(
    sentences: Sequence[LabelledSentence], base: str | Path, labels: tuple[str, ...]
) -> bool:
    """Say whether there is so little to learn from that a new head, and nothing else, should be learnt.

    To read contexts takes more than a head.
    """
    few = len(sentences) <= FEW * len(labels)
    return few and not any(sentence.context for sentence in sentences) and not has_labels(base, labels)


@dataclass(frozen=True, slots=True)
class _Regression:
    """A linear map from features to the logits of all labels.

    Args:
        slopes: [labels, width].
        biases: [labels].
    """

    slopes: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = features @ self.slopes.T + self.biases
        return found

    def put(self, head: nn.Linear) -> None:
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(self.slopes))
            head.bias.copy_(torch.from_numpy(self.biases))


def _regression(features: NDArray[np.float32], labels: NDArray[np.intp], count: int) -> _Regression:
    """Fit a logistic regression on features of one scale."""
    scaler = StandardScaler()
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(
        scaler.fit_transform(features), labels
    )
    slopes, biases = every_label(fitted, count)
    slopes /= scaler.scale_
    return _Regression(slopes, biases - slopes @ scaler.mean_)


def every_label(fitted: LogisticRegression, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes [count, width] and biases [count] of a regression for labels by their indices.

    Labels that none of its rows has get a logit that never wins.
    """
    found, offsets = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row stands for both
        found, offsets = np.concatenate([-found, found]) / 2, np.concatenate([-offsets, offsets]) / 2
    slopes, biases = np.zeros((count, found.shape[1])), np.full(count, UNSEEN)
    slopes[fitted.classes_], biases[fitted.classes_] = found, offsets
    return slopes, biases


def _outlives_dropout(
    regression: _Regression, features: NDArray[np.float32], labels: NDArray[np.intp], config: PretrainedConfig
) -> bool:
    """Say whether a regression is still better than none once features are dropped as in training.

    The first layers of an encoder give nearly the same state for all sentences: slopes are then so large
    that a few dropped features move logits by tens, and fine-tuning would begin far behind chance.
    """
    rate = getattr(config, "hidden_dropout_prob", None) or 0.0
    kept = np.random.default_rng(0).random(features.shape) >= rate
    logits = torch.from_numpy(regression.logits(features * kept / (1 - rate)))
    loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    return bool(loss.item() < np.log(logits.shape[1]))


def _indices(model: StanceModel, sentences: Sequence[LabelledSentence]) -> NDArray[np.intp]:
    return np.array([model.label_names.index(sentence.label) for sentence in sentences], np.intp)


def _features(
    head: nn.Linear,
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[LabelledSentence],
    max_tokens: int,
) -> NDArray[np.float32]:
    texts = [sentence.text for sentence in sentences]
    return _what_reaches(head, model, tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"])


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


def _last_layer(model: StanceModel) -> nn.Linear | None:
    """Return the linear layer that gives the label logits; None if there is none."""
    linear = [module for module in model.classifier.modules() if isinstance(module, nn.Linear)]
    return linear[-1] if linear and linear[-1].out_features == len(model.label_names) else None


def _what_reaches(head: nn.Linear, model: StanceModel, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Return the inputs [n, width] of the label head for token ids."""
    seen: list[torch.Tensor] = []

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.append(inputs[0])

    hook = head.register_forward_pre_hook(note)
    model.eval()
    found = np.zeros((len(ids), head.in_features), np.float32)
    with torch.inference_mode():
        for batch in batches(ids, max_tokens=2048):
            rows = torch.from_numpy(batch.ids)
            model(rows, torch.ones_like(rows))
            found[batch.rows] = seen.pop().numpy()
    hook.remove()
    return found
