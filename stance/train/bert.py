"""A BERT encoder's weights to an ONNX graph that runs fast on a CPU.

Written out by hand, not traced, for what a tracer cannot know: sentences of a batch are equally
long, so there is no mask; and only the first token of the last layer is read, so only that is computed.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from stance.acts import POINTERS
from stance.gpu.heads import POINTER_WIDTH
from stance.train.graph import Graph, Precision, Range, Rows

Weights = Mapping[str, NDArray[np.float32]]


STEADY = ("hidden", "attended", "joined")
"""What goes into a layer, what its attention gives, and that with what went in: normalised, or means of what
was. Their size hardly differs from text to text, so that one scale serves all. What the activation function
gives may be ten times as large for one token as for the next."""

GELU_FLOOR = -0.17
"""GELU is never below it."""


def build_graph(
    weights: Weights,
    config: Mapping[str, Any],
    *,
    max_tokens: int,
    precision: Precision,
    ranges: Mapping[str, Range] | None = None,
) -> onnx.ModelProto:
    """Build the network of a BERT encoder with a label head and, if it has them, those of stances and acts.

    Args:
        weights: as `BertForSequenceClassification` names them, and those of the heads of `StanceModel`.
        config: the checkpoint's `config.json`.
        max_tokens: the longest input, at most the encoder's number of positions.
        precision: "int8" quantises matrix products (weights by output column, activations by
            token, or all alike) and the word embeddings (by word); "fp32" leaves all as it is.
        ranges: of `steady_values`, as `measure` gives them, by which scales are fixed: about a third
            faster. Default: none is.

    Returns:
        A model from `input_ids` [batch, tokens] to `logits` [batch, labels]; with a stance head,
        `stance_logits` [batch, stances]; with pointers, `cue_logits` [batch, tokens, 1 + stances] and
        `pointer_logits` [batch, pointers, from, to].
    """
    graph = Graph(precision, ranges)
    heads = int(config["num_attention_heads"])
    epsilon = float(config["layer_norm_eps"])
    last = int(config["num_hidden_layers"]) - 1
    width = int(config["hidden_size"])

    hidden = tokens = _embed(graph, weights, max_tokens, epsilon, width)
    for index in range(last + 1):
        tokens = hidden
        layer = _Layer(graph, weights, index, heads, epsilon, width)
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


def steady_values(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the values in a network whose scales can be fixed."""
    return [f"{kind}_{index}" for index in range(int(config["num_hidden_layers"])) for kind in STEADY]


def _affine(weights: Weights, prefix: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a layer's matrix as [inputs, outputs], and its bias [outputs]."""
    return np.ascontiguousarray(weights[f"{prefix}.weight"].T), weights[f"{prefix}.bias"]


def _embed(graph: Graph, weights: Weights, max_tokens: int, epsilon: float, width: int) -> str:
    """Return token vectors [batch * tokens, width]."""
    prefix = "bert.embeddings"
    words = graph.rows(weights[f"{prefix}.word_embeddings.weight"], "input_ids")
    places = weights[f"{prefix}.position_embeddings.weight"][:max_tokens]
    places = places + weights[f"{prefix}.token_type_embeddings.weight"][0]
    length = graph.node("Gather", [graph.node("Shape", ["input_ids"]), graph.integers([1])])
    here = graph.node("Slice", [graph.constant(places), graph.integers([0]), length])
    total = graph.flat(graph.node("Add", [words, here]), width)
    gamma, beta = (graph.constant(weights[f"{prefix}.LayerNorm.{kind}"]) for kind in ("weight", "bias"))
    return graph.node("LayerNormalization", [total, gamma, beta], name="hidden_0", axis=-1, epsilon=epsilon)


def _read_tokens(graph: Graph, weights: Weights, hidden: str) -> dict[str, list[str | int]]:
    """Add the cue head and the pointers, and return the shapes of what they give."""
    classes = len(weights["cues.bias"])
    cues = graph.dense(hidden, *_affine(weights, "cues"))
    graph.shaped(cues, classes, name="cue_logits")
    sides = []
    for side, scale, order in (("query", POINTER_WIDTH**-0.5, [0, 2, 1, 3]), ("key", 1.0, [0, 2, 3, 1])):
        matrix, bias = _affine(weights, f"pointers.{side}")
        product = graph.product(graph.prepare(hidden), matrix * scale, bias * scale)
        total = graph.shaped(product, len(bias))
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
        self, graph: Graph, weights: Weights, index: int, heads: int, epsilon: float, width: int
    ) -> None:
        self.graph, self.weights, self.index = graph, weights, index
        self.prefix = f"bert.encoder.layer.{index}"
        self.heads, self.epsilon, self.width = heads, epsilon, width

    def run(self, hidden: str, *, first_token_only: bool) -> str:
        graph = self.graph
        rows = graph.prepare(hidden)
        kept, kept_rows = hidden, rows
        if first_token_only:
            kept, kept_rows = graph.first(Rows(hidden), self.width).value, graph.first(rows, self.width)
        attended = self._attend(kept_rows, rows, one_query=first_token_only)
        joined = self._join(graph.prepare(attended), kept, "attention.output", f"joined_{self.index}")
        grown = self._product(graph.prepare(joined, even=True), "intermediate.dense")
        active = graph.node("Gelu", [grown], domain="com.microsoft")
        rows = graph.prepare(active, floor=GELU_FLOOR)
        return self._join(rows, joined, "output", f"hidden_{self.index + 1}")

    def _attend(self, queries: Rows, rows: Rows, *, one_query: bool) -> str:
        graph = self.graph
        query, key, value = (
            self._product(source, f"attention.self.{part}")
            for part, source in (("query", queries), ("key", rows), ("value", rows))
        )
        if one_query:
            query = graph.node("Reshape", [query, graph.integers([-1, 1, self.width])])
        else:
            query = graph.shaped(query, self.width)
        attended = graph.node(
            "MultiHeadAttention",
            [query, graph.shaped(key, self.width), graph.shaped(value, self.width)],
            domain="com.microsoft",
            num_heads=self.heads,
        )
        return graph.flat(attended, self.width, name=f"attended_{self.index}")

    def _join(self, rows: Rows, skip: str, part: str, name: str) -> str:
        """Project, add the residual, normalise."""
        graph = self.graph
        norm = f"{self.prefix}.{part}.LayerNorm"
        gamma, beta = (graph.constant(self.weights[f"{norm}.{kind}"]) for kind in ("weight", "bias"))
        # Not SkipLayerNormalization: added first and normalised then, it takes a quarter of the time.
        total = graph.node("Add", [self._product(rows, f"{part}.dense"), skip])
        return graph.node(
            "LayerNormalization", [total, gamma, beta], name=name, axis=-1, epsilon=self.epsilon
        )

    def _product(self, rows: Rows, part: str) -> str:
        return self.graph.product(rows, *_affine(self.weights, f"{self.prefix}.{part}"))
