"""Kinds of files to the readers of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from stance.corpus.lines import JsonLinesReader, TextReader
from stance.corpus.parquet import ParquetReader
from stance.corpus.parts import DoneParts, Limits, Part, Row
from stance.corpus.separated import SeparatedReader
from stance.corpus.sources import Source
from stance.corpus.tables import Parsed


class Reader(Protocol):
    """What reads a kind of file: the main process cuts it into parts, a worker makes tables of them."""

    def schema(self, source: Source, text_columns: Sequence[str]) -> pa.Schema:
        """Return the columns of a file.

        Args:
            source: the file.
            text_columns: those that hold text, that of a file of plain text first.

        Raises:
            UnreadableError: it cannot be opened.
        """
        ...

    def parts(
        self, source: Source, *, file: int, columns: Sequence[str], limits: Limits, done: DoneParts
    ) -> Iterator[Part]:
        """Cut a file into parts.

        Args:
            source: the file.
            file: its number.
            columns: those that are wanted, as far as it has them.
            limits: when a part is full.
            done: the parts that are not wanted.

        Raises:
            UnreadableError: it cannot be opened.
        """
        ...

    def parse(self, rows: tuple[Row, ...], schema: pa.Schema, *, known: frozenset[str] | None) -> Parsed:
        """Make a table of the rows of a part.

        Args:
            rows: a part's.
            schema: the columns that are wanted.
            known: all columns that a row may have; None where others are to be passed over.
        """
        ...


READERS: Mapping[str, Reader] = {
    "parquet": ParquetReader(),
    "csv": SeparatedReader(","),
    "tsv": SeparatedReader("\t"),
    "jsonl": JsonLinesReader(),
    "text": TextReader(),
}
