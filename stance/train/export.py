"""A trained network to a model folder, written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import PretrainedConfig, PreTrainedTokenizerFast

from stance.batches import batches
from stance.bundle import write_contract
from stance.errors import ModelError, OutputError
from stance.train.calibrate import fit_calibration, fit_label_biases
from stance.train.data import LabelledSentence
from stance.train.graph import Precision, build_graph
from stance.train.model import StanceModel, checkpoint_weights, save_checkpoint

Logits = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Label logits [n, labels] and stance logits [n, stances]."""


PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


def export(
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    out: Path,
    *,
    held_out: Sequence[LabelledSentence],
    max_tokens: int = 256,
    max_flips: float = 0.01,
) -> float:
    """Write a model folder: checkpoint, int8 network, tokenizer and contract.

    Args:
        model: trained. Its encoder must be of the BERT family.
        tokenizer: the encoder's.
        out: the folder; one that exists is replaced. Its name becomes the model's name.
        held_out: sentences that the model was not trained on, to fit label biases, temperatures and
            thresholds with, and to verify int8 with.
        max_tokens: the longest input. Default 256.
        max_flips: the share of `held_out` that int8 may label otherwise than fp32. Default 0.01.

    Returns:
        The share of `held_out` that int8 labels otherwise than fp32.

    Raises:
        ModelError: int8 flips too many labels (they are named), or the encoder is of another kind.
        OutputError: the folder cannot be written.
    """
    config = model.classifier.config
    if config.model_type != "bert":
        raise ModelError(f"an encoder of the BERT family was expected, {config.model_type!r} came")
    labels, stances = model.label_names, model.stance_names
    plain = _plain_tokenizer(tokenizer)
    ids = _encode(plain, held_out, max_tokens)
    true = np.array([labels.index(sentence.label) for sentence in held_out])
    weights = checkpoint_weights(model)
    biases = fit_label_biases(run_network(_network(weights, config, max_tokens, "int8"), ids)[0], true)
    weights["classifier.bias"] += torch.from_numpy(biases).to(weights["classifier.bias"].dtype)
    networks = {precision: _network(weights, config, max_tokens, precision) for precision in PRECISIONS}
    exact, quantised = (run_network(networks[precision], ids) for precision in PRECISIONS)
    flips = _check_flips(held_out, labels, exact[0], quantised[0], max_flips)
    asked = [row for row, sentence in enumerate(held_out) if sentence.stances is not None]
    held = [[stance in (held_out[row].stances or ()) for stance in stances] for row in asked]
    calibration = fit_calibration(
        quantised[0], true, quantised[1][asked], np.array(held, bool), stances, labels
    )
    with _whole_folder(out) as folder:
        save_checkpoint(folder, model, weights)
        (folder / "tokenizer.json").write_text(plain.to_str(), encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(
            '{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[PAD]", '
            f'"cls_token": "[CLS]", "sep_token": "[SEP]", "model_max_length": {max_tokens}}}\n',
            encoding="utf-8",
        )
        (folder / "model.onnx").write_bytes(networks["int8"])
        write_contract(
            folder,
            name=out.name,
            labels=labels,
            stances=stances,
            max_tokens=max_tokens,
            calibration=calibration,
            finds_acts=bool(stances),
        )
    return flips


def _network(
    weights: Mapping[str, torch.Tensor], config: PretrainedConfig, max_tokens: int, precision: Precision
) -> bytes:
    arrays = {name: weight.float().numpy() for name, weight in weights.items()}
    graph = build_graph(arrays, config.to_dict(), max_tokens=max_tokens, precision=precision)
    return bytes(graph.SerializeToString())


def run_network(network: bytes, ids: Sequence[Sequence[int]]) -> Logits:
    """Run a network on token ids, at least one sentence; the logits are in the order of the input."""
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    asked = [name for name in ("logits", "stance_logits") if name in names]
    pairs = [
        (batch.rows, session.run(asked, {"input_ids": batch.ids})) for batch in batches(ids, max_tokens=2048)
    ]
    order = np.argsort(np.concatenate([rows for rows, _ in pairs]))
    logits = [np.concatenate(parts)[order] for parts in zip(*(outputs for _, outputs in pairs), strict=True)]
    return logits[0], logits[1] if len(logits) > 1 else np.zeros((len(ids), 0), np.float32)


def _encode(tokenizer: Tokenizer, sentences: Sequence[LabelledSentence], max_tokens: int) -> list[list[int]]:
    """Return token ids as the classifier will see them."""
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.enable_truncation(max_tokens)
    encodings = tokenizer.encode_batch_fast([sentence.text for sentence in sentences])
    return [encoding.ids for encoding in encodings]


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
            f"int8 flips {share:.1%} of the labels, at most {max_flips:.1%} are allowed:\n" + "\n".join(lines)
        )
    return share


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes the place of `out` only if all went well."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise OutputError(f"{out}: {error.strerror}") from error
    try:
        yield folder
        folder.chmod(0o755)
        if out.exists():
            os.rename(out, old := folder.with_name(f"{folder.name}-old"))
            os.rename(folder, out)
            shutil.rmtree(old)
        else:
            os.rename(folder, out)
    except OSError as error:
        raise OutputError(f"{out}: {error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
