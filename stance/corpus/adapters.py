"""The classifier inside other libraries' pipelines: Ray Data, Spark and datasets.

Rows stay where they are. One without text has no label, and a reason.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa

from stance.bundle import find_model, open_bundle
from stance.classifier import load
from stance.corpus.labelling import Memory
from stance.corpus.layout import Options, new_columns
from stance.corpus.results import answers
from stance.errors import InputError
from stance.predictions import Prediction

NO_TEXT = "no text"
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
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder on every node, or the name of a shipped model. Default: "base".
    """

    def __init__(
        self, *, text_column: str = "text", labels_only: bool = False, model: str | None = None
    ) -> None:
        self._label = partial(label_table, text_column=text_column, labels_only=labels_only, model=model)

    def __call__(self, batch: Any) -> Any:
        """Add the columns of the prediction to a batch."""
        if isinstance(batch, pa.Table):
            return self._label(batch)
        table = self._label(pa.table({name: pa.array(values.tolist()) for name, values in batch.items()}))
        new = [name for name in table.column_names if name not in batch]
        return {**batch, **{name: _to_numpy(table.column(name)) for name in new}}


def arrow_function(
    *, text_column: str = "text", labels_only: bool = False, model: str | None = None
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what Spark's `DataFrame.mapInArrow` takes; `arrow_schema` tells the columns of its result.

    Args:
        text_column: the column to be labelled. Default: "text".
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder on every node, or the name of a shipped model. Default: "base".
    """
    return partial(_label_batches, text_column=text_column, labels_only=labels_only, model=model)


def arrow_schema(schema: pa.Schema, *, labels_only: bool = False, model: str | None = None) -> pa.Schema:
    """Return the columns of a table once it is labelled.

    Args:
        schema: the columns before.
        labels_only: as for `arrow_function`.
        model: as for `arrow_function`.

    Raises:
        InputError: a column has the name of one that is added.
    """
    new = new_columns(Options(labels_only=labels_only), schema, open_bundle(find_model(model)).labels)
    _check_clash([field.name for field in new], schema.names)
    return pa.schema([*schema, *new])


def map_dataset(
    dataset: D, *, text_column: str = "text", labels_only: bool = False, model: str | Path | None = None
) -> D:
    """Add the columns of the prediction to a `datasets.Dataset` or `IterableDataset`.

    Args:
        dataset: any of the two.
        text_column: the column to be labelled. Default: "text".
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder, or the name of a shipped model. Default: "base".

    Raises:
        InputError: there is no such column, or one has the name of one that is added.
    """
    bundle = open_bundle(find_model(model))
    if dataset.column_names is not None:
        _check_there(text_column, dataset.column_names)
        new = new_columns(Options(labels_only=labels_only), pa.schema([]), bundle.labels)
        _check_clash([field.name for field in new], dataset.column_names)
    function = partial(
        _label_columns,
        text_column=text_column,
        labels_only=labels_only,
        model=str(bundle.path),
        identity=bundle.identity,
    )
    return dataset.map(function, batched=True, batch_size=BATCH_ROWS)


def label_table(
    table: pa.Table, *, text_column: str = "text", labels_only: bool = False, model: str | None = None
) -> pa.Table:
    """Add the columns of the prediction to a table.

    Args:
        table: any with a column of text.
        text_column: its name. Default: "text".
        labels_only: add only `label` and `confidence`. Default: False.
        model: a model folder, or the name of a shipped model. Default: "base".

    Raises:
        InputError: there is no such column, or one has the name of one that is added.
    """
    _check_there(text_column, table.column_names)
    schema = arrow_schema(table.schema, labels_only=labels_only, model=model)
    columns = _columns(table.column(text_column).to_pylist(), _memory(model))
    for field in list(schema)[len(table.schema) :]:
        table = table.append_column(field, pa.array(columns[field.name], field.type))
    return table


def _label_batches(
    batches: Iterator[pa.RecordBatch], *, text_column: str, labels_only: bool, model: str | None
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        table = pa.Table.from_batches([batch])
        labelled = label_table(table, text_column=text_column, labels_only=labels_only, model=model)
        yield from labelled.combine_chunks().to_batches()


def _label_columns(
    batch: dict[str, list[Any]], *, text_column: str, labels_only: bool, model: str, identity: str
) -> dict[str, list[Any]]:
    """Label a batch of `datasets`, whose cache tells models apart by `identity`."""
    memory = _memory(model)
    columns = _columns(batch[text_column], memory)
    names = new_columns(Options(labels_only=labels_only), pa.schema([]), memory.labels)
    return {field.name: columns[field.name] for field in names}


@lru_cache(maxsize=1)
def _memory(model: str | None) -> Memory:
    """Load a model once in a process. These libraries run a process a core, so it has one thread."""
    return Memory(load(model, threads=1))


def _columns(texts: Sequence[str | None], memory: Memory) -> dict[str, list[Any]]:
    predictions = iter(memory.classify_many([text for text in texts if text is not None]))
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


def _check_there(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise InputError(f"no column {name!r}; there are: {', '.join(names)}. Give the right text_column")


def _check_clash(new: Sequence[str], names: Sequence[str]) -> None:
    if clash := sorted(set(new) & set(names)):
        raise InputError(f"column {', '.join(clash)} has the name of one that is added; rename it")
