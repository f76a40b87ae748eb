"""What an audit found, and the rows it was found in, to a sheet to correct and train on again."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stance.train.audit import Finding
from stance.train.data import NULL, Columns, read_value
from stance.train.readers import BrokenRow, Row

ADDED = (
    "audit_rank",
    "audit_row",
    "audit_reason",
    "audit_given",
    "audit_suggested",
    "audit_probability",
)
"""The columns of a sheet that are not the user's own; those of an earlier audit are replaced."""

CONFIDENT, LIKELIER = "a confident error", "another label is likelier"
"""Why a label is suspect: confident learning counts it under another one, or another one is likelier."""


def make_sheet(
    rows: Iterable[Row | BrokenRow],
    findings: Sequence[Finding],
    contradictory: Mapping[int, str],
    columns: Columns,
) -> list[dict[str, Any]]:
    """Put the rows that an audit looked at in order, the likeliest error first, with what it found.

    Args:
        rows: all of the source, as `read_rows` gives them.
        findings: what `audit` says of them.
        contradictory: by row why, for rows of a text that has two labels; they come first.
        columns: which columns hold what. Labels are suggested by the names that the rows have for them.

    Returns:
        Of each row its own columns, as cells, and those that `ADDED` names; reason and suggestion are empty
        where a label is not suspect.
    """
    wanted = [*contradictory, *(finding.row for finding in findings)]
    known = set(wanted)
    by_number = {
        number: row
        for number, row in enumerate(rows, 1)
        if number in known and not isinstance(row, BrokenRow)
    }
    given = {number: read_value(row[columns.label]) or "" for number, row in by_number.items()}
    names = _own_names(given.values(), columns)
    found = {finding.row: finding for finding in findings}
    cells = [(name, value) for row in by_number.values() for name, value in row.items()]
    own = [name for name in dict.fromkeys(name for name, _ in cells) if name not in ADDED]
    missing = dict.fromkeys(own, "") | {name: NULL for name, value in cells if isinstance(value, list)}
    return [
        {name: _cell(by_number[number].get(name), missing[name]) for name in own}
        | {columns.label: given[number]}
        | {"audit_rank": rank, "audit_row": number, "audit_given": given[number]}
        | dict(_said(found.get(number), contradictory.get(number, ""), names))
        for rank, number in enumerate(wanted, 1)
    ]


def _said(finding: Finding | None, reason: str, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if finding and finding.is_suspect:
        reason = CONFIDENT if finding.confident else LIKELIER
    yield "audit_reason", reason
    yield "audit_suggested", names[finding.suggestion] if finding and finding.is_suspect else ""
    yield "audit_probability", finding.probability if finding else ""


def _own_names(given: Iterable[str], columns: Columns) -> dict[str, str]:
    """Return for each label the name that most rows have for it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name in given:
        counts[columns.label_map.get(name, name)][name] += 1
    return {label: names.most_common(1)[0][0] for label, names in counts.items()}


def _cell(value: Any, missing: str) -> Any:
    """Return what stands for a value in a cell, and is read from it again.

    Among lists an empty cell would be an empty one: what is missing there is said to be.
    """
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return missing if value is None else value
