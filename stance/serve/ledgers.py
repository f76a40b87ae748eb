"""Articles that have been read to ledgers, in threads of their own: a long one takes seconds."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from stance.ledger import Article, Ledger
from stance.ledger.vectors import Encoder
from stance.predictions import Document
from stance.serve.batcher import Places

_encoder = lru_cache(maxsize=1)(Encoder)
"""All services of a process share it: it holds the embeddings of every token."""


class Ledgers:
    """Gathers the claims of articles, for as many requests at a time as there are threads.

    Args:
        model: name and hash of the model that reads the articles.
        workers: threads, above 0.
        queue: the most requests under way, above 0.

    Raises:
        ModelError: the shipped model, whose embeddings are used, is missing or damaged.
    """

    def __init__(self, *, model: str, workers: int, queue: int) -> None:
        self.places = Places(queue)
        self._model = model
        self._workers = workers
        self._encode = _encoder()

    def start(self) -> None:
        """Start the threads; after `close`, start again."""
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="ledger")

    def close(self) -> None:
        """End the threads, each after the ledger that it is at."""
        self._pool.shutdown(cancel_futures=True)

    async def gather(self, articles: Sequence[Article], documents: Sequence[Document]) -> Ledger:
        """Gather the claims of articles; where this is cancelled, it soon ends.

        Args:
            articles: each of them.
            documents: what `Classifier.read` gave of each.
        """
        given_up = threading.Event()

        def check() -> None:
            if given_up.is_set():
                raise asyncio.CancelledError

        def gather() -> Ledger:
            read = zip(articles, documents, strict=True)
            return Ledger().add_read(read, model=self._model, encode=self._encode, check=check)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, gather)
        finally:
            given_up.set()
