"""Any encoder to an ONNX graph, by tracing; BERT's is written out by hand in `stance.train.bert`."""

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import onnx
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from stance.errors import ModelError
from stance.train.graph import OPSET
from stance.train.model import StanceModel


class _Unmasked(nn.Module):
    """What a network computes: sentences of a batch are equally long, so there is no mask to give."""

    def __init__(self, model: StanceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> dict[str, Tensor]:
        answer: dict[str, Tensor] = self.model(input_ids, torch.ones_like(input_ids))
        return answer


def trace(model: StanceModel, weights: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Trace the network of any encoder that Hugging Face has.

    Args:
        model: left as it is.
        weights: what it is given, as `checkpoint_weights` names them.

    Returns:
        A model from `input_ids` [batch, tokens] to what `StanceModel.forward` gives without targets, in fp32.

    Raises:
        ModelError: the encoder does what ONNX has no operation for.
    """
    traced = _Unmasked(copy.deepcopy(model)).eval()
    for part in (traced.model.classifier, traced.model.heads):
        own = part.state_dict()
        part.load_state_dict({name: weights.get(name, own[name]).float() for name in own})
    ids = torch.full((2, 8), min(5, _words(model.classifier) - 1))
    with torch.inference_mode():
        names = list(traced(ids))
    free = torch.export.Dim.DYNAMIC
    try:
        with _quiet():
            program = torch.onnx.export(
                traced,
                (ids,),
                input_names=["input_ids"],
                output_names=names,
                opset_version=OPSET,
                dynamic_shapes=({0: free, 1: free},),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # what the exporter raises shares no base of its own
        kind = model.classifier.config.model_type
        raise ModelError(f"an encoder of the kind {kind!r} cannot be traced: {error}") from error
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    return proto


def _words(classifier: PreTrainedModel) -> int:
    return int(classifier.config.vocab_size)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from telling people about its own parts."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
