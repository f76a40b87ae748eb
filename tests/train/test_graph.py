"""Matrix products in codes of 8 bits."""

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from stance.session import open_network
from stance.train.graph import Graph, Precision, Range

WIDTH = 64
CHANCE = np.random.default_rng(0)
ROWS = CHANCE.integers(-9, 10, (50, WIDTH))
MATRIX = CHANCE.integers(-127, 128, (WIDTH, 16)).astype(np.float32)
MATRIX[0], MATRIX[3] = 127, np.sign(MATRIX[3])
"""Codes of 8 bits as they are, so that all error is of what they are multiplied by."""

BIAS = CHANCE.normal(size=16).astype(np.float32)


def product(rows: NDArray[np.int64], *, seen: NDArray[np.int64] | None, **how: object) -> NDArray[np.float32]:
    """Multiply whole numbers [rows, 64] by the matrix, quantised, by what was seen or by row."""
    ranges = (
        {}
        if seen is None
        else {"value": Range(*(end(seen, 0).astype(np.float32) for end in (np.min, np.max)))}
    )
    graph = Graph(Precision.INT8, ranges)
    value = graph.node("Cast", ["input_ids"], name="value", to=TensorProto.FLOAT)
    total = graph.product(graph.prepare(value, **how), MATRIX, BIAS)  # type: ignore[arg-type]
    session = open_network(graph.model({total: ["rows", "outputs"]}).SerializeToString())
    return np.asarray(session.run(None, {"input_ids": rows})[0])


def stray(rows: NDArray[np.int64], found: NDArray[np.float32]) -> float:
    """Return the largest error, as a share of the spread that the small columns make."""
    return float(np.abs(found - (rows @ MATRIX + BIAS)).max() / np.ptp(ROWS @ MATRIX))


@pytest.mark.parametrize("seen", [None, ROWS])
def test_a_product_is_close_with_either_scale(seen: NDArray[np.int64] | None) -> None:
    """A scale for each row, or one for all; the bias is added once."""
    assert 0 < stray(ROWS, product(ROWS, seen=seen)) < 0.02


def test_evening_keeps_the_codes_of_small_columns() -> None:
    """One column that is a hundred times as large as all others would else leave them few."""
    rows = ROWS.copy()
    rows[:, 3] = 900
    assert stray(rows, product(rows, seen=rows)) > 0.05
    assert stray(rows, product(rows, seen=rows, even=True)) < 0.01


def test_what_is_beyond_the_range_is_cut_to_it() -> None:
    """It does not come round at the other end."""
    found = product(ROWS * 10, seen=ROWS)
    cut = np.clip(ROWS * 10, -9, 9)
    assert stray(cut, found) < 0.02


def test_a_floor_gives_the_codes_to_what_is_above_it() -> None:
    """Nearly half the error, where little is negative."""
    rows = CHANCE.integers(-20, 901, (50, WIDTH))
    with_floor, without = (product(rows, seen=None, **how) for how in ({"floor": -20.0}, {}))
    errors = [np.abs(found - (rows @ MATRIX + BIAS)).mean() for found in (with_floor, without)]
    assert errors[0] < 0.6 * errors[1]


def test_the_first_tokens_are_taken_with_their_scales() -> None:
    """Of sentences of equal length; as if they had been quantised alone."""
    graph = Graph(Precision.INT8)
    shape = graph.integers([-1, WIDTH])
    tokens = CHANCE.integers(1, 1000, (3, 4))
    table = CHANCE.normal(size=(1000, WIDTH)).astype(np.float32)
    value = graph.node("Reshape", [graph.node("Gather", [graph.constant(table), "input_ids"]), shape])
    total = graph.product(graph.first(graph.prepare(value), WIDTH), MATRIX)
    every = graph.product(graph.prepare(value), MATRIX)
    session = open_network(graph.model({total: ["first", "o"], every: ["all", "o"]}).SerializeToString())
    first, whole = session.run([total, every], {"input_ids": tokens})
    assert np.array_equal(first, whole.reshape(3, 4, 16)[:, 0])
