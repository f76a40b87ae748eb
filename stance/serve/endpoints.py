"""What each endpoint does."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response

from stance import __version__
from stance.bundle import Bundle
from stance.labels import MEANINGS
from stance.mentions import resolve
from stance.predictions import Document, Prediction
from stance.sentences import split
from stance.serve import schemas
from stance.serve.batcher import Batcher, Kind, QueueFullError
from stance.serve.guard import Traffic
from stance.serve.limits import Limits
from stance.serve.metrics import CONTENT_TYPE, Metrics

LOOP_SENTENCES = 64
"""Up to so many sentences are written as JSON by the event loop itself; more would hold others up."""


async def _whole(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_whole)]
"""A request's body, in one piece."""


class Endpoints:
    """The endpoints' work.

    Args:
        bundle: the model.
        batcher: labels.
        limits: of sentences.
        traffic: says whether the service is about to end.
        counts: what is given for Prometheus.
    """

    def __init__(
        self, bundle: Bundle, batcher: Batcher, limits: Limits, traffic: Traffic, counts: Metrics
    ) -> None:
        self._bundle = bundle
        self._batcher = batcher
        self._limits = limits
        self._traffic = traffic
        self._counts = counts

    async def classify(self, body: Body) -> Response:
        """Label sentences; each answer is that of `Classifier.classify`."""
        asked = schemas.parse(schemas.ClassifyRequest, body)
        if asked.acts and not self._bundle.finds_acts:
            raise _mistake("acts", msg=f"{self._bundle.identity} finds no acts; leave this out")
        predictions = await self._label(asked.texts, Kind(asked.acts, asked.abstain), field="texts")
        return await _written(b'{"predictions":[', (one.to_dict() for one in predictions), len(predictions))

    async def read(self, body: Body) -> Response:
        """Split an article into sentences and label each; the answer is that of `Classifier.read`."""
        asked = schemas.parse(schemas.ReadRequest, body)
        sentences = await asyncio.to_thread(lambda: tuple(split(asked.text)))
        texts = [sentence.text for sentence in sentences]
        predictions = await self._label(texts, Kind(self._bundle.finds_acts, False), field="text")
        named = await asyncio.to_thread(lambda: tuple(resolve(asked.text, sentences, predictions)))
        document = Document(asked.text, sentences, named)
        head = b'{"text":' + _json(asked.text) + b',"sentences":['
        return await _written(head, document.rows(), len(document))

    async def model(self) -> Response:
        """Say what the model is, and what a request may cost."""
        bundle = self._bundle
        return _answer(
            {
                "model": bundle.identity,
                "version": __version__,
                "labels": bundle.labels,
                "meanings": {label: MEANINGS[label] for label in bundle.labels if label in MEANINGS},
                "stances": bundle.stances,
                "acts": bundle.finds_acts,
                "max_tokens": bundle.max_tokens,
                "limits": asdict(self._limits),
            }
        )

    async def ready(self) -> Response:
        """Say whether the service takes requests: 503 once it is about to end."""
        if self._traffic.draining:
            return _answer({"status": "draining"}, status=503)
        return _answer({"status": "ready"})

    async def health(self) -> Response:
        """Say that the process lives."""
        return _answer({"status": "alive"})

    async def metrics(self) -> Response:
        """Give counters, for Prometheus."""
        return Response(self._counts.text(), media_type=CONTENT_TYPE)

    async def _label(self, texts: Sequence[str], kind: Kind, *, field: str) -> list[Prediction]:
        if len(texts) > self._limits.sentences:
            raise _mistake(
                field, msg=f"at most {self._limits.sentences} sentences were expected, {len(texts)} came"
            )
        try:
            return await self._batcher.classify(texts, kind)
        except QueueFullError as error:
            raise HTTPException(429, str(error), {"retry-after": "1"}) from None


def _mistake(field: str, *, msg: str) -> HTTPException:
    return HTTPException(422, [schemas.mistake(field, msg=msg, kind="value_error")])


async def _written(head: bytes, rows: Iterable[dict[str, Any]], count: int) -> Response:
    """Write rows one by one: a long document written at a stroke would hold up all other threads."""

    def write() -> bytes:
        return head + b",".join(map(_json, rows)) + b"]}"

    content = write() if count <= LOOP_SENTENCES else await asyncio.to_thread(write)
    return Response(content, media_type="application/json")


def _answer(values: dict[str, Any], *, status: int = 200) -> Response:
    return Response(_json(values), status, media_type="application/json")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
