"""A new label head that starts from what the encoder knows, not from chance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
from transformers import PreTrainedTokenizerFast

from stance.batches import batches
from stance.train.data import LabelledSentence
from stance.train.model import StanceModel

STRENGTH = 0.1
"""The inverse of the regularisation: from 0.01 to 1 it hardly matters, above that it costs."""

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
        model: is changed in place. Where its classifier ends in no linear layer, it is left alone.
        tokenizer: the encoder's.
        sentences: what the head is fitted on; with fewer than two labels nothing is done.
        max_tokens: longer sentences are cut.

    Source: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution".
    """
    head = _last_layer(model)
    sentences = sentences[:: 1 + len(sentences) // ENOUGH]
    labels = np.array([model.label_names.index(sentence.label) for sentence in sentences])
    if head is None or len(set(labels.tolist())) < 2:
        return
    ids = tokenizer([sentence.text for sentence in sentences], truncation=True, max_length=max_tokens)
    scaler = StandardScaler()
    features = scaler.fit_transform(_what_reaches(head, model, ids["input_ids"]))
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(features, labels)
    slopes, biases = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row stands for both
        slopes, biases = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-biases, biases]) / 2
    slopes = slopes / scaler.scale_
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(UNSEEN)
        head.weight[fitted.classes_] = torch.from_numpy(slopes).float()
        head.bias[fitted.classes_] = torch.from_numpy(biases - slopes @ scaler.mean_).float()


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
