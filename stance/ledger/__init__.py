"""The acts of articles to claims: who alleged, confirmed, hedged or denied what, and when (extra `ledger`).

documents -> threads -> groups -> claims -> claims.jsonl, entries.parquet, ledger.html
"""

from stance.errors import require_extra

require_extra("a ledger", "ledger", "jinja2", "matplotlib", "pyarrow", "safetensors", "sklearn")

from stance.ledger.articles import Article  # noqa: E402 - only where the extra is there
from stance.ledger.bcubed import BCubed, b_cubed  # noqa: E402
from stance.ledger.claims import Change, Claim, Copy, Entry  # noqa: E402
from stance.ledger.difference import Difference, differences  # noqa: E402
from stance.ledger.ledger import Ledger, Summary, build  # noqa: E402

__all__ = [
    "Article",
    "BCubed",
    "Change",
    "Claim",
    "Copy",
    "Difference",
    "Entry",
    "Ledger",
    "Summary",
    "b_cubed",
    "build",
    "differences",
]
