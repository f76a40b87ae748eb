"""What a person sees of a run: a bar on a terminal, JSON lines elsewhere, a table at the end."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from stance.corpus.journal import Summary
from stance.corpus.scoring import Progress
from stance.rows import COLOURS

SECONDS_BETWEEN_LOG_LINES = 10.0

Report = Callable[[Progress], None]


@contextmanager
def shown(console: Console, *, quiet: bool) -> Iterator[Report]:
    """Show how far a run is: as a bar if the console is a terminal, else as JSON lines.

    Args:
        console: standard error.
        quiet: show nothing.
    """
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        with _bar(console) as report:
            yield report
    else:
        yield _log(console)


def show_summary(console: Console, summary: Summary, out: str) -> None:
    """Show what a run came to: as a table if the console is a terminal, else as a JSON line."""
    if console.is_terminal:
        console.print(_table(summary, out))
    else:
        _print(console, {"event": "done", "out": out} | summary.to_dict())


@contextmanager
def _bar(console: Console) -> Iterator[Report]:
    columns = (
        BarColumn(),
        TextColumn("{task.fields[read]:,} rows  {task.fields[speed]:,.0f} rows/s"),
        TextColumn("{task.fields[rejected]:,} rejected"),
        TimeRemainingColumn(),
    )
    speed = _speed()
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=1.0, read=0, speed=0.0, rejected=0)
        yield lambda now: bar.update(
            task, completed=now.share, read=now.read, speed=speed(now), rejected=now.rejected
        )


def _log(console: Console) -> Report:
    speed = _speed()
    last = time.monotonic()

    def report(now: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LOG_LINES:
            last = time.monotonic()
            counts = {"rows": now.read, "rejected": now.rejected, "share": round(now.share, 4)}
            _print(console, {"event": "progress"} | counts | {"rows_per_second": round(speed(now), 1)})

    return report


def _speed() -> Callable[[Progress], float]:
    start = time.monotonic()
    return lambda now: (now.read - now.resumed) / max(1e-9, time.monotonic() - start)


def _table(summary: Summary, out: str) -> Table:
    table = Table(title=Text(out), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name in ("read", "scored", "rejected"):
        table.add_row(f"rows {name}", f"{getattr(summary, name):,}")
    for reason, count in summary.reasons.items():
        table.add_row(f"  {reason}", f"{count:,}")
    if summary.files_rejected:
        table.add_row("files rejected", f"{summary.files_rejected:,}")
    table.add_section()
    for label, count in summary.labels.items():
        table.add_row(label, f"{count:,}  {count / summary.sentences:6.1%}", style=COLOURS.get(label))
    if summary.plain:
        table.add_row("answered by the first stage", f"{summary.plain:,}")
    if summary.deferred:
        table.add_row("left to the second model", f"{summary.deferred:,}")
    if summary.truncated:
        table.add_row("only the beginning was read", f"{summary.truncated:,}")
    return table


def _print(console: Console, values: dict[str, Any]) -> None:
    console.file.write(json.dumps(values, ensure_ascii=False) + "\n")
    console.file.flush()
