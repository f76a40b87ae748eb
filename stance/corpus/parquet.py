"""Parquet: many rows at a time, in the types they came in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import ArrowException, parquet

from stance.corpus.folder import explain
from stance.corpus.lines import NOT_UTF8
from stance.corpus.parts import Broken, DoneParts, Limits, Part, Rejection, Row
from stance.corpus.sources import Source, UnreadableError
from stance.corpus.tables import Parsed, raw
from stance.corpus.values import value_of

CORRUPT = "a corrupt row group"
UNFIT = "wrong type"


class ParquetReader:
    """Reads Parquet files."""

    def schema(self, source: Source, text_columns: Sequence[str]) -> pa.Schema:
        """Return the columns of a file."""
        with _opened(source) as file:
            return pa.schema([field.with_type(_widened(field.type)) for field in file.schema_arrow])

    def parts(
        self, source: Source, *, file: int, columns: Sequence[str], limits: Limits, done: DoneParts
    ) -> Iterator[Part]:
        """Cut a file into parts of equally many rows; row groups that are done are not read."""
        with _opened(source) as opened:
            rows = rows_in_part(opened.metadata, limits)
            total = opened.metadata.num_rows
            wanted = [name for name in columns if name in opened.schema_arrow.names]
            held: list[Row] = []
            begin = before = 0
            for first, piece in _pieces(opened, wanted, rows, done):
                if first - first % rows != begin:  # the end of the part before was not read: it is done
                    begin, held = first - first % rows, []
                held.append(piece)
                end = first + _count(piece)
                if begin + 1 not in done and (end == begin + rows or end == total):
                    size = round((end - before) * source.size / total)
                    yield Part(file, begin + 1, end - begin, tuple(held), size)
                    before = end

    def parse(self, rows: tuple[Row, ...], schema: pa.Schema, *, known: frozenset[str] | None) -> Parsed:
        """Make a table of the rows of a part; see `Reader.parse`."""
        tables, offsets, rejected = [schema.empty_table()], [], list[Rejection]()
        offset = 0
        for row in rows:
            match row:
                case Broken(reason, came, count):
                    rejected += [Rejection(offset + step, reason, came) for step in range(count)]
                    offset += count
                case pa.RecordBatch():
                    places = range(offset, offset + row.num_rows)
                    for table, its_own in _conform(row, places, schema, rejected):
                        good = _good_rows(table, its_own, rejected)
                        offsets += [its_own[step] for step in good]
                        tables.append(table if len(good) == len(table) else table.take(good))
                    offset += row.num_rows
        return Parsed(pa.concat_tables(tables).combine_chunks(), offsets, rejected)


def rows_in_part(metadata: parquet.FileMetaData, limits: Limits) -> int:
    """Decide how many rows of a file make a part, by how large its rows are on average."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups) / max(1, metadata.num_rows)
    return max(1, min(limits.rows, int(limits.size / max(1.0, size))))


def _widened(kind: pa.DataType) -> pa.DataType:
    """Give categories room for those of all row groups: each may have others, and indices just for them."""
    if pa.types.is_dictionary(kind) and kind.index_type.bit_width < pa.int32().bit_width:
        return pa.dictionary(pa.int32(), kind.value_type, ordered=kind.ordered)
    return kind


@contextmanager
def _opened(source: Source) -> Iterator[parquet.ParquetFile]:
    with source.open() as (stream, _):
        try:
            file = parquet.ParquetFile(stream, page_checksum_verification=True)
        except (ArrowException, OSError, ValueError) as error:
            raise UnreadableError(explain(error)) from error
        yield file


def _pieces(
    file: parquet.ParquetFile, columns: Sequence[str], rows: int, done: DoneParts
) -> Iterator[tuple[int, Row]]:
    """Read batches that end where parts end, each with the number of its first row, from 0."""
    first = 0
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if not _is_done(first, first + count, rows, done):
            batches = file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)
            yield from _group(batches, first, first + count, rows)
        first += count


def _is_done(first: int, end: int, rows: int, done: DoneParts) -> bool:
    return all(begin + 1 in done for begin in range(first - first % rows, end, rows))


def _group(batches: Iterator[pa.RecordBatch], first: int, end: int, rows: int) -> Iterator[tuple[int, Row]]:
    """Read a row group; from where it is corrupt on, its rows are broken."""
    try:
        for batch in batches:
            for begin, count in _spans(first, first + batch.num_rows, rows):
                yield begin, batch.slice(begin - first, count)
            first += batch.num_rows
    except (ArrowException, OSError, ValueError) as error:
        for begin, count in _spans(first, end, rows):
            yield begin, Broken(CORRUPT, explain(error), count)


def _spans(first: int, end: int, rows: int) -> Iterator[tuple[int, int]]:
    """Cut [first, end) where parts end."""
    while first < end:
        count = min(end, first - first % rows + rows) - first
        yield first, count
        first += count


def _count(piece: Row) -> int:
    return piece.count if isinstance(piece, Broken) else len(piece)


def _conform(
    batch: pa.RecordBatch, places: Sequence[int], schema: pa.Schema, rejected: list[Rejection]
) -> Iterator[tuple[pa.Table, Sequence[int]]]:
    """Give a batch, of which each row has its place, the columns of the whole input.

    Where files have another type for a column, a value may not fit the one that all of them share: its row is
    rejected, and the others come one by one.
    """
    try:
        yield _cast(batch, schema), places
    except ArrowException as error:
        if batch.num_rows == 1:
            shown = _shown(pa.Table.from_batches([batch]))
            rejected.append(Rejection(places[0], f"{UNFIT}: {explain(error)}", shown))
            return
        for step, place in enumerate(places):
            yield from _conform(batch.slice(step, 1), [place], schema, rejected)


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _good_rows(table: pa.Table, places: Sequence[int], rejected: list[Rejection]) -> list[int]:
    """Find the rows, of which each has its place, whose strings are UTF-8, which Parquet does not promise."""
    bad = {row: name for name in table.column_names for row in _not_utf8(table.column(name))}
    for row, name in sorted(bad.items()):
        rejected.append(Rejection(places[row], f"{NOT_UTF8}: column {name}", _shown(table.slice(row, 1))))
    return [row for row in range(len(table)) if row not in bad]


def _not_utf8(column: pa.ChunkedArray) -> list[int]:
    if _is_valid(column):
        return []
    return [row for row in range(len(column)) if not _is_valid(column.slice(row, 1))]


def _is_valid(column: pa.ChunkedArray) -> bool:
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        column.validate(full=True)
    except ArrowException:
        return False
    return True


def _shown(row: pa.Table) -> str:
    values = {}
    for name in row.column_names:
        column = row.column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.cast(pa.binary())
        value = value_of(column[0])
        values[name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return raw(values)
