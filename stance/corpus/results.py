"""What was read and what the model said of it, side by side."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from stance.choices import Unit
from stance.corpus.layout import DOCUMENT_ID, Layout, Options
from stance.predictions import Prediction
from stance.sentences import Sentence

Columns = dict[str, Any]
"""Columns by name: arrays, or lists of values."""


def join(
    rows: pa.Table,
    sentences: Sequence[Sequence[Sentence]],
    predictions: Sequence[Prediction],
    *,
    layout: Layout,
    options: Options,
    names: Sequence[str],
) -> pa.Table:
    """Make the rows of the output.

    Args:
        rows: of the input.
        sentences: of each row.
        predictions: of each sentence of each row.
        layout: the columns.
        options: what was asked for.
        names: of each row; they serve where there is no id column.
    """
    columns = answers(predictions, layout.labels)
    if options.unit is Unit.DOCUMENT:
        counts = [len(row) for row in sentences]
        rows = rows.take(pa.array(_repeat(range(len(counts)), counts), pa.int64()))
        ids = rows.column(options.id_column) if options.id_column else _repeat(names, counts)
        columns |= {DOCUMENT_ID: ids} | _places(sentences)
        if options.text_column in layout.kept:
            rows = _replaced(rows, options.text_column, [one.text for row in sentences for one in row])
    columns |= {name: rows.column(name) for name in layout.kept}
    return pa.table({name: columns[name] for name in layout.written.names}, schema=layout.written)


def answers(predictions: Sequence[Prediction], labels: Sequence[str]) -> Columns:
    """Return the columns of predictions: label, confidence, a probability for each label, and the rest.

    Acts are null where they were not asked for.
    """
    return {
        "label": [prediction.label for prediction in predictions],
        "confidence": [prediction.confidence for prediction in predictions],
        **{f"p_{name}": [one.probabilities[name] for one in predictions] for name in labels},
        "stances": [list(prediction.stances) for prediction in predictions],
        "truncated": [prediction.truncated for prediction in predictions],
        "reason": [prediction.reason for prediction in predictions],
        "model": [prediction.model for prediction in predictions],
        "acts": [one.acts and [act.to_dict() for act in one.acts] for one in predictions],
    }


def _places(sentences: Sequence[Sequence[Sentence]]) -> Columns:
    return {
        "index": [index for row in sentences for index in range(len(row))],
        "start": [one.start for row in sentences for one in row],
        "end": [one.end for row in sentences for one in row],
    }


def _replaced(rows: pa.Table, name: str, values: list[str]) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, pa.array(values, pa.string()))


def _repeat(values: Iterable[Any], counts: Iterable[int]) -> list[Any]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]
