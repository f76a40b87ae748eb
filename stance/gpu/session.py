"""Batches to logits on a GPU, by PyTorch (extra `gpu`)."""

import json
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from stance.bundle import WEIGHTS, Bundle
from stance.devices import CUDA, find_gpus, kind_of
from stance.errors import ModelError
from stance.gpu.encoders import Reading, make_encoder
from stance.gpu.heads import make_heads
from stance.session import ActLogits, Logits


class TorchSession:
    """PyTorch on a GPU, in bfloat16, or, to be tested by, on the CPU in fp32.

    Args:
        bundle: an opened model folder; its checkpoint is what runs.
        device: "cuda", "cuda:1" or "cpu". Default: "cuda".
        threads: how many batches are under way at once, at least 1. Default: 2, so that one is sent and
            fetched while another is computed.
        precision: of the encoder. Default: bfloat16 on a GPU that has it, else fp32.

    Raises:
        InputError: there is no such GPU.
        ModelError: the checkpoint is missing, damaged, or not one that PyTorch can run.
    """

    batch_tokens = 65_536
    windows: tuple[int, ...] = (256, 4_096, 16_384)
    reads_ahead = True
    is_exact = False

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = CUDA,
        threads: int | None = None,
        precision: torch.dtype | None = None,
    ) -> None:
        if kind_of(device) == CUDA:
            find_gpus(device)
        self.threads = 2 if threads is None else threads
        self._device = torch.device(device)
        precision = precision or _usual_precision(self._device)
        try:
            weights = {name: weight.float() for name, weight in load(bundle.read(WEIGHTS)).items()}
            self._heads = _open_heads(bundle, weights).to(self._device)
            config = json.loads(bundle.read("config.json"))
            self._encoder = make_encoder(
                weights, config, bundle.path, device=self._device, precision=precision
            )
        except (KeyError, ValueError, RuntimeError, SafetensorError) as error:
            reason = _in_a_line(error)
            raise ModelError(f"{bundle.path / WEIGHTS}: no network for PyTorch: {reason}") from error

    def logits(self, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
        """Run one batch; see `Session.logits`."""
        labels, *stances = self._run(self._say_labels, ids)
        return labels, stances[0] if stances else np.zeros((len(ids), 0), np.float32)

    def act_logits(self, ids: NDArray[np.int64]) -> ActLogits:
        """Run one batch; see `Session.act_logits`."""
        return ActLogits(*self._run(self._say_acts, ids))

    def _say_labels(self, reading: Reading) -> list[Tensor]:
        return [reading.labels, *([self._heads["stances"](reading.first)] if self._heads else [])]

    def _say_acts(self, reading: Reading) -> list[Tensor]:
        tokens = reading.tokens.float()
        return [*self._say_labels(reading), self._heads["cues"](tokens), self._heads["pointers"](tokens)]

    def _run(self, say: Callable[[Reading], list[Tensor]], ids: NDArray[np.int64]) -> list[Logits]:
        """Run a batch; one that does not fit into memory, by halves."""
        try:
            with torch.inference_mode():
                return self._fetched(say(self._encoder(self._sent(ids))))
        except torch.OutOfMemoryError as error:
            if len(ids) == 1:
                raise ModelError(
                    f"{self._device}: one sentence does not fit into memory ({_in_a_line(error)}); "
                    "end what else computes there, or take device cpu"
                ) from error
        except RuntimeError as error:  # of a GPU that has failed, and fails from now on
            raise ModelError(f"{self._device}: the network cannot run: {_in_a_line(error)}") from error
        halves = [self._run(say, half) for half in np.array_split(ids, 2)]
        return [np.concatenate(pair) for pair in zip(*halves, strict=True)]

    def _sent(self, ids: NDArray[np.int64]) -> Tensor:
        """Copy token ids to the device; from pinned memory, while it computes something else."""
        tensor = torch.from_numpy(ids)
        return tensor.pin_memory().to(self._device, non_blocking=True) if self._is_gpu else tensor

    def _fetched(self, tensors: list[Tensor]) -> list[Logits]:
        """Copy what was computed from the device, and wait for that alone."""
        copies = [tensor.to("cpu", non_blocking=self._is_gpu) for tensor in tensors]
        if self._is_gpu:
            torch.cuda.current_stream(self._device).record_event().synchronize()
        return [copy.numpy() for copy in copies]

    @property
    def _is_gpu(self) -> bool:
        return self._device.type == CUDA


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _usual_precision(device: torch.device) -> torch.dtype:
    has_lower = device.type == CUDA and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_lower else torch.float32


def _open_heads(bundle: Bundle, weights: Mapping[str, Tensor]) -> nn.ModuleDict:
    """Return the heads that are asked; folders of old lack others."""
    if not bundle.stances:
        return nn.ModuleDict()
    heads = make_heads(weights["stances.weight"].shape[1], len(bundle.stances))
    names = ("stances", "cues", "pointers") if bundle.finds_acts else ("stances",)
    for name in names:
        head = heads[name]
        head.load_state_dict({part: weights[f"{name}.{part}"] for part in head.state_dict()})
    return heads.eval()
