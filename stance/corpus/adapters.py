"""The classifier inside other libraries' pipelines: Ray Data, Spark and datasets.

Rows stay where they are. One without text has no label, and a reason.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa

from stance.classifier import load
from stance.corpus.labelling import Memory
from stance.corpus.layout import Options, new_columns
from stance.corpus.parts import NO_TEXT
from stance.corpus.results import answers
from stance.errors import InputError
from stance.models import identify, open_model
from stance.predictions import Prediction

BATCH_ROWS = 2_000


class MapsBatches(Protocol):
    """What `datasets.Dataset` and `datasets.IterableDataset` have in common."""

    column_names: list[str] | None

    def map(self, function: Callable[..., Any], *, batched: bool, batch_size: int) -> Self:
        """Apply a function to batches of rows."""
        ...


D = TypeVar("D", bound=MapsBatches)


class RayClassifier:
    """Labels batches of Ray Data: `dataset.map_batches(RayClassifier, concurrency=4)`.

    Arguments go through `fn_constructor_kwargs`; batches are of NumPy (Ray's default) or of PyArrow.

    Args:
        text_column: the column to be labelled. Default: "text".
        context_column: the column of the sentence before each, which may be null. Default: none is read.
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder on every node, the name of a shipped model, or two: "fast+base". Default:
            "base".
    """

    def __init__(
        self,
        *,
        text_column: str = "text",
        context_column: str | None = None,
        labels_only: bool = False,
        model: str | None = None,
    ) -> None:
        self._label = partial(
            label_table,
            text_column=text_column,
            context_column=context_column,
            labels_only=labels_only,
            model=model,
        )

    def __call__(self, batch: Any) -> Any:
        """Add the columns of the prediction to a batch."""
        if isinstance(batch, pa.Table):
            return self._label(batch)
        table = self._label(pa.table({name: pa.array(values.tolist()) for name, values in batch.items()}))
        new = [name for name in table.column_names if name not in batch]
        return {**batch, **{name: _to_numpy(table.column(name)) for name in new}}


def arrow_function(
    *,
    text_column: str = "text",
    context_column: str | None = None,
    labels_only: bool = False,
    model: str | None = None,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what Spark's `DataFrame.mapInArrow` takes; `arrow_schema` tells the columns of its result.

    Args:
        text_column: the column to be labelled. Default: "text".
        context_column: the column of the sentence before each, which may be null. Default: none is read.
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder on every node, the name of a shipped model, or two: "fast+base". Default:
            "base".
    """
    label = partial(
        label_table,
        text_column=text_column,
        context_column=context_column,
        labels_only=labels_only,
        model=model,
    )
    return partial(_label_batches, label=label)


def arrow_schema(schema: pa.Schema, *, labels_only: bool = False, model: str | None = None) -> pa.Schema:
    """Return the columns of a table once it is labelled.

    Args:
        schema: the columns before.
        labels_only: as for `arrow_function`.
        model: as for `arrow_function`.

    Raises:
        InputError: a column has the name of one that is added.
        ModelError: the model folder is missing, damaged, or not of this format.
    """
    return pa.schema([*schema, *_added(schema.names, open_model(model).labels, labels_only=labels_only)])


def map_dataset(
    dataset: D,
    *,
    text_column: str = "text",
    context_column: str | None = None,
    labels_only: bool = False,
    model: str | Path | None = None,
) -> D:
    """Add the columns of the prediction to a `datasets.Dataset` or `IterableDataset`.

    Args:
        dataset: any of the two.
        text_column: the column to be labelled. Default: "text".
        context_column: the column of the sentence before each, which may be null. Default: none is read.
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".

    Raises:
        InputError: there is no such column, or one has the name of one that is added.
        ModelError: the model folder is missing, damaged, or not of this format, or reads no contexts.
    """
    bundle = open_model(model)
    if context_column is not None:
        bundle.require_context()
    if dataset.column_names is not None:
        _check_there(dataset.column_names, text_column=text_column, context_column=context_column)
        _added(dataset.column_names, bundle.labels, labels_only=labels_only)
    function = partial(
        _label_columns,
        text_column=text_column,
        context_column=context_column,
        labels_only=labels_only,
        model=bundle.reference,
        identity=bundle.identity,
    )
    return dataset.map(function, batched=True, batch_size=BATCH_ROWS)


def label_table(
    table: pa.Table,
    *,
    text_column: str = "text",
    context_column: str | None = None,
    labels_only: bool = False,
    model: str | None = None,
) -> pa.Table:
    """Add the columns of the prediction to a table.

    Args:
        table: any with a column of text.
        text_column: its name. Default: "text".
        context_column: the column of the sentence before each, which may be null. Default: none is read.
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".

    Raises:
        InputError: there is no such column, or one has the name of one that is added.
        ModelError: the model folder is missing, damaged, or not of this format, or reads no contexts.
    """
    _check_there(table.column_names, text_column=text_column, context_column=context_column)
    memory = _memory(model, identify(model))
    added = _added(table.column_names, memory.labels, labels_only=labels_only)
    contexts = table.column(context_column).to_pylist() if context_column else None
    columns = _columns(table.column(text_column).to_pylist(), contexts, memory)
    for field in added:
        table = table.append_column(field, pa.array(columns[field.name], field.type))
    return table


def _label_batches(
    batches: Iterator[pa.RecordBatch], *, label: Callable[[pa.Table], pa.Table]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from label(pa.Table.from_batches([batch])).combine_chunks().to_batches()


def _label_columns(
    batch: dict[str, list[Any]],
    *,
    text_column: str,
    context_column: str | None,
    labels_only: bool,
    model: str,
    identity: str,
) -> dict[str, list[Any]]:
    """Label a batch of `datasets`, whose cache too tells models apart by `identity`."""
    memory = _memory(model, identity)
    contexts = batch[context_column] if context_column else None
    columns = _columns(batch[text_column], contexts, memory)
    return {field.name: columns[field.name] for field in _added((), memory.labels, labels_only=labels_only)}


@lru_cache(maxsize=1)
def _memory(model: str | None, identity: str) -> Memory:
    """Load a model of this name and hash once in a process; as there is one a core, with one thread."""
    return Memory(load(model, threads=1))


def _columns(
    texts: Sequence[str | None], contexts: Sequence[str | None] | None, memory: Memory
) -> dict[str, list[Any]]:
    there = [row for row, text in enumerate(texts) if text is not None]
    before = None if contexts is None else [contexts[row] for row in there]
    predictions = iter(memory.classify_many([texts[row] or "" for row in there], before))
    found: list[Prediction | None] = [None if text is None else next(predictions) for text in texts]
    some = answers([prediction for prediction in found if prediction], memory.labels)
    columns = {}
    for name, values in some.items():
        rest = iter(values)
        columns[name] = [next(rest) if prediction else None for prediction in found]
    columns["reason"] = [
        reason if prediction else NO_TEXT for reason, prediction in zip(columns["reason"], found, strict=True)
    ]
    return columns


def _to_numpy(column: pa.ChunkedArray) -> np.ndarray:
    values = column.to_pylist()
    if pa.types.is_floating(column.type):
        return np.array(values, float)
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_there(names: Sequence[str], *, text_column: str, context_column: str | None) -> None:
    for argument, name in (("text_column", text_column), ("context_column", context_column)):
        if name is not None and name not in names:
            raise InputError(f"no column {name!r}; there are: {', '.join(names)}. Give another `{argument}`")


def _added(names: Sequence[str], labels: Sequence[str], *, labels_only: bool) -> list[pa.Field]:
    """Return the columns that are added to those of these names, none of which may be among them."""
    new = new_columns(Options(labels_only=labels_only), pa.schema([]), labels)
    if clash := sorted({field.name for field in new} & set(names)):
        raise InputError(f"column {', '.join(clash)} has the name of one that is added; rename it")
    return new
