"""What the service counts, for Prometheus."""

from collections.abc import Callable, Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
"""Stands for every path that is none of the service's: what clients make up must not become labels."""


class Metrics:
    """The counters of one service.

    Args:
        model: its identity.
    """

    def __init__(self, *, model: str) -> None:
        self._paths: frozenset[str] = frozenset()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "stance_requests", "Answered requests.", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "stance_request_seconds",
            "From a request's head to its answer.",
            ["path"],
            registry=self._registry,
        )
        self._under_way = Gauge("stance_requests_under_way", "Requests under way.", registry=self._registry)
        self._waiting = Gauge("stance_waiting_sentences", "Sentences in the queue.", registry=self._registry)
        self._batches = Histogram(
            "stance_batch_sentences",
            "Sentences of a batch.",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=self._registry,
        )
        Gauge("stance_model_info", "The model.", ["model"], registry=self._registry).labels(model).set(1)

    def know(self, paths: Iterable[str]) -> None:
        """Count requests for these paths one by one, and all others together."""
        self._paths = frozenset(paths)

    def path(self, path: str) -> str:
        """Return a path of the service as it is, any other as "other"."""
        return path if path in self._paths else OTHER

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        name = self.path(path)
        self._requests.labels(name, status).inc()
        self._seconds.labels(name).observe(seconds)

    def batch(self, sentences: int) -> None:
        """Count a batch; may be called from any thread."""
        self._batches.observe(sentences)

    def watch(self, *, under_way: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Read two gauges whenever they are asked for."""
        self._under_way.set_function(under_way)
        self._waiting.set_function(waiting)

    def text(self) -> bytes:
        """Return all as Prometheus reads it."""
        return generate_latest(self._registry)
