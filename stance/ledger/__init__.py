"""The acts of articles to claims: who alleged, confirmed, hedged or denied what, and when (extra `ledger`)."""
