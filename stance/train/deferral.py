"""A deferral threshold is fitted: how sure a model must be not to leave a sentence to a larger one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stance.bundle import open_bundle
from stance.classifier import load
from stance.decisions import PLAIN
from stance.errors import InputError
from stance.models import open_model, require_same_labels
from stance.train.data import LabelledSentence, label_indices
from stance.train.metrics import macro_f1
from stance.train.thresholds import NEVER, lowest_threshold, write_thresholds


def fit_deferral(
    folder: Path, second: str | Path, development: Sequence[LabelledSentence], *, max_loss: float = 0.005
) -> float:
    """Choose below which probability a model leaves a sentence to a larger one, and put it into its folder.

    The folder's hash changes with it. `stance.load("FOLDER+SECOND")` then opens the cascade of the two.

    Args:
        folder: of the smaller model.
        second: the larger model: a folder or the name of a shipped model.
        development: labelled sentences that neither has seen.
        max_loss: how much below the second model's macro-F1 on `development` that of the cascade may be, 0 to
            1, at the threshold and at any above it. Default 0.005.

    Returns:
        The share of `development` that is left to the second model; at 1 the folder stays as it was.

    Raises:
        InputError: no sentences are held out, or the model does not know a label.
        ModelError: a folder is damaged, or the two have other labels.
        OutputError: the folder cannot be written.
    """
    bundle = open_bundle(folder, every_file=True)
    require_same_labels(bundle, open_model(second))
    if not development:
        raise InputError("development sentences, to choose a threshold with, were expected; none came")
    true = label_indices(development, bundle.labels)
    texts = [sentence.text for sentence in development]
    here, there = (list(load(model).classify_many(texts)) for model in (folder, second))
    own, other = (
        np.array([bundle.labels.index(prediction.label) for prediction in predictions])
        for predictions in (here, there)
    )
    plain = np.array([prediction.reason == PLAIN for prediction in here])
    sureness = np.where(plain, 1.0, [prediction.confidence for prediction in here])
    threshold = lowest_threshold(sureness, true, own, other, least=macro_f1(true, other) - max_loss)
    if threshold < NEVER:
        write_thresholds(replace(bundle, deferral_threshold=threshold))
    return float((sureness < threshold).mean())
