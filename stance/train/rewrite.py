"""Changes to a network that is built already, in place."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from stance.train.graph import Graph, Precision


def quantise(model: onnx.ModelProto) -> None:
    """Quantise a traced network in place as those built by hand are: matrix products and word embeddings.

    Args:
        model: from `input_ids`; its weights are constants, of which those no longer used are removed.
    """
    graph = model.graph
    constants = {constant.name: constant for constant in graph.initializer}
    new = Graph(Precision.INT8)
    for node in graph.node:
        table = next((constants[name] for name in node.input if name in constants), None)
        if table is None or len(table.dims) != 2:
            new.nodes.append(node)
        elif node.op_type == "Gather" and node.input[1] == "input_ids":
            found = new.rows(numpy_helper.to_array(table), "input_ids")
            new.node("Identity", [found], name=node.output[0])
        elif node.op_type == "MatMul" and node.input[1] == table.name:
            _quantise_product(new, node, numpy_helper.to_array(table))
        else:
            new.nodes.append(node)
    used = {name for node in new.nodes for name in node.input}
    kept = [constant for name, constant in constants.items() if name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(new.nodes)
    graph.initializer.extend([*kept, *new.constants.values()])
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _quantise_product(new: Graph, node: onnx.NodeProto, matrix: NDArray[np.float32]) -> None:
    """Flatten all axes but the last to rows, multiply, and give the axes back."""
    rows = new.prepare(new.flat(node.input[0], matrix.shape[0]))
    axes = new.node("Shape", [node.input[0]], end=-1)
    shape = new.node("Concat", [axes, new.integers([matrix.shape[1]])], axis=0)
    new.node("Reshape", [new.product(rows, matrix), shape], name=node.output[0])


def add_biases(model: onnx.ModelProto, biases: NDArray[np.float32]) -> None:
    """Add biases [labels] to the label logits of a network, in place."""
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["plain_logits" if name == "logits" else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(biases, "label_biases"))
    graph.node.append(helper.make_node("Add", ["plain_logits", "label_biases"], ["logits"], "label_biases"))
