"""How many int8 operations a second the processor does in the matrix products of the model, and nothing else.

    python benchmarks/peak.py [--model models/base] [--threads 1 2]

ONNX Runtime's own product of 8-bit integers, with the shapes of the model's layers and 1,024 tokens; the best
of many repetitions. Each thread has products of its own.
"""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TOKENS, REPEATS = 1024, 60


def product(inputs: int, outputs: int) -> onnxruntime.InferenceSession:
    weights = np.random.default_rng(0).integers(-127, 128, (inputs, outputs)).astype(np.int8)
    node = helper.make_node("MatMulInteger", ["a", "b", "zero"], ["c"])
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, ["rows", inputs])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, ["rows", outputs])],
        [numpy_helper.from_array(weights, "b"), numpy_helper.from_array(np.array(128, np.uint8), "zero")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def fastest(shape: tuple[int, int]) -> float:
    """Return operations a second, a multiplication and an addition being two, of the best repetition."""
    session, best = product(*shape), np.inf
    codes = np.random.default_rng(1).integers(0, 256, (TOKENS, shape[0])).astype(np.uint8)
    for _ in range(REPEATS):
        start = time.perf_counter()
        session.run(None, {"a": codes})
        best = min(best, time.perf_counter() - start)
    return 2 * TOKENS * shape[0] * shape[1] / best


def peak(config: dict, threads: int) -> float:
    """Return the sum over threads of the operations a second of the best shape."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    found = []
    with ThreadPoolExecutor(threads) as pool:
        for shape in ((width, width), (width, inner), (inner, width)):
            found.append(sum(pool.map(fastest, [shape] * threads)))
    return max(found)


def operations(config: dict, lengths: Sequence[int]) -> float:
    """Return the operations of the encoder's matrix products for a mean sentence.

    Of the last layer only the first token is computed, but the keys and values of all.
    """
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    tokens = float(np.mean(lengths))
    whole = 4 * width**2 + 2 * width * inner
    return 2 * (tokens * ((layers - 1) * whole + 2 * width**2) + 2 * width**2 + 2 * width * inner)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/base"))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    shapes = json.loads((options.model / "config.json").read_text())
    for count in options.threads:
        print(f"{count} threads: {peak(shapes, count) / 1e9:.0f} billion int8 operations a second")
