"""Encoders in PyTorch, for reading alone: BERT written out for speed, any other as `transformers` has it.

Sentences of a batch are equally long, so there is no mask. Encoders compute in the precision that they are
given, label heads in fp32: they cost nothing, and bfloat16 would round logits to three digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoModelForSequenceClassification

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an encoder makes of a batch.

    Args:
        labels: [batch, labels] logits, in fp32.
        first: [batch, width] the vectors of the first tokens in the last layer, in fp32.
        tokens: [batch, tokens, width] the vectors of all tokens one layer below, as they were computed.
    """

    labels: Tensor
    first: Tensor
    tokens: Tensor


class Encoder(Protocol):
    """What reads a batch of token ids [batch, tokens]."""

    def __call__(self, ids: Tensor) -> Reading:
        """Read a batch."""
        ...


def make_encoder(
    weights: Weights, config: Mapping[str, Any], folder: Path, *, device: torch.device, precision: torch.dtype
) -> Encoder:
    """Put an encoder and its label head on a device.

    Args:
        weights: of the checkpoint.
        config: the checkpoint's `config.json`.
        folder: where that file is.
        device: to run on.
        precision: to compute in: fp32 or bfloat16.

    Raises:
        KeyError: a weight is missing.
        RuntimeError: a weight has another shape than it must have.
        ValueError: `transformers` knows no such encoder.
    """
    if is_plain_bert(config):
        return Bert(weights, config, device=device, precision=precision)
    return StockEncoder(weights, folder, device=device, precision=precision)


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Say whether an encoder is one whose network is written out by hand, here and for ONNX Runtime.

    Args:
        config: the checkpoint's `config.json`.
    """
    return bool(config["model_type"] == "bert" and config["hidden_act"] == "gelu")


@dataclass(frozen=True, slots=True)
class Affine:
    """A matrix [outputs, inputs] and a bias [outputs]."""

    weight: Tensor
    bias: Tensor

    def __call__(self, hidden: Tensor) -> Tensor:
        """Map [..., inputs] to [..., outputs]."""
        return functional.linear(hidden, self.weight, self.bias)

    def part(self, outputs: slice) -> "Affine":
        """Return the map to some of the outputs."""
        return Affine(self.weight[outputs], self.bias[outputs])


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer normalisation with its scale and shift, each [width]."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, hidden: Tensor) -> Tensor:
        """Normalise [..., width]."""
        return functional.layer_norm(hidden, self.bias.shape, self.weight, self.bias, self.epsilon)


class Bert:
    """A BERT encoder, of whose last layer only the first token is computed; see `make_encoder`."""

    def __init__(
        self, weights: Weights, config: Mapping[str, Any], *, device: torch.device, precision: torch.dtype
    ) -> None:
        epsilon, heads = float(config["layer_norm_eps"]), int(config["num_attention_heads"])
        place = _Places(weights, epsilon, device, precision)
        embeddings = "bert.embeddings"
        self._words = place.tensor(f"{embeddings}.word_embeddings.weight")
        kinds = weights[f"{embeddings}.token_type_embeddings.weight"][0]
        positions = weights[f"{embeddings}.position_embeddings.weight"] + kinds
        self._positions = positions.to(device, precision)
        self._norm = place.norm(f"{embeddings}.LayerNorm")
        self._layers = [
            BertLayer(place, f"bert.encoder.layer.{index}", heads)
            for index in range(int(config["num_hidden_layers"]))
        ]
        exact = _Places(weights, epsilon, device, torch.float32)
        self._pooler, self._classifier = exact.affine("bert.pooler.dense"), exact.affine("classifier")

    def __call__(self, ids: Tensor) -> Reading:
        """Read a batch."""
        tokens = self._norm(functional.embedding(ids, self._words) + self._positions[: ids.shape[1]])
        *layers, last = self._layers
        for layer in layers:
            tokens = layer(tokens)
        first = last(tokens, first_only=True)[:, 0].float()
        return Reading(self._classifier(torch.tanh(self._pooler(first))), first, tokens)


class BertLayer:
    """One layer; its three projections are one matrix product."""

    def __init__(self, place: "_Places", prefix: str, heads: int) -> None:
        self._heads = heads
        self._attention = place.affine(
            *(f"{prefix}.attention.self.{name}" for name in ("query", "key", "value"))
        )
        self._attended, self._attended_norm = place.joint(f"{prefix}.attention.output")
        self._grown = place.affine(f"{prefix}.intermediate.dense")
        self._output, self._output_norm = place.joint(f"{prefix}.output")

    def __call__(self, hidden: Tensor, *, first_only: bool = False) -> Tensor:
        """Turn vectors [batch, tokens, width] into the next layer's, of all tokens or of the first only."""
        width = hidden.shape[-1]
        if first_only:
            kept = hidden[:, :1]
            queries = self._attention.part(slice(width))(kept)
            keys, values = self._attention.part(slice(width, None))(hidden).chunk(2, dim=-1)
        else:
            kept = hidden
            queries, keys, values = self._attention(hidden).chunk(3, dim=-1)
        attended = functional.scaled_dot_product_attention(
            self._split(queries), self._split(keys), self._split(values)
        )
        joined = attended.transpose(1, 2).reshape(kept.shape)
        middle = self._attended_norm(kept + self._attended(joined))
        return self._output_norm(middle + self._output(functional.gelu(self._grown(middle))))

    def _split(self, vectors: Tensor) -> Tensor:
        """[batch, tokens, width] to [batch, heads, tokens, width / heads]."""
        return vectors.view(*vectors.shape[:2], self._heads, -1).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class _Places:
    """Puts weights where they are needed."""

    weights: Weights
    epsilon: float
    device: torch.device
    precision: torch.dtype

    def tensor(self, *names: str) -> Tensor:
        """Return weights, one under the other, on the device."""
        return torch.cat([self.weights[name] for name in names]).to(self.device, self.precision)

    def affine(self, *prefixes: str) -> Affine:
        """Return one map for the outputs of several."""
        matrix, bias = (
            self.tensor(*(f"{prefix}.{kind}" for prefix in prefixes)) for kind in ("weight", "bias")
        )
        return Affine(matrix, bias)

    def norm(self, prefix: str) -> Norm:
        """Return a normalisation."""
        return Norm(self.tensor(f"{prefix}.weight"), self.tensor(f"{prefix}.bias"), self.epsilon)

    def joint(self, prefix: str) -> tuple[Affine, Norm]:
        """Return what stands before and behind the sum with the vectors from below."""
        return self.affine(f"{prefix}.dense"), self.norm(f"{prefix}.LayerNorm")


class StockEncoder:
    """Any encoder that `transformers` opens as a classifier; see `make_encoder`."""

    def __init__(
        self, weights: Weights, folder: Path, *, device: torch.device, precision: torch.dtype
    ) -> None:
        config = AutoConfig.from_pretrained(folder)
        classifier = AutoModelForSequenceClassification.from_config(  # type: ignore[no-untyped-call]
            config, dtype=torch.float32
        )
        classifier.load_state_dict({name: weights[name].float() for name in classifier.state_dict()})
        self._classifier = classifier.eval().to(device)
        self._device, self._precision = device, precision

    def __call__(self, ids: Tensor) -> Reading:
        """Read a batch."""
        is_lower = self._precision is not torch.float32
        with torch.autocast(self._device.type, dtype=self._precision, enabled=is_lower):
            answer = self._classifier(
                input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
            )
        last = answer.hidden_states[-1]
        return Reading(answer.logits.float(), last[:, 0].float(), answer.hidden_states[-2])
