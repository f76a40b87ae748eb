"""Compare ways to run `models/base` on a CPU: accuracy, speed, and whether a batch can touch an answer.

    python benchmarks/engines.py dev.jsonl train.jsonl [--model models/base] [--rounds 3]

The first file is labelled and is what is measured on; texts of the second calibrate the static ways.
OpenVINO takes part where `openvino` and `nncf` are installed. Everything runs on one thread. Columns:
macro-F1; share of labels other than fp32's; the largest change of a probability between a sentence alone and
the same in a batch; sentences a second (median of rounds, ways in turn); size of the network.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification

from stance.batches import batches
from stance.bundle import open_bundle
from stance.calibration import softmax
from stance.session import open_network
from stance.train.bert import build_graph
from stance.train.metrics import macro_f1

Run = Callable[[np.ndarray], np.ndarray]
CALIBRATION_SENTENCES, CALIBRATION_TOKENS = 300, 32
"""ONNX Runtime's calibrators want inputs of one length: the beginnings of sentences that are as long."""


class Reader(CalibrationDataReader):
    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = iter(rows)

    def get_next(self) -> dict | None:
        row = next(self.rows, None)
        return None if row is None else {"input_ids": np.array([row])}


def onnx_run(network: bytes) -> Run:
    session = open_network(network, threads=1)
    return lambda ids: session.run(["logits"], {"input_ids": ids})[0]


def onnx_ways(folder: Path, calibration: list[list[int]]) -> Iterator[tuple[str, Run, float]]:
    weights = {
        name: array.astype(np.float32) for name, array in load_file(folder / "model.safetensors").items()
    }
    config = json.loads((folder / "config.json").read_text())
    limit = open_bundle(folder).max_tokens
    exact = build_graph(weights, config, max_tokens=limit, precision="fp32")
    shipped = (folder / "model.onnx").read_bytes()
    yield "fp32", onnx_run(exact.SerializeToString()), exact.ByteSize()
    yield "int8, fixed scales where they suffice (shipped)", onnx_run(shipped), len(shipped)
    by_token = build_graph(weights, config, max_tokens=limit, precision="int8").SerializeToString()
    yield "int8, a scale for each token", onnx_run(by_token), len(by_token)
    with tempfile.TemporaryDirectory() as work:
        source, target = Path(work) / "fp32.onnx", Path(work) / "other.onnx"
        source.write_bytes(exact.SerializeToString())
        types = {"DefaultTensorType": onnx.TensorProto.FLOAT}
        quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8, extra_options=types)
        yield "int8, a scale for each batch", onnx_run(target.read_bytes()), target.stat().st_size
        for method in (CalibrationMethod.Percentile, CalibrationMethod.Entropy):
            quantize_static(
                source,
                target,
                Reader(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=method,
                extra_options=types,
            )
            size = target.stat().st_size
            yield f"int8, static scales ({method.name.lower()})", onnx_run(target.read_bytes()), size
        how = DefaultWeightOnlyQuantConfig(block_size=128, is_symmetric=True, accuracy_level=4, bits=8)
        blocks = MatMulNBitsQuantizer(exact, algo_config=how)
        blocks.process()
        network = blocks.model.model.SerializeToString()
        yield "int8, blocks of 128 (MatMulNBits)", onnx_run(network), len(network)


def openvino_way(folder: Path, calibration: list[list[int]]) -> tuple[str, Run, float]:
    import nncf
    import openvino

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    example = {
        "input_ids": torch.ones(1, 8, dtype=torch.long),
        "attention_mask": torch.ones(1, 8, dtype=torch.long),
    }
    plain = openvino.convert_model(model, example_input=example)

    def inputs(ids: np.ndarray) -> dict[str, np.ndarray]:
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    dataset = nncf.Dataset([inputs(np.array([row])) for row in calibration])
    quantised = nncf.quantize(
        plain, dataset, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration)
    )
    compiled = openvino.Core().compile_model(
        quantised,
        "CPU",
        {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 1},
    )
    with tempfile.TemporaryDirectory() as work:
        openvino.save_model(quantised, Path(work) / "m.xml", compress_to_fp16=False)
        size = (Path(work) / "m.bin").stat().st_size
    return "int8, static scales (OpenVINO, NNCF)", lambda ids: compiled(inputs(ids))[0], size


def probabilities(run: Run, ids: list[list[int]], budget: int) -> np.ndarray:
    found: np.ndarray | None = None
    for batch in batches(ids, max_tokens=budget):
        logits = run(batch.ids)
        found = np.zeros((len(ids), logits.shape[1])) if found is None else found
        found[batch.rows] = softmax(logits)
    assert found is not None
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("measured", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/base"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    bundle = open_bundle(options.model)
    tokenizer = Tokenizer.from_buffer(bundle.tokenizer)
    tokenizer.enable_truncation(bundle.max_tokens)
    rows, others = (
        [json.loads(line) for line in path.open(encoding="utf-8")]
        for path in (options.measured, options.calibration)
    )
    ids, long = (
        [encoding.ids for encoding in tokenizer.encode_batch_fast([row["text"] for row in part])]
        for part in (rows, others)
    )
    calibration = [row[:CALIBRATION_TOKENS] for row in long if len(row) >= CALIBRATION_TOKENS]
    calibration = calibration[:CALIBRATION_SENTENCES]
    true = np.array([bundle.labels.index(row["label"]) for row in rows])
    ways = list(onnx_ways(options.model, calibration))
    if find_spec("openvino") and find_spec("nncf"):
        ways.append(openvino_way(options.model, calibration))
    together = {name: probabilities(run, ids, 2048) for name, run, _ in ways}
    alone = {name: probabilities(run, ids, 1) for name, run, _ in ways}
    times: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    for _ in range(options.rounds):
        for name, run, _ in ways:
            start = time.perf_counter()
            probabilities(run, ids, 2048)
            times[name].append(len(ids) / (time.perf_counter() - start))
    print("| way | macro-F1 | labels other than fp32 | alone or in a batch | sentences/s | MB |")
    print("|---|---|---|---|---|---|")
    exact = together["fp32"].argmax(axis=1)
    for name, _, size in ways:
        labels = together[name].argmax(axis=1)
        change = np.abs(together[name] - alone[name]).max()
        print(
            f"| {name} | {macro_f1(true, labels):.4f} | {(labels != exact).mean():.2%} | {change:.1e} "
            f"| {statistics.median(times[name]):.0f} | {size / 1e6:.1f} |"
        )
