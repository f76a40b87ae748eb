"""What activations lie between."""

import json

import numpy as np
from safetensors.numpy import load_file

from stance.session import open_network
from stance.train.bert import build_graph, steady_values
from stance.train.graph import Precision
from stance.train.ranges import MARGIN, measure

from ..conftest import TINY

IDS = [[2, *range(5, 5 + length), 3] for length in (1, 4, 4, 30)]


def test_a_range_holds_all_that_was_seen() -> None:
    """Column by column, of all batches; a tenth wider, and of every value that was asked for."""
    weights = {
        name: array.astype(np.float32) for name, array in load_file(TINY / "model.safetensors").items()
    }
    config = json.loads((TINY / "config.json").read_text())
    exact = build_graph(weights, config, max_tokens=48, precision=Precision.FP32)
    names = steady_values(config)
    ranges = measure(exact, names, IDS)
    assert list(ranges) == names
    for name in names:
        exact.graph.output.add().name = name
    session = open_network(exact.SerializeToString())
    seen = [session.run(names, {"input_ids": np.array([row])}) for row in IDS]
    for index, name in enumerate(names):
        rows = np.concatenate([values[index] for values in seen])
        np.testing.assert_allclose(ranges[name].low, MARGIN * rows.min(axis=0), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(ranges[name].high, MARGIN * rows.max(axis=0), rtol=1e-3, atol=1e-5)
