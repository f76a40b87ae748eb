"""Encoder weights to an ONNX graph that runs fast on a CPU.

Written out by hand, not traced, for what a tracer cannot know: sentences of a batch are equally
long, so there is no mask; only the first token of the last layer is read, so only that is computed;
and activations are quantised with a scale for each token, so that a sentence's result does not
depend on what it is batched with.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from stance.acts import POINTERS
from stance.gpu.heads import POINTER_WIDTH

Weights = Mapping[str, NDArray[np.float32]]

OPSET = 18
IR_VERSION = 8
ZERO_POINT = 128
"""Activations are unsigned for the processor's sake, and symmetric around this."""


class Precision(StrEnum):
    """What a network computes in."""

    FP32 = "fp32"
    INT8 = "int8"


def build_graph(
    weights: Weights, config: Mapping[str, Any], *, max_tokens: int, precision: Precision
) -> onnx.ModelProto:
    """Build the network of a BERT encoder with a label head and, if it has them, those of stances and acts.

    Args:
        weights: as `BertForSequenceClassification` names them, and those of the heads of `StanceModel`.
        config: the checkpoint's `config.json`.
        max_tokens: the longest input, at most the encoder's number of positions.
        precision: "int8" quantises matrix products (weights by output column, activations by
            token, both symmetric) and the word embeddings (by word); "fp32" leaves all as it is.

    Returns:
        A model from `input_ids` [batch, tokens] to `logits` [batch, labels]; with a stance head,
        `stance_logits` [batch, stances]; with pointers, `cue_logits` [batch, tokens, 1 + stances] and
        `pointer_logits` [batch, pointers, from, to].
    """
    graph = _Graph(precision)
    heads = int(config["num_attention_heads"])
    epsilon = float(config["layer_norm_eps"])
    last = int(config["num_hidden_layers"]) - 1
    width = int(config["hidden_size"])

    hidden = tokens = _embed(graph, weights, max_tokens, epsilon, width)
    for index in range(last + 1):
        tokens = hidden
        layer = _Layer(graph, weights, f"bert.encoder.layer.{index}", heads, epsilon, width)
        hidden = layer.run(hidden, first_token_only=index == last)
    pooled = graph.node("Tanh", [graph.dense(hidden, *_affine(weights, "bert.pooler.dense"))])
    graph.dense(pooled, *_affine(weights, "classifier"), name="logits")
    outputs: dict[str, list[str | int]] = {"logits": ["batch", len(weights["classifier.bias"])]}
    if "stances.bias" in weights:
        graph.dense(hidden, *_affine(weights, "stances"), name="stance_logits")
        outputs["stance_logits"] = ["batch", len(weights["stances.bias"])]
    if "pointers.query.bias" in weights:
        outputs |= _read_tokens(graph, weights, tokens)
    return graph.model(outputs)


def _affine(weights: Weights, prefix: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a layer's matrix as [inputs, outputs], and its bias [outputs]."""
    return np.ascontiguousarray(weights[f"{prefix}.weight"].T), weights[f"{prefix}.bias"]


def _embed(graph: "_Graph", weights: Weights, max_tokens: int, epsilon: float, width: int) -> str:
    """Return token vectors [batch * tokens, width]."""
    prefix = "bert.embeddings"
    words = graph.rows(weights[f"{prefix}.word_embeddings.weight"], "input_ids")
    places = weights[f"{prefix}.position_embeddings.weight"][:max_tokens]
    places = places + weights[f"{prefix}.token_type_embeddings.weight"][0]
    length = graph.node("Gather", [graph.node("Shape", ["input_ids"]), graph.integers([1])])
    here = graph.node("Slice", [graph.constant(places), graph.integers([0]), length])
    total = graph.flat(graph.node("Add", [words, here]), width)
    gamma, beta = (graph.constant(weights[f"{prefix}.LayerNorm.{kind}"]) for kind in ("weight", "bias"))
    return graph.node("LayerNormalization", [total, gamma, beta], axis=-1, epsilon=epsilon)


def _read_tokens(graph: "_Graph", weights: Weights, hidden: str) -> dict[str, list[str | int]]:
    """Add the cue head and the pointers, and return the shapes of what they give."""
    classes = len(weights["cues.bias"])
    cues = graph.dense(hidden, *_affine(weights, "cues"))
    graph.shaped(cues, classes, name="cue_logits")
    sides = []
    for side, scale, order in (("query", POINTER_WIDTH**-0.5, [0, 2, 1, 3]), ("key", 1.0, [0, 2, 3, 1])):
        matrix, bias = _affine(weights, f"pointers.{side}")
        product = graph.product(graph.prepare(hidden), matrix * scale)
        total = graph.shaped(graph.node("Add", [product, graph.constant(bias * scale)]), len(bias))
        parts = graph.integers([0, 0, len(POINTERS), POINTER_WIDTH])
        sides.append(graph.node("Transpose", [graph.node("Reshape", [total, parts])], perm=order))
    graph.node("MatMul", sides, name="pointer_logits")
    return {
        "cue_logits": ["batch", "tokens", classes],
        "pointer_logits": ["batch", len(POINTERS), "tokens", "tokens"],
    }


class _Layer:
    """One encoder layer. Its values are [batch * tokens, width] unless said otherwise."""

    def __init__(
        self, graph: "_Graph", weights: Weights, prefix: str, heads: int, epsilon: float, width: int
    ) -> None:
        self.graph, self.weights, self.prefix = graph, weights, prefix
        self.heads, self.epsilon, self.width = heads, epsilon, width

    def run(self, hidden: str, *, first_token_only: bool) -> str:
        graph = self.graph
        rows = graph.prepare(hidden)
        kept, kept_rows = hidden, rows
        if first_token_only:
            kept = graph.node("Gather", [graph.shaped(hidden, self.width), graph.integer(0)], axis=1)
            kept_rows = graph.prepare(kept)
        attended = self._attend(kept_rows, rows, one_query=first_token_only)
        hidden = self._join(attended, kept, "attention.output")
        grown, bias = self._product(graph.prepare(hidden), "intermediate.dense")
        active = graph.node("BiasGelu", [grown, graph.constant(bias)], domain="com.microsoft")
        return self._join(active, hidden, "output")

    def _attend(self, queries: "_Rows", rows: "_Rows", *, one_query: bool) -> str:
        graph = self.graph
        products = [
            self._product(source, f"attention.self.{part}")
            for part, source in (("query", queries), ("key", rows), ("value", rows))
        ]
        key, value = (graph.shaped(product, self.width) for product, _ in products[1:])
        if one_query:
            query = graph.node("Reshape", [products[0][0], graph.integers([-1, 1, self.width])])
        else:
            query = graph.shaped(products[0][0], self.width)
        bias = graph.constant(np.concatenate([bias for _, bias in products]))
        attended = graph.node(
            "MultiHeadAttention",
            [query, key, value, bias],
            domain="com.microsoft",
            num_heads=self.heads,
        )
        return graph.flat(attended, self.width)

    def _join(self, value: str, skip: str, part: str) -> str:
        """Project, add the residual, normalise."""
        graph = self.graph
        product, bias = self._product(graph.prepare(value), f"{part}.dense")
        norm = f"{self.prefix}.{part}.LayerNorm"
        gamma, beta = (graph.constant(self.weights[f"{norm}.{kind}"]) for kind in ("weight", "bias"))
        # Not SkipLayerNormalization: summed first and normalised then, it takes a quarter of the time.
        total = graph.node("Sum", [product, skip, graph.constant(bias)])
        return graph.node("LayerNormalization", [total, gamma, beta], axis=-1, epsilon=self.epsilon)

    def _product(self, rows: "_Rows", part: str) -> tuple[str, NDArray[np.float32]]:
        matrix, bias = _affine(self.weights, f"{self.prefix}.{part}")
        return self.graph.product(rows, matrix), bias


_Rows = tuple[str, str | None]
"""A value [rows, width] ready for matrix products, and its scales [rows, 1] if it is quantised."""


class _Graph:
    """Collects nodes and constants, each under a name of its own."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self._prepared: dict[str, _Rows] = {}

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        *,
        name: str | None = None,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        output = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], output, domain=domain, **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.array(values, order="C"), name)
        return name

    def integer(self, value: int) -> str:
        return self.constant(np.array(value, np.int64))

    def integers(self, values: Sequence[int]) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def flat(self, value: str, width: int) -> str:
        """[batch, tokens, width] to [batch * tokens, width]."""
        return self.node("Reshape", [value, self.integers([-1, width])])

    def shaped(self, value: str, width: int, *, name: str | None = None) -> str:
        """[batch * tokens, width] to [batch, tokens, width]."""
        shape = self.node("Concat", [self.node("Shape", ["input_ids"]), self.integers([width])], axis=0)
        return self.node("Reshape", [value, shape], name=name)

    def rows(self, table: NDArray[np.float32], indices: str) -> str:
        """Look rows up in a table, which is kept with a scale for each row when quantised."""
        if self.precision == Precision.FP32:
            return self.node("Gather", [self.constant(table), indices])
        scales = np.abs(table).max(axis=1, keepdims=True) / 127
        codes = np.round(table / np.where(scales == 0, 1, scales)).astype(np.int8)
        found = self.node("Gather", [self.constant(codes), indices])
        found = self.node("Cast", [found], to=TensorProto.FLOAT)
        found_scales = self.node("Gather", [self.constant(scales.astype(np.float32)), indices])
        return self.node("Mul", [found, found_scales])

    def prepare(self, value: str) -> _Rows:
        """Quantise [rows, width], each row with a scale of its own."""
        if self.precision == Precision.FP32:
            return value, None
        if value not in self._prepared:
            self._prepared[value] = self._quantise(value)
        return self._prepared[value]

    def _quantise(self, value: str) -> "_Rows":
        largest = self.node("ReduceMax", [self.node("Abs", [value]), self.integers([1])], keepdims=1)
        scale = self.node("Mul", [largest, self.number(1 / 127)])
        scale = self.node("Max", [scale, self.number(1e-12)])
        flat_scale = self.node("Reshape", [scale, self.integers([-1])])
        zeros = self.node(
            "ConstantOfShape",
            [self.node("Shape", [flat_scale])],
            value=helper.make_tensor("value", TensorProto.UINT8, [1], [ZERO_POINT]),
        )
        codes = self.node("QuantizeLinear", [value, flat_scale, zeros], axis=0)
        return codes, scale

    def product(self, rows: _Rows, matrix: NDArray[np.float32]) -> str:
        """Multiply rows [rows, inputs] by a matrix [inputs, outputs]."""
        value, scale = rows
        if scale is None:
            return self.node("MatMul", [value, self.constant(matrix)])
        scales = np.maximum(np.abs(matrix).max(axis=0) / WEIGHT_MAX, 1e-12).astype(np.float32)
        codes = np.round(matrix / scales).astype(np.int8)
        whole = self.node(
            "MatMulIntegerToFloat",
            [
                value,
                self.constant(codes),
                self.number(1),
                self.constant(scales),
                self.constant(np.array(ZERO_POINT, np.uint8)),
            ],
            domain="com.microsoft",
        )
        return self.node("Mul", [whole, scale])

    def dense(
        self, value: str, matrix: NDArray[np.float32], bias: NDArray[np.float32], name: str | None = None
    ) -> str:
        """A small affine map, never quantised: what it costs is nothing."""
        return self.node("Gemm", [value, self.constant(matrix), self.constant(bias)], name=name)

    def model(self, outputs: Mapping[str, Sequence[str | int]]) -> onnx.ModelProto:
        """Close the graph; outputs map names to shapes."""
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()
        ]
        graph = helper.make_graph(self.nodes, "stance", [ids], values, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


WEIGHT_MAX = 127


def quantise(model: onnx.ModelProto) -> None:
    """Quantise a traced network in place as `build_graph` does: matrix products and word embeddings.

    Args:
        model: from `input_ids`; its weights are constants, of which those no longer used are removed.
    """
    graph = model.graph
    constants = {constant.name: constant for constant in graph.initializer}
    new = _Graph(Precision.INT8)
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


def _quantise_product(new: _Graph, node: onnx.NodeProto, matrix: NDArray[np.float32]) -> None:
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
