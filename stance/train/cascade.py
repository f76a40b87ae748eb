"""Cascades: what tells plain sentences without the network, and when a larger model is to be asked."""

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

from stance.bundle import Bundle, open_bundle, write_contract
from stance.calibration import Calibration, label_probabilities, softmax
from stance.cascade import FIRST_STAGE, FirstStage
from stance.classifier import load
from stance.decisions import PLAIN
from stance.errors import InputError, ModelError, OutputError
from stance.labels import NONE
from stance.models import open_model, require_same_labels
from stance.tokens import SentenceTokenizer
from stance.train.data import LabelledSentence, label_indices
from stance.train.metrics import macro_f1
from stance.train.probe import every_label

STRENGTH = 0.1
"""The inverse of the regularisation."""

NEVER = 2.0
"""A probability that nothing reaches."""

Ids = Sequence[Sequence[int]]


def add_first_stage(
    folder: Path,
    sentences: Sequence[LabelledSentence],
    held_out: Sequence[LabelledSentence],
    *,
    max_loss: float = 0.002,
) -> float:
    """Fit a first stage and put it into a model folder, whose hash changes with it.

    A deferral threshold that the folder had is taken out: it was fitted to how sure the model was before.

    Args:
        folder: of a model with the label "none".
        sentences: what the first stage learns from. The labels may be those that a model gives, so that
            there can be as many as there are sentences.
        held_out: labelled sentences that neither has seen, to choose its threshold with.
        max_loss: how much macro-F1 on `held_out` may fall, 0 to 1, at the threshold and at any above it.
            Default 0.002.

    Returns:
        The share of `held_out` that it answers; where it is 0, the folder is left as it was.

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
    if not held_out:
        raise InputError("held-out sentences, to choose a threshold with, were expected; none came")
    weights = _fit(_ids(bundle, sentences), label_indices(sentences, bundle.labels), bundle)
    plain = bundle.labels.index(NONE)
    stage = FirstStage.read(weights, plain=plain, threshold=NEVER)
    logits = np.array([stage.logits(ids) for ids in _ids(bundle, held_out)])
    plainness = label_probabilities(logits, bundle.calibration)[:, plain]
    network = load(folder, cascade=False).classify_many(sentence.text for sentence in held_out)
    said = np.array([bundle.labels.index(prediction.label) for prediction in network])
    least = macro_f1(true := label_indices(held_out, bundle.labels), said) - max_loss
    threshold = _lowest(plainness, true, np.full_like(said, plain), said, least=least)
    if threshold < NEVER:
        stage = replace(stage, threshold=threshold)
        _write(replace(bundle, first_stage=stage, deferral_threshold=None), weights)
    return float((plainness >= threshold).mean())


def fit_deferral(
    folder: Path, second: str | Path, held_out: Sequence[LabelledSentence], *, max_loss: float = 0.005
) -> float:
    """Choose below which probability a model leaves a sentence to a larger one, and put it into its folder.

    The folder's hash changes with it. `stance.load("FOLDER+SECOND")` then opens the cascade of the two.

    Args:
        folder: of the smaller model.
        second: the larger model: a folder or the name of a shipped model.
        held_out: labelled sentences that neither has seen.
        max_loss: how much below the second model's macro-F1 on `held_out` that of the cascade may be, 0 to
            1, at the threshold and at any above it. Default 0.005.

    Returns:
        The share of `held_out` that is left to the second model; where it is 1, the folder is left as it was.

    Raises:
        InputError: no sentences are held out, or the model does not know a label.
        ModelError: a folder is damaged, or the two have other labels.
        OutputError: the folder cannot be written.
    """
    bundle = open_bundle(folder, every_file=True)
    require_same_labels(bundle, open_model(second))
    if not held_out:
        raise InputError("held-out sentences, to choose a threshold with, were expected; none came")
    true = label_indices(held_out, bundle.labels)
    texts = [sentence.text for sentence in held_out]
    here, there = (list(load(model).classify_many(texts)) for model in (folder, second))
    own, other = (
        np.array([bundle.labels.index(prediction.label) for prediction in predictions])
        for predictions in (here, there)
    )
    plain = np.array([prediction.reason == PLAIN for prediction in here])
    sureness = np.where(plain, 1.0, [prediction.confidence for prediction in here])
    threshold = _lowest(sureness, true, own, other, least=macro_f1(true, other) - max_loss)
    if threshold < NEVER:
        _write(replace(bundle, deferral_threshold=threshold))
    return float((sureness < threshold).mean())


def _lowest(
    sureness: NDArray[np.floating],
    true: NDArray[np.intp],
    sure: NDArray[np.intp],
    unsure: NDArray[np.intp],
    *,
    least: float,
) -> float:
    """Return the lowest threshold from which on labels, where sure and where not, keep the least macro-F1."""
    threshold = NEVER
    for lower in np.unique(sureness)[::-1]:
        if macro_f1(true, np.where(sureness >= lower, sure, unsure)) < least:
            break
        threshold = float(lower)
    return threshold


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


def _write(bundle: Bundle, first_stage: bytes | None = None) -> None:
    """Write the contract of a folder anew, with its thresholds, and the weights of a first stage if given."""
    try:
        if first_stage is not None:
            (bundle.path / FIRST_STAGE).write_bytes(first_stage)
        write_contract(
            bundle.path,
            name=bundle.name,
            labels=bundle.labels,
            stances=bundle.stances,
            max_tokens=bundle.max_tokens,
            calibration=bundle.calibration,
            finds_acts=bundle.finds_acts,
            reads_context=bundle.reads_context,
            first_stage_threshold=bundle.first_stage.threshold if bundle.first_stage else None,
            deferral_threshold=bundle.deferral_threshold,
        )
    except OSError as error:
        raise OutputError(f"{bundle.path}: {error.strerror}") from error
