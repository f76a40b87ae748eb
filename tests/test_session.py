"""The engine that runs the network."""

from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest

from stance.batches import batches
from stance.bundle import open_bundle
from stance.errors import ModelError
from stance.session import CpuSession, run_batches

from .conftest import TINY


def test_logits_have_a_column_for_each_label_and_stance() -> None:
    """Shapes follow the contract."""
    bundle = open_bundle(TINY)
    labels, stances = CpuSession(bundle, threads=1).logits(np.array([[2, 7, 3], [2, 8, 3]]))
    assert labels.shape == (2, len(bundle.labels))
    assert stances.shape == (2, len(bundle.stances))


def test_a_network_that_cannot_run_is_refused() -> None:
    """The runtime's own error becomes one of ours, and names the file."""
    bundle = replace(open_bundle(TINY), onnx=b"not a network")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        CpuSession(bundle)


def test_batches_run_at_once_and_come_in_order() -> None:
    """Two threads are in the network together, and each batch keeps what came of it."""
    together = Barrier(2, timeout=30)

    def run(ids: np.ndarray) -> int:
        together.wait()
        return int(ids[0, 0])

    grouped = list(batches([[number] * 2 for number in range(4)], max_tokens=2))
    found = [(int(batch.rows[0]), number) for batch, number in run_batches(run, grouped, threads=2)]
    assert found == [(number, number) for number in range(4)]


def test_an_error_in_a_thread_is_raised() -> None:
    """What goes wrong beside the caller is not lost."""
    grouped = list(batches([[1], [2]], max_tokens=1))
    with pytest.raises(ZeroDivisionError):
        list(run_batches(lambda ids: 1 // (int(ids[0, 0]) - 2), grouped, threads=2))
