"""Labelled sentences to how likely their labels are wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel

from stance.batches import batches
from stance.models import find_model
from stance.tokens import SentenceTokenizer
from stance.train.data import LabelledSentence, label_indices
from stance.train.metrics import Array, Indices
from stance.train.model import most_tokens, no_encoder, open_tokenizer

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What an audit says of a sentence's label.

    Args:
        row: where the sentence stood in its file.
        label: the label it has.
        suggestion: the likeliest of all others.
        probability: of its label, out of fold, 0 to 1; the lower, the likelier it is wrong.
        confident: whether confident learning counts it under another label.
        is_suspect: whether it is confident of that, or the suggestion is likelier than the label.
        text: the sentence.
    """

    row: int
    label: str
    suggestion: str
    probability: float
    confident: bool
    is_suspect: bool
    text: str


def audit(
    sentences: Sequence[LabelledSentence],
    features: Array | None = None,
    *,
    base: str | Path | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Find likely label errors by confident learning on out-of-fold probabilities.

    Args:
        sentences: at least five of each label.
        features: [n, width] what labels are predicted from. Default: what `embed` gives.
        base: a Hub id or a folder of an encoder, for those. Default: the shipped model.
        seed: decides the folds. Default 0.

    Returns:
        What is found of each sentence, the likeliest error first: the suspects, which are rows that confident
        learning counts under another label and rows of which another label is likelier than their own, and
        after them all others. Both are ranked by the probability of their own, which finds more errors than
        its distance to the next (`training/flips.py`).

    Raises:
        ModelError: there is no such encoder.

    Source: Northcutt et al. 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"; the ranking
    is its self-confidence.
    """
    labels = sorted({sentence.label for sentence in sentences})
    given = label_indices(sentences, labels)
    if features is None:
        features = embed(
            [sentence.text for sentence in sentences],
            base or find_model(),
            contexts=[sentence.context for sentence in sentences],
        )
    probabilities = _out_of_fold(features, given, seed)
    own = probabilities[np.arange(len(given)), given]
    likeliest = np.where(np.eye(len(labels), dtype=bool)[given], -1, probabilities).argmax(axis=1)
    confident = _confident_labels(given, probabilities) != given
    doubted = confident | (probabilities.argmax(axis=1) != given)
    findings = [
        Finding(
            sentence.row,
            sentence.label,
            labels[likeliest[index]],
            round(float(own[index]), 4),
            bool(confident[index]),
            bool(doubted[index]),
            sentence.text,
        )
        for index, sentence in enumerate(sentences)
    ]
    return sorted(findings, key=lambda finding: (not finding.is_suspect, finding.probability))


def embed(
    texts: Sequence[str],
    base: str | Path,
    *,
    contexts: Sequence[str | None] | None = None,
    max_tokens: int = 128,
) -> Array:
    """Return the last hidden state of each text's first token, [n, width].

    Args:
        texts: sentences.
        base: a Hub id or a folder of an encoder.
        contexts: for each text the sentence before it, or None. Default: none is read.
        max_tokens: longer sentences are cut. Default 128.

    Raises:
        ModelError: there is no such encoder.
    """
    tokenizer = open_tokenizer(base)
    try:
        model = AutoModel.from_pretrained(base, dtype=torch.float32).eval()
    except (OSError, ValueError, SafetensorError) as error:
        raise no_encoder(base, error) from error
    content = tokenizer.backend_tokenizer.to_str().encode()
    tokens = SentenceTokenizer(content, max_tokens=most_tokens(model.config, max_tokens)).encode(
        texts, contexts
    )
    ids = [row.ids for row in tokens]
    found = np.zeros((len(ids), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for batch in batches(ids, max_tokens=2048):
            hidden = model(torch.from_numpy(batch.ids)).last_hidden_state
            found[batch.rows] = hidden[:, 0].numpy()
    return found


def _out_of_fold(features: Array, given: Indices, seed: int) -> Array:
    """Return for each row the probabilities [n, labels] of a model that was not fitted on it."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    probabilities: NDArray[np.float64] = cross_val_predict(
        model, features, given, cv=folds, method="predict_proba"
    )
    return probabilities


def _confident_labels(given: Indices, probabilities: Array) -> Indices:
    """Return the label that each row is confidently counted under; its own where there is none.

    A label counts where its probability reaches the mean that it has among the rows that carry it.
    """
    known = np.arange(probabilities.shape[1])
    thresholds = np.array([probabilities[given == label, label].mean() for label in known])
    confident = np.where(probabilities >= thresholds, probabilities, -1)
    return np.where(confident.max(axis=1) < 0, given, confident.argmax(axis=1))
