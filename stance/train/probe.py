"""A label head from what the encoder knows, not from chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
from transformers import PretrainedConfig, PreTrainedTokenizerFast

from stance.batches import batches
from stance.train.data import LabelledSentence, label_indices
from stance.train.model import StanceModel, label_layer, most_tokens

STRENGTH = 0.03
"""The inverse of the regularisation: from 0.003 to 0.1 it hardly matters, above that it costs."""

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
    head = label_layer(model)
    labels = label_indices(sentences, model.label_names)
    some = _enough(labels)
    sentences, labels = [sentences[row] for row in some], labels[some]
    if head is None or len(set(labels.tolist())) < 2:
        return
    features = features_of(head, model, tokenizer, sentences, max_tokens)
    regression = fit_regression(features, labels, head.out_features)
    if _outlives_dropout(regression, features, labels, model.classifier.config):
        regression.put(head)


@dataclass(frozen=True, slots=True)
class Regression:
    """A linear map from features to the logits of all labels.

    Args:
        slopes: [labels, width].
        biases: [labels].
    """

    slopes: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logits [n, labels] of features [n, width]."""
        found: NDArray[np.float64] = features @ self.slopes.T + self.biases
        return found

    def put(self, head: nn.Linear) -> None:
        """Make a layer that maps features to logits be this map."""
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(self.slopes))
            head.bias.copy_(torch.from_numpy(self.biases))


def fit_regression(
    features: NDArray[np.float32], labels: NDArray[np.intp], count: int, *, strength: float = STRENGTH
) -> Regression:
    """Fit a logistic regression on features of one scale.

    Args:
        features: [n, width].
        labels: [n] indices, of two labels or more.
        count: of all labels, of which some may have no row.
        strength: the inverse of the regularisation, above 0. Default 0.03.
    """
    scaler = StandardScaler()
    fitted = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced").fit(
        scaler.fit_transform(features), labels
    )
    slopes, biases = every_label(fitted, count)
    slopes /= scaler.scale_
    return Regression(slopes, biases - slopes @ scaler.mean_)


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


def _enough(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Choose as many rows as are enough, by chance, of each label all or a like number."""
    if len(labels) <= ENOUGH:
        return np.arange(len(labels))
    found = np.unique(labels)
    order = np.random.default_rng(0).permutation(len(labels))
    most = ENOUGH // len(found)
    return np.sort(np.concatenate([order[labels[order] == label][:most] for label in found]))


def _outlives_dropout(
    regression: Regression, features: NDArray[np.float32], labels: NDArray[np.intp], config: PretrainedConfig
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


def features_of(
    head: nn.Linear,
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[LabelledSentence],
    max_tokens: int,
) -> NDArray[np.float32]:
    """Return the inputs [n, width] of the label head for sentences, which are cut after `max_tokens`."""
    texts = [sentence.text for sentence in sentences]
    max_tokens = most_tokens(model.classifier.config, max_tokens)
    return _what_reaches(head, model, tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"])


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
