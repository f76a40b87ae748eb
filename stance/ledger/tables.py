"""Claims to one table: a row for each entry."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from stance.corpus.layout import SPAN
from stance.ledger.claims import Claim

_COPY = pa.struct(
    [("document", pa.string()), ("date", pa.string()), ("outlet", pa.string()), ("start", pa.int64())]
)
SCHEMA = pa.schema(
    [
        ("claim_id", pa.string()),
        ("title", pa.string()),
        ("claim_status", pa.string()),
        ("entry", pa.int64()),
        ("document", pa.string()),
        ("date", pa.string()),
        ("outlet", pa.string()),
        ("sentence", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("stance", pa.string()),
        ("status", pa.string()),
        ("who", pa.string()),
        ("source", SPAN),
        ("cue", SPAN),
        ("claim", SPAN),
        ("named", SPAN),
        ("clear", pa.bool_()),
        ("copies", pa.list_(_COPY)),
    ]
)
"""The columns; spans are offsets in the sentence, those of `named`, `start` and `end` in the document."""


def table(claims: Iterable[Claim]) -> pa.Table:
    """Return the entries of all claims, in the order of the claims and of their timelines."""
    return pa.Table.from_pylist(list(_rows(claims)), schema=SCHEMA)


def _rows(claims: Iterable[Claim]) -> Iterator[dict[str, Any]]:
    for claim in claims:
        status = claim.status
        for number, entry in enumerate(claim.entries):
            yield {
                "claim_id": claim.id,
                "title": claim.title,
                "claim_status": status,
                "entry": number,
                "status": entry.status,
                **entry.to_dict(),
            }
