"""Logits to predictions: what each sentence is decided to be, and why where nothing was asked or sure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stance.acts import find_acts
from stance.bundle import Bundle
from stance.calibration import Calibration, decide_stances, label_probabilities, stance_probabilities
from stance.labels import NONE, UNSURE
from stance.logits import WindowLogits
from stance.predictions import Act, Prediction

EMPTY = "empty"
"""The reason given for a text of nothing but white space."""

PLAIN = "plain"
"""The reason given for a sentence that the first stage answered."""


def decide(said: WindowLogits, bundle: Bundle) -> Iterator[Prediction]:
    """Make predictions of logits, all probabilities at once: row by row numpy is slow."""
    calibration = bundle.calibration
    probabilities = label_probabilities(said.labels, calibration)
    rows = zip(
        range(len(said.tokens)),
        probabilities.argmax(axis=1).tolist(),
        probabilities.round(6).tolist(),
        stance_probabilities(said.stances, calibration).tolist(),
        strict=True,
    )
    for row in rows:
        yield _predict(bundle, said, *row)


def acts_of(
    said: WindowLogits, row: int, label: str, stances: Sequence[str], names: Sequence[str]
) -> tuple[Act, ...]:
    """Find the acts of a text, with a label and stances that may be another model's."""
    logits = said.of_tokens[row]
    if logits is None:
        return ()
    text, offsets = said.window.texts[row], said.tokens[row].offsets
    return find_acts(text, offsets, *logits, label=label, stances=stances, names=names)


def abstain(prediction: Prediction, calibration: Calibration) -> Prediction:
    """Decide on nothing where the model is not sure."""
    if calibration.is_sure(prediction.label, prediction.confidence):
        return prediction
    return replace(
        prediction, label=UNSURE, stances=(), reason=UNSURE, acts=None if prediction.acts is None else ()
    )


def _predict(
    bundle: Bundle,
    said: WindowLogits,
    row: int,
    best: int,
    label_row: list[float],
    stance_row: list[float],
) -> Prediction:
    text = said.window.texts[row]
    if not text.strip():
        return _unasked(bundle, text, acts=said.acts)
    label = bundle.labels[best]
    stances = decide_stances(label, stance_row, bundle.stances, bundle.calibration)
    return Prediction(
        text=text,
        label=label,
        confidence=label_row[best],
        probabilities=dict(zip(bundle.labels, label_row, strict=True)),
        stances=stances,
        truncated=said.tokens[row].truncated,
        reason=PLAIN if said.plain[row] else None,
        model=bundle.identity,
        acts=acts_of(said, row, label, stances, bundle.stances) if said.acts else None,
    )


def _unasked(bundle: Bundle, text: str, *, acts: bool) -> Prediction:
    """Answer without the model: nothing was said, so no stance was taken."""
    label = NONE if NONE in bundle.labels else bundle.labels[0]
    return Prediction(
        text=text,
        label=label,
        confidence=1.0,
        probabilities={name: float(name == label) for name in bundle.labels},
        stances=(),
        truncated=False,
        reason=EMPTY,
        model=bundle.identity,
        acts=() if acts else None,
    )
