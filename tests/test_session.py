"""The engine that runs the network."""

from dataclasses import replace

import numpy as np
import pytest

from stance.bundle import open_bundle
from stance.errors import ModelError
from stance.session import CpuSession

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
