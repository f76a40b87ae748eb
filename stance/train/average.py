"""The weights that a training run ends with: averaged, of its best epoch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerCallback

from stance.errors import OutputError

METRIC = "macro_f1"
AVERAGE, BEST = "average.safetensors", "best.safetensors"

State = dict[str, Tensor]


class BestAverage(TrainerCallback):
    """Average the weights, keep the average of the best epoch or the last, stop when it gets no better.

    Args:
        model: what is trained.
        decay: of the moving average, 0 (no averaging) to below 1.
        patience: epochs without a better macro-F1 after which training stops, at least 1; None goes on
            to the last epoch.
        keep_last: keep the average of the last epoch, whatever its macro-F1. Default: False.

    Source: Polyak & Juditsky 1992; as a moving average, Tarvainen & Valpola 2017.
    """

    def __init__(
        self, model: nn.Module, *, decay: float, patience: int | None, keep_last: bool = False
    ) -> None:
        self._model = model
        self._decay = decay
        self._patience = patience
        self._keep_last = keep_last
        self._learnt = {name for name, weight in model.named_parameters() if weight.requires_grad}
        self._average = self._copy()
        self._best = self._average
        self.best_score = -1.0
        self._waited = 0

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average in the model for a while, to measure it."""
        current = self._copy()
        self._load(self._average)
        try:
            yield
        finally:
            self._load(current)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the average towards the weights; faster at first, when they are still far off."""
        decay = min(self._decay, state.global_step / (state.global_step + 10))
        with torch.no_grad():
            for name, weight in self._weights().items():
                self._average[name] = self._average[name].to(weight.device).lerp_(weight, 1 - decay)

    def on_evaluate(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Keep the average if it is the best so far, or always."""
        score = given["metrics"][f"eval_{METRIC}"]
        better = score > self.best_score
        if better or self._keep_last:
            self._best = _copied(self._average)
        if better:
            self.best_score, self._waited = score, 0
        else:
            self._waited += 1
            control.should_training_stop |= self.has_waited

    @property
    def has_waited(self) -> bool:
        """Whether there were as many epochs without a better macro-F1 as it has patience for."""
        return self._patience is not None and self._waited >= self._patience

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Put what a resumed run needs beside the trainer's checkpoint; the last file marks it whole."""
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        notes = {"score": repr(self.best_score), "waited": str(self._waited)}
        with writing(folder):
            save_file(self._average, folder / AVERAGE)
            save_file(self._best, folder / f"{BEST}.partial", metadata=notes)
            (folder / f"{BEST}.partial").rename(folder / BEST)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End with the best average."""
        self.put_best()

    def put_best(self) -> None:
        """Put the best average in the place of the weights."""
        self._load(self._best)

    def restore(self, folder: Path) -> None:
        """Go on from a checkpoint."""
        self._average, self._best = load_file(folder / AVERAGE), load_file(folder / BEST)
        with safe_open(folder / BEST, "pt") as file:
            notes = file.metadata()
        self.best_score, self._waited = float(notes["score"]), int(notes["waited"])

    def _weights(self) -> State:
        """Return what is learnt; the rest does not change and needs no average."""
        return {name: weight for name, weight in self._model.state_dict().items() if name in self._learnt}

    def _copy(self) -> State:
        return _copied(self._weights())

    def _load(self, state: State) -> None:
        self._model.load_state_dict(state, strict=False)


def last_checkpoint(work: Path) -> Path | None:
    """Find the newest checkpoint that was written to its end; None if there is none."""
    whole = [file.parent for file in work.glob(f"checkpoint-*/{BEST}")]
    return max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make what the libraries raise when a disk is full an `OutputError`."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        raise OutputError(f"{path}: cannot be written: {str(error).splitlines()[0]}") from error


def _copied(state: State) -> State:
    return {name: weight.detach().clone() for name, weight in state.items()}
