"""Nodes and constants to an ONNX graph, whose matrix products are exact or quantised.

Activations are quantised with a scale for each token, so that a sentence's result does not depend
on what it is batched with.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 8
WEIGHT_MAX = 127
ZERO_POINT = 128
"""Activations are unsigned for the processor's sake, and symmetric around this."""


class Precision(StrEnum):
    """What a network computes in."""

    FP32 = "fp32"
    INT8 = "int8"


Rows = tuple[str, str | None]
"""A value [rows, width] ready for matrix products, and its scales [rows, 1] if it is quantised."""


class Graph:
    """Collects nodes and constants, each under a name of its own."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self._prepared: dict[str, Rows] = {}

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        *,
        name: str | None = None,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """Add an operation of one output, and return the name of that."""
        output = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], output, domain=domain, **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant of any shape."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.array(values, order="C"), name)
        return name

    def integer(self, value: int) -> str:
        """Add an integer."""
        return self.constant(np.array(value, np.int64))

    def integers(self, values: Sequence[int]) -> str:
        """Add a list of integers: a shape, axes, starts."""
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        """Add a number."""
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

    def prepare(self, value: str) -> Rows:
        """Quantise [rows, width], each row with a scale of its own."""
        if self.precision == Precision.FP32:
            return value, None
        if value not in self._prepared:
            self._prepared[value] = self._quantise(value)
        return self._prepared[value]

    def _quantise(self, value: str) -> Rows:
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

    def product(self, rows: Rows, matrix: NDArray[np.float32]) -> str:
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
