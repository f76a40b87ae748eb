"""Ledgers of many requests, in threads of their own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.testclient import TestClient

import stance
from stance.ledger import Article, Ledger
from stance.predictions import Document
from stance.serve import Limits, create_app
from stance.serve.ledgers import Ledgers

from ..conftest import SENTENCES

TEXT = " ".join(SENTENCES)


@contextmanager
def ledgers(classifier: stance.Classifier, *, workers: int = 2) -> Iterator[Ledgers]:
    made = Ledgers(model=classifier.bundle.identity, workers=workers, queue=9)
    made.start()
    try:
        yield made
    finally:
        made.close()


def articles(count: int) -> list[Article]:
    return [Article(str(number), TEXT) for number in range(count)]


def test_each_request_gets_its_own_ledger(tiny: stance.Classifier) -> None:
    """Of several that are gathered side by side, each is what Python gives."""
    asked = [[Article("a", " ".join(SENTENCES[place:]))] for place in (0, 2, 4)]

    async def ask(made: Ledgers) -> list[Ledger]:
        read = [[tiny.read(one.text) for one in some] for some in asked]
        return await asyncio.gather(*map(made.gather, asked * 5, read * 5))

    with ledgers(tiny) as made:
        found = asyncio.run(ask(made))
    assert found == [Ledger().add(some, classifier=tiny) for some in asked] * 5


def test_a_short_ledger_is_not_held_up_by_a_long_one(tiny: stance.Classifier) -> None:
    """Nor is the event loop: it goes on while a ledger is gathered."""
    document = tiny.read(TEXT)

    async def ask(made: Ledgers) -> None:
        long = asyncio.ensure_future(made.gather(articles(200), [document] * 200))
        await asyncio.sleep(0)
        await made.gather(articles(1), [document])
        assert not long.done()
        long.cancel()

    with ledgers(tiny) as made:
        asyncio.run(ask(made))


def test_what_nobody_waits_for_is_left_out(tiny: stance.Classifier) -> None:
    """A ledger whose client has gone is ended, and makes room for the next one."""
    document, looked_at = tiny.read(TEXT), []

    class Watched(list[Document]):
        def __iter__(self) -> Iterator[Document]:
            for one in super().__iter__():
                looked_at.append(one)
                yield one

    async def ask(made: Ledgers) -> None:
        left = asyncio.ensure_future(made.gather(articles(5000), Watched([document] * 5000)))
        while not looked_at:
            await asyncio.sleep(0)
        left.cancel()
        await made.gather(articles(1), [document])

    with ledgers(tiny, workers=1) as made:
        asyncio.run(ask(made))
    assert len(looked_at) < 5000


def test_a_full_queue_refuses(tiny: stance.Classifier) -> None:
    """429 with Retry-After before anything is read; the ledger under way is answered."""

    app = create_app(tiny, limits=Limits(queue=1))

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            body = {"articles": [{"text": TEXT * 20}]}
            return await asyncio.gather(*(client.post("/v1/ledger", json=body) for _ in range(5)))

    with TestClient(app):
        answers = asyncio.run(ask())
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429, 429]
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "1"}
    (claims,) = (answer.json()["claims"] for answer in answers if answer.status_code == 200)
    assert len(claims) == len(Ledger().add([Article("0", TEXT * 20)], classifier=tiny).claims)


def test_a_damaged_shipped_model_is_said_at_the_start(
    tiny: stance.Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its embeddings are needed for every ledger: nothing is let in without them."""

    def fail() -> None:
        raise stance.ModelError("no word embeddings")

    monkeypatch.setattr("stance.serve.ledgers._encoder", fail)
    with pytest.raises(stance.ModelError):
        create_app(tiny)
