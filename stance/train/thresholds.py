"""Thresholds from which a model is sure enough: chosen for what they may cost, and put into its folder."""

import numpy as np
from numpy.typing import NDArray

from stance.bundle import Bundle, write_contract
from stance.errors import OutputError
from stance.first_stage import FIRST_STAGE
from stance.train.metrics import macro_f1

NEVER = 2.0
"""A probability that nothing reaches."""


def lowest_threshold(
    sureness: NDArray[np.floating],
    true: NDArray[np.intp],
    sure: NDArray[np.intp],
    unsure: NDArray[np.intp],
    *,
    least: float,
) -> float:
    """Return the lowest threshold from which on labels keep the least macro-F1; `NEVER` if none does.

    Args:
        sureness: [n] the probabilities that a threshold is set against.
        true: [n] indices of the true labels.
        sure: [n] what is answered from the threshold on.
        unsure: [n] what is answered below it.
        least: the macro-F1 to be kept, 0 to 1.
    """
    threshold = NEVER
    for lower in np.unique(sureness)[::-1]:
        if macro_f1(true, np.where(sureness >= lower, sure, unsure)) < least:
            break
        threshold = float(lower)
    return threshold


def write_thresholds(bundle: Bundle, first_stage: bytes | None = None) -> None:
    """Write the contract of a folder anew, with its thresholds, and the weights of a first stage if given.

    Raises:
        OutputError: the folder cannot be written.
    """
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
