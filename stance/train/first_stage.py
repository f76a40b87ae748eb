"""A first stage is fitted: what tells plain sentences before the network of a model is asked."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from stance.bundle import Bundle, open_bundle
from stance.calibration import Calibration, label_probabilities, softmax
from stance.classifier import load
from stance.errors import InputError, ModelError
from stance.first_stage import FirstStage
from stance.labels import NONE
from stance.tokens import SentenceTokenizer
from stance.train.data import LabelledSentence, label_indices
from stance.train.metrics import macro_f1
from stance.train.probe import every_label
from stance.train.thresholds import NEVER, lowest_threshold, write_thresholds

STRENGTH = 0.1
"""The inverse of the regularisation."""

Ids = Sequence[Sequence[int]]


def add_first_stage(
    folder: Path,
    sentences: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence],
    *,
    max_loss: float = 0.002,
) -> float:
    """Fit a first stage and put it into a model folder, whose hash changes with it.

    A deferral threshold that the folder had is taken out: it was fitted to how sure the model was before.

    Args:
        folder: of a model with the label "none".
        sentences: what the first stage learns from. The labels may be those that a model gives, so that
            there can be as many as there are sentences.
        development: labelled sentences that neither has seen, to choose its threshold with.
        max_loss: how much macro-F1 on `development` may fall, 0 to 1, at the threshold and at any above it.
            Default 0.002.

    Returns:
        The share of `development` that it answers; where it is 0, the folder is left as it was.

    Raises:
        InputError: fewer than two labels occur among the sentences, none are held out, or the model does not
            know a label.
        ModelError: the folder is damaged, or its model has no label "none".
        OutputError: the folder cannot be written.
    """
    bundle = open_bundle(folder, every_file=True)
    if NONE not in bundle.labels:
        raise ModelError(f"{bundle.identity}: a model with the label {NONE!r} was expected")
    if len({sentence.label for sentence in sentences}) < 2:
        raise InputError(f"sentences of two labels or more were expected, {len(sentences)} of one came")
    if not development:
        raise InputError("development sentences, to choose a threshold with, were expected; none came")
    weights = _fit(_ids(bundle, sentences), label_indices(sentences, bundle.labels), bundle)
    plain = bundle.labels.index(NONE)
    stage = FirstStage.read(weights, plain=plain, threshold=NEVER)
    logits = np.array([stage.logits(ids) for ids in _ids(bundle, development)])
    plainness = label_probabilities(logits, bundle.calibration)[:, plain]
    network = load(folder, first_stage=False).classify_many(sentence.text for sentence in development)
    said = np.array([bundle.labels.index(prediction.label) for prediction in network])
    least = macro_f1(true := label_indices(development, bundle.labels), said) - max_loss
    threshold = lowest_threshold(plainness, true, np.full_like(said, plain), said, least=least)
    if threshold < NEVER:
        stage = replace(stage, threshold=threshold)
        write_thresholds(replace(bundle, first_stage=stage, deferral_threshold=None), weights)
    return float((plainness >= threshold).mean())


def _ids(bundle: Bundle, sentences: Sequence[LabelledSentence]) -> Ids:
    tokenizer = SentenceTokenizer(bundle.tokenizer, max_tokens=bundle.max_tokens)
    return [row.ids for row in tokenizer.encode([sentence.text for sentence in sentences])]


def _fit(ids: Ids, labels: NDArray[np.intp], bundle: Bundle) -> bytes:
    """Fit a logistic regression on token counts, and return its weights as the content of a file."""
    ends = np.cumsum([0, *map(len, ids)])
    tokens = np.concatenate([np.asarray(row) for row in ids])
    size = Tokenizer.from_buffer(bundle.tokenizer).get_vocab_size()
    counts = csr_matrix((np.ones(len(tokens), np.float32), tokens, ends), shape=(len(ids), size))
    counts.sum_duplicates()
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000).fit(counts, labels)
    slopes, biases = every_label(fitted, len(bundle.labels))
    scale = _scale(counts @ slopes.T + biases, bundle.calibration)
    slopes[:, ids[0][0]] += biases
    file = io.BytesIO()
    np.save(file, (slopes.T * scale).astype(np.float16))
    return file.getvalue()


def _scale(logits: NDArray[np.floating], calibration: Calibration) -> float:
    """Return by what to multiply logits [n, labels] for a calibration to give their own probabilities.

    It is the temperature; where there is a sharpness too, the scale that comes nearest.
    """
    if calibration.sharpness == 1:
        return calibration.temperature
    own = softmax(logits.astype(np.float64))

    def loss(logarithm: float) -> float:
        given = label_probabilities(np.exp(logarithm) * logits, calibration)
        return float(-(own * np.log(np.maximum(given, 1e-12))).sum(axis=1).mean())

    start = np.log(calibration.temperature)
    return float(np.exp(minimize_scalar(loss, bounds=(start - 3, start + 3), method="bounded").x))
