"""A trained network to a model folder, written whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from stance.batches import batches
from stance.bundle import FP32_NETWORK, NETWORK, write_contract
from stance.calibration import label_probabilities
from stance.errors import ModelError
from stance.gpu.encoders import is_plain_bert
from stance.session import open_network
from stance.train.bert import build_graph, steady_values
from stance.train.calibrate import fit_calibration, fit_label_biases
from stance.train.card import write_card
from stance.train.data import LabelledSentence, label_indices, without_context
from stance.train.encode import tokenise
from stance.train.folder import check_out, whole_folder
from stance.train.graph import Precision
from stance.train.metrics import score
from stance.train.model import StanceModel, checkpoint_weights, label_bias, most_tokens, save_checkpoint
from stance.train.ranges import measure
from stance.train.recipe import MOST_FLIPS
from stance.train.rewrite import add_biases, quantise
from stance.train.trace import trace

Logits = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Label logits [n, labels] and stance logits [n, stances]."""


MOST_WEIGHTS = 500_000_000
"""A network with more, in fp32, does not fit into one ONNX file."""

SPECIAL_TOKENS = ("unk_token", "pad_token", "cls_token", "sep_token", "bos_token", "eos_token", "mask_token")


def export(
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    out: str | Path,
    *,
    development: Sequence[LabelledSentence],
    max_tokens: int = 256,
    precision: Precision = Precision.INT8,
    max_flips: float = MOST_FLIPS,
    checkpoint: bool = True,
    fp32: bool = False,
    training: Mapping[str, object] | None = None,
    out_of_fold: NDArray[np.float32] | None = None,
) -> float:
    """Write a model folder: checkpoint, network, tokenizer, contract and card.

    Args:
        model: trained. The network of a BERT encoder is written out by hand, that of another one is traced.
        tokenizer: the encoder's.
        out: the folder; a model folder that is there is replaced. Its name becomes the model's name.
        development: sentences that the model was not trained on, to fit label biases, temperatures and
            thresholds with, to verify int8 with, and for the figures of the card. They are read with the
            contexts that they have if the model reads contexts: give them as the model will be used.
        max_tokens: the longest input; less where the encoder reads less. Default 256.
        precision: of the network. "int8" is smaller and faster, "fp32" exact. Default "int8".
        max_flips: the share of `development` that int8 may label otherwise than fp32, 0 to 1. Default 0.01.
        checkpoint: write the weights in half precision as well, from which training goes on and a GPU
            computes. Without them the folder is a third of the size, and only labels on CPUs. Default: True.
        fp32: write the network in fp32 as well, as `model_fp32.onnx`, which is about four times as large.
            Default: False.
        training: what the card shall say of how the model was trained, value by name. Default: nothing.
        out_of_fold: [development, labels] the label logits to fit and to measure with, where the model has
            seen `development`: those of models that had not. Default: its own.

    Returns:
        The share of `development` that the network labels otherwise than in fp32.

    Raises:
        ModelError: int8 flips too many labels (they are named), or the encoder cannot be a network.
        OutputError: the folder cannot be written, or something else is there.
    """
    out = Path(out)
    check_out(out)
    labels, stances = model.label_names, model.stance_names
    max_tokens = most_tokens(model.classifier.config, max_tokens)
    plain = _plain_tokenizer(tokenizer)
    if not model.reads_context:
        development = without_context(development)
    ids = [row.ids for row in tokenise(development, tokenizer, max_tokens=max_tokens)]
    true = label_indices(development, labels)
    weights = checkpoint_weights(model)
    graphs = _graphs(model, weights, ids, max_tokens, precision)
    biases = _fit_biases(model, weights, graphs, ids, true, out_of_fold)
    networks = {name: bytes(graph.SerializeToString()) for name, graph in graphs.items()}
    answers = {name: run_network(network, ids) for name, network in networks.items()}
    logits, stance_logits = answers[precision]
    flips = _check_flips(development, labels, answers[Precision.FP32][0], logits, max_flips)
    if out_of_fold is not None:
        logits = out_of_fold + biases
    asked = [row for row, sentence in enumerate(development) if sentence.stances is not None]
    held = [[stance in (development[row].stances or ()) for stance in stances] for row in asked]
    calibration = fit_calibration(logits, true, stance_logits[asked], np.array(held, bool), stances, labels)
    with whole_folder(out) as folder:
        save_checkpoint(folder, model, weights if checkpoint else None)
        _save_tokenizer(folder, plain, tokenizer, max_tokens)
        (folder / NETWORK).write_bytes(networks[precision])
        if fp32:
            (folder / FP32_NETWORK).write_bytes(networks[Precision.FP32])
        write_card(
            folder,
            name=out.name,
            scores=score(labels, true, label_probabilities(logits, calibration)),
            precision=precision,
            has_fp32=fp32,
            has_checkpoint=checkpoint,
            flips=flips,
            reads_context=model.reads_context,
            out_of_fold=out_of_fold is not None,
            training=training or {},
        )
        write_contract(
            folder,
            name=out.name,
            labels=labels,
            stances=stances,
            max_tokens=max_tokens,
            calibration=calibration,
            finds_acts=model.finds_acts,
            reads_context=model.reads_context,
        )
    return flips


def _graphs(
    model: StanceModel,
    weights: Mapping[str, torch.Tensor],
    ids: Sequence[Sequence[int]],
    max_tokens: int,
    precision: Precision,
) -> dict[Precision, onnx.ModelProto]:
    """Build the network in fp32 and, if asked for, in int8, with scales for such sentences as `ids`."""
    if sum(weight.numel() for weight in weights.values()) > MOST_WEIGHTS:
        raise ModelError(f"an encoder of at most {MOST_WEIGHTS:,} weights was expected; take a smaller one")
    config = model.classifier.config.to_dict()
    by_hand = is_plain_bert(config)
    if by_hand:
        arrays = {name: weight.float().numpy() for name, weight in weights.items()}
        build = partial(build_graph, arrays, config, max_tokens=max_tokens)
        exact = build(precision=Precision.FP32)
    else:
        exact = trace(model, weights)
    if Precision(precision) is Precision.FP32:
        return {Precision.FP32: exact}
    if by_hand:
        ranges = measure(exact, steady_values(config), ids)
        quantised = build(precision=Precision.INT8, ranges=ranges)
    else:
        quantised = onnx.ModelProto()
        quantised.CopyFrom(exact)
        quantise(quantised)
    return {Precision.FP32: exact, Precision.INT8: quantised}


def _fit_biases(
    model: StanceModel,
    weights: dict[str, torch.Tensor],
    graphs: Mapping[Precision, onnx.ModelProto],
    ids: Sequence[Sequence[int]],
    true: NDArray[np.integer],
    logits: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Fit label biases, by default on what the last network says; put them into weights and networks."""
    name = label_bias(model)
    if name is None:
        return np.zeros(len(model.label_names), np.float32)
    if logits is None:
        logits, _ = run_network(bytes(list(graphs.values())[-1].SerializeToString()), ids)
    before = weights[name]
    weights[name] = (before.float() + torch.from_numpy(fit_label_biases(logits, true))).to(before.dtype)
    change: NDArray[np.float32] = (weights[name].float() - before.float()).numpy()
    for graph in graphs.values():
        add_biases(graph, change)
    return change


def run_network(network: bytes, ids: Sequence[Sequence[int]]) -> Logits:
    """Run a network on token ids, at least one sentence; the logits are in the order of the input."""
    session = open_network(network)
    names = [output.name for output in session.get_outputs()]
    asked = [name for name in ("logits", "stance_logits") if name in names]
    pairs = [
        (batch.rows, session.run(asked, {"input_ids": batch.ids})) for batch in batches(ids, max_tokens=2048)
    ]
    order = np.argsort(np.concatenate([rows for rows, _ in pairs]))
    logits = [np.concatenate(parts)[order] for parts in zip(*(outputs for _, outputs in pairs), strict=True)]
    return logits[0], logits[1] if len(logits) > 1 else np.zeros((len(ids), 0), np.float32)


def _save_tokenizer(
    folder: Path, plain: Tokenizer, tokenizer: PreTrainedTokenizerFast, max_tokens: int
) -> None:
    (folder / "tokenizer.json").write_text(plain.to_str(), encoding="utf-8")
    special = {name: getattr(tokenizer, name) for name in SPECIAL_TOKENS if getattr(tokenizer, name)}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **special, "model_max_length": max_tokens}
    (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")


def _plain_tokenizer(tokenizer: PreTrainedTokenizerFast) -> Tokenizer:
    """Copy a tokenizer without the padding and truncation that some files carry."""
    plain = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    plain.no_padding()
    plain.no_truncation()
    return plain


def _check_flips(
    sentences: Sequence[LabelledSentence],
    labels: Sequence[str],
    exact: NDArray[np.float32],
    quantised: NDArray[np.float32],
    max_flips: float,
) -> float:
    before, after = exact.argmax(axis=1), quantised.argmax(axis=1)
    flipped = np.flatnonzero(before != after).tolist()
    share = len(flipped) / len(sentences)
    if share > max_flips:
        lines = [f"{labels[before[i]]} -> {labels[after[i]]}: {sentences[i].text}" for i in flipped]
        raise ModelError(
            f"int8 flips {share:.1%} of the labels, at most {max_flips:.1%} are allowed; "
            "allow more by `max_flips`, or take precision fp32:\n" + "\n".join(lines)
        )
    return share
