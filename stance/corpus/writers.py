"""Tables and rejections to the bytes of files, and back; the same table gives the same bytes."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from itertools import chain
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from stance.corpus.layout import Output
from stance.corpus.values import rows_of, values_of
from stance.records import csv_line, long_cells


def write_parquet(table: pa.Table) -> bytes:
    """Write a table as Parquet."""
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, compression="zstd")
    return bytes(buffer.getvalue())


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write rows as JSON lines; dates are written as ISO 8601, bytes as base64."""
    return b"".join(json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n" for row in rows)


def write_csv(table: pa.Table) -> bytes:
    """Write a table as CSV with a header; strings in lists are joined by blanks, the rest is as in JSON."""
    rows = (map(_cell, row.values()) for row in rows_of(table))
    return "".join(map(csv_line, chain([table.column_names], rows))).encode()


WRITERS: Mapping[Output, Callable[[pa.Table], bytes]] = {
    Output.PARQUET: write_parquet,
    Output.JSONL: lambda table: write_jsonl(rows_of(table)),
    Output.CSV: write_csv,
}


def read_parquet(content: bytes, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Read some columns of what `write_parquet` wrote, row by row."""
    table = parquet.ParquetFile(pa.BufferReader(content)).read(columns=list(columns))
    return zip(*(values_of(table[name]) for name in columns), strict=True)


def read_jsonl(content: bytes, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Read some columns of what `write_jsonl` wrote, row by row."""
    for line in content.splitlines():
        row = json.loads(line)
        yield tuple(row[name] for name in columns)


def read_csv(content: bytes, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Read some columns of what `write_csv` wrote, row by row."""
    with long_cells():
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    yield from (tuple(row[name] for name in columns) for row in rows)


COLUMN_READERS: Mapping[Output, Callable[[bytes, Sequence[str]], Iterator[tuple[Any, ...]]]] = {
    Output.PARQUET: read_parquet,
    Output.JSONL: read_jsonl,
    Output.CSV: read_csv,
}


def _cell(value: Any) -> Any:
    match value:
        case None | str() | int() | float() if not isinstance(value, bool):
            return value
        case [*words] if all(isinstance(word, str) for word in words):
            return " ".join(words)
        case bool() | Mapping() | Sequence() if not isinstance(value, bytes):
            return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
