"""What the activations of a network lie between, seen on sentences."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from stance.batches import batches
from stance.session import open_network
from stance.train.graph import Range

MARGIN = 1.1
"""How much further than was seen a range reaches, for sentences that were not."""


def measure(model: onnx.ModelProto, values: Sequence[str], ids: Sequence[Sequence[int]]) -> dict[str, Range]:
    """Run a network and note what some of its values lie between.

    Args:
        model: an exact network from `input_ids`.
        values: names of float values [rows, width] in it.
        ids: token ids of sentences, at least one.

    Returns:
        The range of each value, by name, a tenth wider than was seen.
    """
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in values)
    session = open_network(shown.SerializeToString())
    seen: dict[str, Range] = {}
    for batch in batches(ids, max_tokens=2048):
        for name, rows in zip(values, session.run(list(values), {"input_ids": batch.ids}), strict=True):
            here = Range(MARGIN * rows.min(axis=0), MARGIN * rows.max(axis=0))
            before = seen.get(name, here)
            seen[name] = Range(np.minimum(before.low, here.low), np.maximum(before.high, here.high))
    return seen
