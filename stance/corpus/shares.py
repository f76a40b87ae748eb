"""The output of a run to one page: the share of each label over time, or by group."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from pyarrow import ArrowException

from stance.corpus.dates import beginning, iso
from stance.corpus.folder import Folder, explain
from stance.corpus.journal import MANIFEST, ROWS, SUMMARY, read_manifest
from stance.corpus.layout import Output
from stance.corpus.writers import COLUMN_READERS
from stance.errors import InputError, OutputError
from stance.labels import LABELS
from stance.templates import fill, plot

MOST_BINS, MOST_GROUPS = 60, 20
OTHER = "all others"
COLOURS = {
    "none": "lightgrey",
    "allegation": "tab:orange",
    "confirmation": "tab:green",
    "hedge": "tab:blue",
    "denial": "tab:red",
}
_STEPS: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: date.fromordinal(max(1, day.toordinal() - day.weekday())),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
"""By how much dates are brought together, and the day that stands for each stretch."""

Counts = dict[Any, Counter[str]]
"""How often each label comes, for each value of a column."""


@dataclass(frozen=True, slots=True)
class Group:
    """The labels of the sentences that have a value in common, in the order of all labels."""

    name: str
    total: int
    shares: tuple[float, ...]


def report(out: str | Path, *, page: str | Path, over: str | None = None, by: str | None = None) -> None:
    """Write a page with the share of each label over time, or by group.

    Args:
        out: the folder that `score` wrote; its run may still be going on.
        page: the HTML file to write.
        over: a column of dates, of strings in ISO 8601, or of years; the years 1 and 9999 stand for no date.
        by: a column of any values; either this or `over`.

    Raises:
        InputError: there is no run, it has no such column, or no value of it is a date.
        OutputError: the page cannot be written.
    """
    if (over is None) == (by is None):
        raise InputError("give one column: `over` one of dates, or `by` one of groups")
    folder = Folder.at(out)
    manifest = read_manifest(folder)
    if manifest is None:
        raise InputError(
            f"{folder.name}: no {MANIFEST} of a run; a folder that `stance score` wrote was expected"
        )
    column = over or str(by)
    counts = _counts(folder, Output(manifest["options"]["format"]), column, _day if over else _name)
    without = counts.pop(None, Counter()).total()
    if not counts:
        raise InputError(f"{folder.name}: no row with a {'date' if over else 'value'} in column {column!r}")
    labels = _labels(counts)
    groups = [_group(name, found, labels) for name, found in (_stretches if over else _largest)(counts)]
    draw = partial(_draw_over if over else _draw_by, groups, labels, column)
    height = 4.4 if over else 1.4 + 0.3 * len(groups)
    values = {
        "column": column,
        "kind": "date" if over else "value",
        "sentences": without + sum(found.total() for found in counts.values()),
        "without": without,
        "labels": labels,
        "groups": groups,
        "model": manifest["model"],
        "finished": folder.read(SUMMARY) is not None,
    }
    content = fill("shares.html", values, plots={f"labels by {column}": plot(draw, width=9, height=height)})
    try:
        Path(page).write_text(content, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{page}: {error.strerror}; a path that can be written was expected") from error


def _counts(folder: Folder, form: Output, column: str, key: Callable[[Any], Any]) -> Counts:
    counts: Counts = {}
    for name in sorted(folder.sizes()):
        if name.startswith(f"{ROWS}/") and name.endswith(f".{form}"):
            for value, label in _pairs(folder, name, form, column):
                counts.setdefault(key(value), Counter())[label] += 1
    return counts


def _pairs(folder: Folder, name: str, form: Output, column: str) -> Iterator[tuple[Any, str]]:
    try:
        yield from COLUMN_READERS[form](folder.read(name) or b"", [column, "label"])
    except KeyError as error:
        raise InputError(f"{folder.name}/{name}: no column {column!r}") from error
    except (ArrowException, OSError, ValueError) as error:
        raise InputError(f"{folder.name}/{name}: {explain(error)}") from error


def _day(value: Any) -> date | None:
    if (found := iso(value)) is None:
        return None
    day = beginning(found).date()
    return day if date.min.year < day.year < date.max.year else None


def _name(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _labels(counts: Counts) -> list[str]:
    found = {label for labels in counts.values() for label in labels}
    return [label for label in LABELS if label in found] + sorted(found - set(LABELS))


def _group(name: Any, counts: Counter[str], labels: Sequence[str]) -> Group:
    total = counts.total()
    return Group(str(name), total, tuple(counts[label] / total for label in labels))


def _stretches(counts: Counts) -> Iterator[tuple[date, Counter[str]]]:
    """Bring days together such that there are few enough stretches, in their order."""
    stretches: Counts = {}
    for start in _STEPS.values():
        stretches = {}
        for day, found in counts.items():
            stretches.setdefault(start(day), Counter()).update(found)
        if len(stretches) <= MOST_BINS:
            break
    yield from sorted(stretches.items())


def _largest(counts: Counts) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the groups with the most sentences, and then all others as one."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    yield from ranked[:MOST_GROUPS]
    if rest := ranked[MOST_GROUPS:]:
        yield OTHER, sum((found for _, found in rest), Counter())


def _draw_over(groups: Sequence[Group], labels: Sequence[str], column: str, axes: Axes) -> None:
    days = np.array([group.name for group in groups], dtype="datetime64[D]")
    for index, label in enumerate(labels):
        shares = [group.shares[index] for group in groups]
        axes.plot(days, shares, label=label, color=COLOURS.get(label), marker=".")
    ends = np.array([date.min, date.max], dtype="datetime64[D]").astype(float)
    axes.set_xlim(*np.clip(axes.get_xlim(), *ends))  # beyond them Matplotlib has no dates
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set(xlabel=column, ylabel="share of the sentences", ylim=(0, None))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _draw_by(groups: Sequence[Group], labels: Sequence[str], column: str, axes: Axes) -> None:
    names = [f"{_short(group.name)} ({group.total:,})" for group in groups]
    left = np.zeros(len(groups))
    for index, label in enumerate(labels):
        shares = np.array([group.shares[index] for group in groups])
        axes.barh(np.arange(len(groups)), shares, left=left, label=label, color=COLOURS.get(label))
        left += shares
    axes.set_yticks(range(len(groups)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set(xlabel="share of the sentences", ylabel=column, xlim=(0, 1))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _short(name: str) -> str:
    """Keep a name from crowding out the plot, and from being read as a formula."""
    return (name if len(name) <= 40 else f"{name[:39]}…").replace("$", r"\$")
