"""What each endpoint does."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

from fastapi import HTTPException, Response

from stance import __version__
from stance.bundle import Bundle
from stance.choices import Unit
from stance.documents import join, sentences_of
from stance.labels import MEANINGS
from stance.ledger import Claim
from stance.predictions import Document, Prediction
from stance.serve import schemas
from stance.serve.batcher import Batcher, Kind, QueueFullError
from stance.serve.guard import Traffic
from stance.serve.ledgers import Ledgers
from stance.serve.limits import Limits
from stance.serve.metrics import CONTENT_TYPE, Metrics

LOOP_SENTENCES = 64
"""Up to so many sentences are written as JSON by the event loop itself; more would hold others up."""


class Endpoints:
    """The endpoints' work.

    Args:
        bundle: the model.
        batcher: labels.
        ledgers: gathers claims; None where the model finds no acts.
        limits: of sentences.
        traffic: says whether the service is about to end.
        counts: what is given for Prometheus.
    """

    def __init__(
        self,
        bundle: Bundle,
        batcher: Batcher,
        ledgers: Ledgers | None,
        limits: Limits,
        traffic: Traffic,
        counts: Metrics,
    ) -> None:
        self._bundle = bundle
        self._batcher = batcher
        self._ledgers = ledgers
        self._limits = limits
        self._traffic = traffic
        self._counts = counts

    async def classify(self, body: bytes) -> Response:
        """Label sentences; each answer is that of `Classifier.classify`."""
        asked = schemas.parse(schemas.ClassifyRequest, body)
        if asked.acts and not self._bundle.finds_acts:
            raise _mistake("acts", msg=f"{self._bundle.identity} finds no acts; leave this out")
        predictions = await self._label(asked.texts, Kind(asked.acts, asked.abstain), field="texts")
        rows = (prediction.to_dict() for prediction in predictions)
        return await _written(_object({}, predictions=rows), len(predictions))

    async def read(self, body: bytes) -> Response:
        """Split an article into sentences and label each; the answer is that of `Classifier.read`."""
        asked = schemas.parse(schemas.ReadRequest, body)
        (document,) = await self._read([asked.text], Unit.DOCUMENT, field="text")
        return await _written(_document(document), len(document))

    async def ledger(self, body: bytes) -> Response:
        """Gather who took which stance on which claim of articles; the claims are those of `Ledger.add`."""
        asked = schemas.parse(schemas.LedgerRequest, body)
        if self._ledgers is None:
            raise _mistake(msg=f"{self._bundle.identity} finds no acts, which ledgers are made of")
        articles = asked.named()
        with _full_is_429(), self._ledgers.places.take():
            texts = [article.text for article in articles]
            documents = await self._read(texts, asked.unit, field="articles")
            ledger = await self._ledgers.gather(articles, documents)
        rows: dict[str, Iterable[_Row]] = {"claims": map(_claim, ledger.claims)}
        if asked.sentences:
            pairs = zip(articles, documents, strict=True)
            rows = {"articles": (_document(document, id=article.id) for article, document in pairs), **rows}
        return await _written(_object({"model": ledger.model}, **rows), sum(map(len, documents)))

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

    async def _read(self, texts: Sequence[str], unit: Unit, *, field: str) -> list[Document]:
        """Read documents as `Classifier.read` does."""
        splits = await asyncio.to_thread(lambda: [sentences_of(text, unit) for text in texts])
        all_of_them = [sentence.text for sentences in splits for sentence in sentences]
        labelled = iter(await self._label(all_of_them, Kind(self._bundle.finds_acts, False), field=field))

        def documents() -> list[Document]:
            own = [list(islice(labelled, len(sentences))) for sentences in splits]
            return [
                join(text, sentences, predictions)
                for text, sentences, predictions in zip(texts, splits, own, strict=True)
            ]

        return await asyncio.to_thread(documents)

    async def _label(self, texts: Sequence[str], kind: Kind, *, field: str) -> list[Prediction]:
        if len(texts) > self._limits.sentences:
            raise _mistake(
                field, msg=f"at most {self._limits.sentences} sentences were expected, {len(texts)} came"
            )
        with _full_is_429():
            return await self._batcher.classify(texts, kind)


@contextmanager
def _full_is_429() -> Iterator[None]:
    try:
        yield
    except QueueFullError as error:
        raise HTTPException(429, str(error), {"retry-after": "1"}) from None


def _mistake(*field: str, msg: str) -> HTTPException:
    return HTTPException(422, [schemas.mistake(*field, msg=msg, kind="value_error")])


_Row = dict[str, Any] | Iterator[bytes]
"""What a row of a list is written of: values, or pieces of JSON."""


def _document(document: Document, **known: str) -> Iterator[bytes]:
    return _object({**known, "text": document.text}, sentences=document.rows())


def _claim(claim: Claim) -> Iterator[bytes]:
    values = claim.to_dict()
    return _object(values, entries=values.pop("entries"))


def _object(values: dict[str, Any], **lists: Iterable[_Row]) -> Iterator[bytes]:
    """Write an object row by row: a long list written at a stroke would hold up all other threads."""
    head = _json(values)[:-1]
    comma = b"," if values else b""
    for name, rows in lists.items():
        yield head + comma + _json(name) + b":["
        for number, row in enumerate(rows):
            if number:
                yield b","
            if isinstance(row, dict):
                yield _json(row)
            else:
                yield from row
        yield b"]"
        head, comma = b"", b","
    yield b"}"


async def _written(pieces: Iterable[bytes], sentences: int) -> Response:
    """Join what is written of so many sentences."""
    content = b"".join(pieces) if sentences <= LOOP_SENTENCES else await asyncio.to_thread(b"".join, pieces)
    return Response(content, media_type="application/json")


def _answer(values: dict[str, Any], *, status: int = 200) -> Response:
    return Response(_json(values), status, media_type="application/json")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
