"""Which columns are read and which are written: fixed for the whole input before its first row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa

from stance.choices import Unit
from stance.corpus.tables import unify
from stance.devices import CPU
from stance.errors import InputError

DOCUMENT_ID = "document_id"

SPAN = pa.struct([("text", pa.string()), ("start", pa.int64()), ("end", pa.int64())])
ACTS = pa.list_(
    pa.struct([("stance", pa.string())] + [(name, SPAN) for name in ("source", "cue", "claim", "named")])
)
"""The column of acts; spans are offsets in the sentence, those of `named` in the document."""


class Output(StrEnum):
    """How parts are written."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Options:
    """What decides the result, next to the input and the model.

    Args:
        text_column: the column to be labelled.
        id_column: the column that names a row; None if there is none.
        context_column: the column of the sentence before each; None if none is read. For sentences only.
        context: read each sentence with the one before it. For documents only.
        unit: what a row holds; a document is split into sentences.
        keep: the columns of the input that come through; None for all.
        format: how parts are written.
        labels_only: write of what the model says only `label` and `confidence`.
        acts: write who takes which stance, by which words, toward what, as well.
        abstain: decide on "unsure" where no label is probable enough.
        first_stage: let the model's first stage, if it has one, answer plain sentences.
        device: the kind of device that computes: "cpu", or "cuda", which labels a few sentences otherwise.
    """

    text_column: str = "text"
    id_column: str | None = None
    context_column: str | None = None
    context: bool = False
    unit: Unit = Unit.SENTENCE
    keep: tuple[str, ...] | None = None
    format: Output = Output.PARQUET
    labels_only: bool = False
    acts: bool = False
    abstain: bool = False
    first_stage: bool = True
    device: str = CPU

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns of sentences: that to be labelled, and that of contexts if there is one."""
        return (self.text_column, *([self.context_column] if self.context_column else ()))

    @property
    def reads_context(self) -> bool:
        """Whether sentences are read with the ones before them."""
        return self.context or self.context_column is not None

    def check_context(self) -> None:
        """Raise an InputError where context is asked for in the way of another unit."""
        if self.context_column is not None and self.unit is Unit.DOCUMENT:
            raise InputError(
                "`context_column` is for rows that hold sentences; for documents take `context`, which reads "
                "each of their sentences with the one before it"
            )
        if self.context and self.unit is Unit.SENTENCE:
            raise InputError(
                "`context` is for rows that hold documents (`unit`); for sentences give the column of what "
                "stands before them as `context_column`"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values, as a manifest holds them."""
        return asdict(self) | {"keep": None if self.keep is None else list(self.keep)}


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a run.

    Args:
        known: all columns of the input; None where columns that nobody named are passed over.
        read: the columns that are read.
        kept: the names of those that come through, in their order.
        written: the columns of the output.
        labels: of the model.
    """

    known: frozenset[str] | None
    read: pa.Schema
    kept: tuple[str, ...]
    written: pa.Schema
    labels: tuple[str, ...]


def lay_out(schemas: Mapping[str, pa.Schema], options: Options, labels: Sequence[str]) -> Layout:
    """Decide the columns of a run.

    Args:
        schemas: of each file, by its name.
        options: what was asked for.
        labels: of the model.

    Raises:
        InputError: a column is missing, is of another type than text, is of types that do not go together,
            has a name that the output needs, or holds what it cannot; or context is asked for in the way of
            another unit.
    """
    options.check_context()
    _check_names(schemas, options)
    whole = _unify(schemas, options)
    kept = tuple(name for name in whole.names if options.keep is None or name in _chosen(options))
    needed = {*kept, *options.text_columns, *([options.id_column] if options.id_column else ())}
    check_text(whole.field(options.text_column), "text_column")
    if options.context_column and not pa.types.is_null(whole.field(options.context_column).type):
        check_text(whole.field(options.context_column), "context_column")
    new = new_columns(options, whole, labels)
    if clash := [field.name for field in new if field.name in kept]:
        raise InputError(
            f"column {', '.join(clash)} of the input has the name of a column of the output; rename it, or "
            "leave it out by naming the columns to `keep`"
        )
    if options.format is Output.PARQUET:
        _check_not_childless(whole.field(name) for name in kept)
    return Layout(
        known=frozenset(whole.names) if options.keep is None else None,
        read=pa.schema([field for field in whole if field.name in needed]),
        kept=kept,
        written=pa.schema([_written(whole.field(name), options) for name in kept] + new),
        labels=tuple(labels),
    )


def _chosen(options: Options) -> set[str]:
    return {*(options.keep or ()), *([options.id_column] if options.id_column else ())}


def _check_names(schemas: Mapping[str, pa.Schema], options: Options) -> None:
    named = {
        "text_column": options.text_column,
        "id_column": options.id_column,
        "context_column": options.context_column,
    }
    for file, schema in schemas.items():
        check_columns(schema, named, file=file)
    found = {name for schema in schemas.values() for name in schema.names}
    if missing := [name for name in options.keep or () if name not in found]:
        raise InputError(f"`keep`: no column {', '.join(missing)}; there are: {', '.join(sorted(found))}")


def _unify(schemas: Mapping[str, pa.Schema], options: Options) -> pa.Schema:
    whole = pa.schema([])
    plain = {field.name for schema in schemas.values() for field in schema if _is_plain(field.type)}
    for file, schema in schemas.items():
        decoded = [_decoded(field) if field.name in plain else field for field in schema]
        try:
            whole = unify(whole, pa.schema(decoded))
        except pa.ArrowException as error:
            raise InputError(
                f"{file}: a column is of another type than in the files before it ({error}); "
                "score the two in runs of their own"
            ) from error
    for name in (*options.text_columns, options.id_column):
        if name is not None and name not in whole.names:  # no row shows any column
            whole = whole.append(pa.field(name, pa.string()))
    return whole


def _is_plain(kind: pa.DataType) -> bool:
    return not pa.types.is_dictionary(kind) and not pa.types.is_null(kind)


def _decoded(field: pa.Field) -> pa.Field:
    """Make a column of categories, which another file has as plain values, one of plain values."""
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def check_columns(schema: pa.Schema, named: Mapping[str, str | None], *, file: str) -> None:
    """Check that a file has the columns that are named; one that shows no column may have any.

    Args:
        schema: its columns.
        named: the columns, by the argument that names each; None where it names none.
        file: its name.

    Raises:
        InputError: it lacks one of them, or has two columns of one name.
    """
    if len(set(schema.names)) < len(schema.names):
        raise InputError(f"{file}: a column name comes twice; give each column a name of its own")
    for argument, name in named.items():
        if name is not None and name not in schema.names and schema.names:
            raise InputError(
                f"{file}: no column {name!r}; there are: {', '.join(schema.names)}. Give another `{argument}`"
            )


def check_text(field: pa.Field, argument: str, *, file: str | None = None) -> None:
    """Raise an InputError unless a column, which an argument names, holds text."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        place = "" if file is None else f"{file}: "
        raise InputError(
            f"{place}column {field.name!r} holds {field.type}, text was expected; give another `{argument}`"
        )


def _check_not_childless(fields: Iterable[pa.Field]) -> None:
    for field in fields:
        if _is_childless(field.type):
            raise InputError(
                f"column {field.name!r} holds empty objects ({field.type}), which Parquet cannot; take "
                "another `format`, or leave it out by naming the columns to `keep`"
            )


def _is_childless(kind: pa.DataType) -> bool:
    if not pa.types.is_nested(kind):
        return False
    inner = [kind.field(number).type for number in range(kind.num_fields)]
    return (pa.types.is_struct(kind) and not inner) or any(map(_is_childless, inner))


def new_columns(options: Options, whole: pa.Schema, labels: Sequence[str]) -> list[pa.Field]:
    """Return the columns that a run adds to those of its input."""
    place = []
    if options.unit is Unit.DOCUMENT:
        place = [pa.field(name, pa.int64()) for name in ("index", "start", "end")]
        if options.id_column != DOCUMENT_ID:
            kind = whole.field(options.id_column).type if options.id_column else pa.string()
            place.insert(0, pa.field(DOCUMENT_ID, kind))
    decided = [pa.field("label", pa.string()), pa.field("confidence", pa.float64())]
    acts = [pa.field("acts", ACTS)] if options.acts else []
    if options.labels_only:
        return place + decided + acts
    return [
        *place,
        *decided,
        *(pa.field(f"p_{label}", pa.float64()) for label in labels),
        pa.field("stances", pa.list_(pa.string())),
        pa.field("truncated", pa.bool_()),
        pa.field("reason", pa.string()),
        pa.field("model", pa.string()),
        *acts,
    ]


def _written(field: pa.Field, options: Options) -> pa.Field:
    sentence = options.unit is Unit.DOCUMENT and field.name == options.text_column
    return pa.field(field.name, pa.string()) if sentence else field
