"""Tables to the bytes of files, and columns back."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from stance.corpus.layout import Output
from stance.corpus.writers import COLUMN_READERS, WRITERS, read_parquet, write_parquet

TABLE = pa.table({"outlet.name": ["Post", "Globe"], "outlet": [{"name": "a"}, {"name": "b"}], "n": [1, 2]})


@pytest.mark.parametrize("form", list(Output))
def test_columns_come_back_as_they_were_asked_for(form: Output) -> None:
    """In the order of the names, twice if named twice; a name is never the path of a part."""
    content = WRITERS[form](TABLE)
    rows = list(COLUMN_READERS[form](content, ["n", "outlet.name", "n"]))
    assert [(int(n), name, int(again)) for n, name, again in rows] == [(1, "Post", 1), (2, "Globe", 2)]
    with pytest.raises(KeyError, match="nowhere"):
        list(COLUMN_READERS[form](content, ["n", "nowhere"]))


def test_of_parquet_no_other_column_is_decoded() -> None:
    """One that is damaged does not matter to those beside it."""
    content = bytearray(write_parquet(TABLE))
    found = parquet.ParquetFile(pa.BufferReader(bytes(content))).metadata.row_group(0).column(0)
    end = found.dictionary_page_offset + found.total_compressed_size
    content[found.dictionary_page_offset : end] = bytes(found.total_compressed_size)
    assert list(read_parquet(bytes(content), ["n"])) == [(1,), (2,)]
    with pytest.raises((pa.ArrowException, OSError)):
        list(read_parquet(bytes(content), ["outlet.name"]))
