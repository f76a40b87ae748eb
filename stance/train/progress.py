"""How training goes, to people: a bar, lines, TensorBoard."""

from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from transformers import TrainerCallback
from transformers.integrations.integration_utils import TensorBoardCallback

from stance.errors import require_extra
from stance.train.average import METRIC

SPEED_OVER = 600.0
"""Seconds that the time left is reckoned from; shorter than an epoch's evaluation would know nothing."""


class ShowProgress(TrainerCallback):
    """Show epochs, loss, development macro-F1 and time left: a bar on a terminal, else a line an epoch.

    Args:
        console: where. Default: standard error.

    A context: leaving it, for whatever reason, gives the terminal back.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True)
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}  macro-F1 {task.fields[score]}  {task.fields[left]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            speed_estimate_period=SPEED_OVER,
        )
        self._task = self._bar.add_task("", total=None, epoch="0", loss="-", score="-", left="")
        self._logged_step, self._losses, self._steps = 0, 0.0, 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count steps from where a resumed run begins."""
        self._logged_step = state.global_step
        self._bar.update(self._task, total=state.max_steps, completed=state.global_step)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin a new mean of the loss."""
        self._losses, self._steps = 0.0, 0
        self._bar.update(self._task, epoch=f"{round(state.epoch) + 1} of {state.num_train_epochs}")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=state.global_step, left=self._left())

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Have the trainer log the loss of the last steps too."""
        control.should_log = True

    def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Note the loss, which the trainer gives as the mean since it last did."""
        if "loss" in (logs := given["logs"]):
            steps = state.global_step - self._logged_step
            self._losses, self._steps = self._losses + steps * logs["loss"], self._steps + steps
            self._logged_step = state.global_step
            self._bar.update(self._task, loss=f"{self._losses / self._steps:.4f}")

    def on_evaluate(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Note the macro-F1, and say a line where there is no bar."""
        self._bar.update(self._task, score=f"{given['metrics'][f'eval_{METRIC}']:.4f}")
        said = self._bar.tasks[0].fields
        line = f"epoch {said['epoch']}: loss {said['loss']}, development macro-F1 {said['score']}"
        if not self._console.is_terminal:
            self._console.print(", ".join(filter(None, [line, self._left()])), highlight=False)

    def _left(self) -> str:
        seconds = self._bar.tasks[0].time_remaining
        return "" if not seconds else f"{int(seconds) // 60}:{int(seconds) % 60:02d} left"


def tensorboard(folder: Path) -> TrainerCallback:
    """Write losses and figures to a folder that TensorBoard shows.

    Args:
        folder: made if need be.

    Raises:
        MissingExtraError: `tensorboard` is not installed.
    """
    require_extra("TensorBoard", "tensorboard", "tensorboard")
    callback = TensorBoardCallback()  # type: ignore[no-untyped-call]
    callback.logging_dir = str(folder)
    return callback
