"""Batches to logits: the engine that runs the network."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from stance.batches import Batch
from stance.bundle import Bundle
from stance.errors import ModelError
from stance.processor import cores

Logits = NDArray[np.float32]
Asked = TypeVar("Asked")
Found = TypeVar("Found")

EXACT_PRODUCTS = ("session.x64quantprecision", "1")
"""Takes slower instructions that cut nothing off; where VNNI is there, 40 % of the speed would be lost."""


@dataclass(frozen=True, slots=True)
class ActLogits:
    """All that a network says of a batch.

    Args:
        labels: [batch, labels].
        stances: [batch, stances].
        cues: [batch, tokens, 1 + stances].
        pointers: [batch, 4, from, to]; see `stance.acts.find_acts`.
    """

    labels: Logits
    stances: Logits
    cues: Logits
    pointers: Logits


class Session(Protocol):
    """What runs a network, and how much it wants to be given at a time."""

    threads: int
    """How many batches it runs at once; its methods are called from as many threads."""

    batch_tokens: int
    """The most tokens in a batch."""

    windows: tuple[int, ...]
    """How many texts are looked at together: few at first, so that the first answers come soon, then more, so
    that batches of one length are full. The last size goes on."""

    reads_ahead: bool
    """Whether it is to read texts while what it said of those before is used: a GPU would wait otherwise."""

    is_exact: bool
    """Whether what a sentence is batched with can never touch its answer, not even in the last digit."""

    def logits(self, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
        """Run one batch of equally long sentences.

        Args:
            ids: [batch, tokens] token ids.

        Returns:
            Label logits [batch, labels] and stance logits [batch, stances].
        """
        ...

    def act_logits(self, ids: NDArray[np.int64]) -> ActLogits:
        """Run one batch of equally long sentences on a network that finds acts.

        Args:
            ids: [batch, tokens] token ids.
        """
        ...


class CpuSession:
    """ONNX Runtime on the CPU.

    Each batch runs on the thread that asks for it: threads that share a batch wait for one another, in loops
    that take the core from whoever else could use it.

    Args:
        bundle: an opened model folder.
        threads: how many batches run at once, at least 1. Default: one for each core.

    Raises:
        ModelError: `model.onnx` is not a network that ONNX Runtime can run.
    """

    batch_tokens = 1024  # above 512 more are no faster, and each thread needs memory for a batch
    windows: tuple[int, ...] = (64, 256, 1024, 4096)
    reads_ahead = False
    is_exact = True

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self.threads = cores() if threads is None else threads
        try:
            self._session = open_network(bundle.onnx, threads=1)
        except Exception as error:  # onnxruntime's own errors share no public base
            raise ModelError(f"{bundle.path / 'model.onnx'}: {error}") from error
        self._has_stances = bool(bundle.stances)
        self._only_asked = onnxruntime.RunOptions()
        self._only_asked.only_execute_path_to_fetches = True

    def logits(self, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
        """Run one batch; see `Session.logits`."""
        outputs = ["logits", "stance_logits"] if self._has_stances else ["logits"]
        labels, *stances = self._run(outputs, ids)
        return labels, stances[0] if stances else np.zeros((len(ids), 0), np.float32)

    def act_logits(self, ids: NDArray[np.int64]) -> ActLogits:
        """Run one batch; see `Session.act_logits`."""
        return ActLogits(*self._run(["logits", "stance_logits", "cue_logits", "pointer_logits"], ids))

    def _run(self, outputs: list[str], ids: NDArray[np.int64]) -> list[Logits]:
        found: list[Logits] = self._session.run(outputs, {"input_ids": ids}, self._only_asked)
        return found


def open_network(network: bytes, *, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Open a network as every result of this library is computed: on the CPU, with exact 8-bit products.

    Args:
        network: as ONNX.
        threads: how many work on one batch. Default: all cores.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = cores() if threads is None else threads
    if _products_overflow():
        options.add_session_config_entry(*EXACT_PRODUCTS)
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def run_batches(
    run: Callable[[NDArray[np.int64]], Found], batches: Iterable[Batch], *, threads: int
) -> Iterator[tuple[Batch, Found]]:
    """Run a network over batches, several at once.

    Args:
        run: a method of a session.
        batches: of a few thousand sentences at most; all are in memory.
        threads: how many run at once, at least 1.

    Yields:
        Each batch with what came of it, in order.
    """
    every = list(batches)
    threads = min(threads, len(every))
    if threads <= 1:
        yield from ((batch, run(batch.ids)) for batch in every)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from zip(every, pool.map(run, [batch.ids for batch in every]), strict=True)


def ahead(function: Callable[[Asked], Found], items: Iterable[Asked]) -> Iterator[Found]:
    """Apply a function to items in order, in a thread, to each while the result of the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        coming: Future[Found] | None = None
        for item in items:
            before, coming = coming, pool.submit(function, item)
            if before:
                yield before.result()
        if coming:
            yield coming.result()


def _products_overflow() -> bool:
    """Say whether sums of products of 8-bit integers are cut off here, as they are on x86 without VNNI."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    probe = (files("stance") / "resources" / "product.onnx").read_bytes()
    session = onnxruntime.InferenceSession(probe, options, providers=["CPUExecutionProvider"])
    largest = {"a": np.full((1, 64), 255, np.uint8), "b": np.full((64, 16), 127, np.int8)}
    return bool((session.run(None, largest)[0] != 64 * 255 * 127).any())
