"""Nodes and constants to an ONNX graph, whose matrix products are exact or quantised.

Activations are quantised with a scale that is fixed, or with one for each token, so that a sentence's result
does not depend on what it is batched with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 8
WEIGHT_MAX = 127
CODES = 255
"""The largest code: activations are unsigned for the processor's sake."""

MIDDLE = 128
"""The code of 0 in what may be of either sign."""

FLOOR = 20
"""The code of 0 in what has a floor below it, and so the number of codes for what lies between."""


class Precision(StrEnum):
    """What a network computes in."""

    FP32 = "fp32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """What an activation [rows, width] was seen to lie between.

    Args:
        low: [width] the least of each column.
        high: [width] the most of each column.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A value [rows, width] ready for matrix products.

    Args:
        value: its name; that of its codes if it is quantised.
        scale: what a step of the codes is worth: a number, the name of one for each row [rows, 1], or None
            where the value is exact.
        zero: the code of 0.
        shrunk: [width] what each column was divided by before it was quantised, or None.
    """

    value: str
    scale: float | str | None = None
    zero: int = MIDDLE
    shrunk: NDArray[np.float32] | None = None


class Graph:
    """Collects nodes and constants, each under a name of its own.

    Args:
        precision: of matrix products.
        ranges: of values, by name: these are quantised with a fixed scale. Default: none is.
    """

    def __init__(self, precision: Precision, ranges: Mapping[str, Range] | None = None) -> None:
        self.precision = precision
        self.ranges = ranges or {}
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

    def flat(self, value: str, width: int, *, name: str | None = None) -> str:
        """[batch, tokens, width] to [batch * tokens, width]."""
        return self.node("Reshape", [value, self.integers([-1, width])], name=name)

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

    def prepare(self, value: str, *, floor: float | None = None, even: bool = False) -> Rows:
        """Make [rows, width] ready for products: quantise it, if the graph is quantised.

        Args:
            value: its name; where a range was seen, what lies beyond it is cut to it.
            floor: what no number of it is below, itself below 0. Default: there is none.
            even: where a fixed scale is taken, divide columns that are larger than most by what makes them
                as large, and multiply weights by it. Default False.

        Source: of `even`, Xiao et al. 2023, "SmoothQuant".
        """
        if self.precision == Precision.FP32:
            return Rows(value)
        if value not in self._prepared:
            seen = self.ranges.get(value)
            self._prepared[value] = (
                self._quantise_rows(value, floor) if seen is None else self._quantise_all(value, seen, even)
            )
        return self._prepared[value]

    def _quantise_rows(self, value: str, floor: float | None) -> Rows:
        """Quantise with a scale for each row."""
        zero, smallest = (MIDDLE, 1e-12) if floor is None else (FLOOR, -floor / FLOOR)
        size = self.node("Abs", [value]) if floor is None else value
        largest = self.node("ReduceMax", [size, self.integers([1])], keepdims=1)
        scale = self.node("Mul", [largest, self.number(1 / (CODES - zero))])
        scale = self.node("Max", [scale, self.number(smallest)])
        flat_scale = self.node("Reshape", [scale, self.integers([-1])])
        zeros = self.node(
            "ConstantOfShape",
            [self.node("Shape", [flat_scale])],
            value=helper.make_tensor("value", TensorProto.UINT8, [1], [zero]),
        )
        codes = self.node("QuantizeLinear", [value, flat_scale, zeros], axis=0)
        return Rows(codes, scale, zero)

    def _quantise_all(self, value: str, seen: Range, even: bool) -> Rows:
        """Quantise with one scale, fixed by what was seen."""
        shrunk = None
        if even:
            size = np.maximum(-seen.low, seen.high)
            shrunk = np.maximum(size / np.median(size), 1).astype(np.float32)
            seen = Range(seen.low / shrunk, seen.high / shrunk)
            value = self.node("Mul", [value, self.constant(1 / shrunk)])
        low, high = min(float(seen.low.min()), 0.0), max(float(seen.high.max()), 0.0)
        scale = max((high - low) / CODES, 1e-12)
        zero = round(-low / scale)
        code = self.constant(np.array(zero, np.uint8))
        return Rows(self.node("QuantizeLinear", [value, self.number(scale), code]), scale, zero, shrunk)

    def first(self, rows: Rows, width: int) -> Rows:
        """Take of [batch * tokens, width] the first token of each sentence."""
        value = self.node("Gather", [self.shaped(rows.value, width), self.integer(0)], axis=1)
        scale = rows.scale
        if isinstance(scale, str):
            scale = self.node("Gather", [self.shaped(scale, 1), self.integer(0)], axis=1)
        return replace(rows, value=value, scale=scale)

    def product(
        self, rows: Rows, matrix: NDArray[np.float32], bias: NDArray[np.float32] | None = None
    ) -> str:
        """Multiply rows [rows, inputs] by a matrix [inputs, outputs], and add a bias [outputs]."""
        plus = [] if bias is None else [self.constant(bias)]
        if rows.scale is None:
            return self.node("Gemm" if plus else "MatMul", [rows.value, self.constant(matrix), *plus])
        if rows.shrunk is not None:
            matrix = matrix * rows.shrunk[:, np.newaxis]
        scales = np.maximum(np.abs(matrix).max(axis=0) / WEIGHT_MAX, 1e-12).astype(np.float32)
        codes = np.round(matrix / scales).astype(np.int8)
        fixed = 1.0 if isinstance(rows.scale, str) else rows.scale
        inputs = [rows.value, self.constant(codes), self.number(fixed), self.constant(scales)]
        inputs.append(self.constant(np.array(rows.zero, np.uint8)))
        if not isinstance(rows.scale, str):
            inputs += ["", *plus] if plus else []
            return self.node("MatMulIntegerToFloat", inputs, domain="com.microsoft")
        whole = self.node("MatMulIntegerToFloat", inputs, domain="com.microsoft")
        whole = self.node("Mul", [whole, rows.scale])
        return self.node("Add", [whole, *plus]) if plus else whole

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
