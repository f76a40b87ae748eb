"""The endpoint that keeps the ledger of claims, as a client sees it."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

import stance
from stance.choices import Unit
from stance.ledger import Article, Ledger
from stance.serve import create_app

from ..conftest import SENTENCES
from .conftest import ARTICLE, ODD

ARTICLES = (
    Article("demo", ARTICLE, "2026-03-02", "The Plain Post"),
    Article("odd", "\n\n".join(ODD)),
    Article("later", " ".join(SENTENCES), "2026-03"),
    Article("demo", ARTICLE, "2026-03-09"),
    Article("", ""),
)


def asked(articles: Iterable[Article]) -> list[dict]:
    """As a client sends them: what is not known is left out."""
    return [
        {name: value for name, value in asdict(article).items() if value is not None} for article in articles
    ]


@pytest.mark.parametrize("unit", Unit)
def test_a_ledger_is_what_python_gives(client: TestClient, tiny: stance.Classifier, unit: Unit) -> None:
    """The same claims, of articles with dates and without, of ones that come twice, and of odd ones."""
    answer = client.post("/v1/ledger", json={"articles": asked(ARTICLES), "unit": unit})
    expected = Ledger().add(ARTICLES, classifier=tiny, unit=unit)
    assert len(expected.claims) > 1
    assert answer.json() == json.loads(
        json.dumps({"model": expected.model, "claims": [claim.to_dict() for claim in expected.claims]})
    )


def test_a_ledger_comes_with_its_sentences(client: TestClient, tiny: stance.Classifier) -> None:
    """Where they are asked for, an article need not be read twice."""
    answer = client.post("/v1/ledger", json={"articles": asked(ARTICLES), "sentences": True}).json()
    documents = [{"id": one.id} | tiny.read(one.text).to_dict() for one in ARTICLES]
    assert answer["articles"] == documents
    assert answer["claims"]


def test_an_article_without_an_id_is_named_by_its_place(client: TestClient, tiny: stance.Classifier) -> None:
    """Primed if another has it; its date is as the library writes it, an outlet without a name is none."""
    articles = [
        {"text": SENTENCES[0], "date": "2026-03-02T01:00:00+02:00", "outlet": ""},
        {"text": SENTENCES[4], "id": "b", "date": None},
        {"text": SENTENCES[2]},
        {"text": SENTENCES[1], "id": "4"},
        {"text": SENTENCES[1]},
    ]
    answer = client.post("/v1/ledger", json={"articles": articles})
    expected = [
        Article("0", SENTENCES[0], "2026-03-01T23:00:00"),
        Article("b", SENTENCES[4]),
        Article("2", SENTENCES[2]),
        Article("4", SENTENCES[1]),
        Article("4'", SENTENCES[1]),
    ]
    claims = Ledger().add(expected, classifier=tiny).claims
    assert answer.json()["claims"] == json.loads(json.dumps([claim.to_dict() for claim in claims]))


def test_ledgers_are_not_swapped(client: TestClient, tiny: stance.Classifier) -> None:
    """Of many that are asked for at a time, among other requests, each client gets its own."""
    texts = [" ".join(SENTENCES[place:]) + f" {ARTICLE[: 100 * place]}" for place in (0, 2, 4)]

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app)) as asking:
            bodies = [{"articles": [{"text": text}]} for text in texts * 5]
            url = "http://service/v1"
            others = [asking.post(f"{url}/read", json={"text": text}) for text in texts]
            return await asyncio.gather(*(asking.post(f"{url}/ledger", json=one) for one in bodies), *others)

    answers = asyncio.run(ask())
    expected = [
        [claim.to_dict() for claim in Ledger().add([Article("0", text)], classifier=tiny).claims]
        for text in texts
    ]
    ledgers, others = answers[: -len(texts)], answers[-len(texts) :]
    assert [one.json()["claims"] for one in ledgers] == json.loads(json.dumps(expected * 5))
    assert [one.json() for one in others] == [tiny.read(text).to_dict() for text in texts]


def test_no_articles_no_claims(client: TestClient, tiny: stance.Classifier) -> None:
    """An empty ledger is one all the same."""
    answer = client.post("/v1/ledger", json={"articles": [], "sentences": True})
    assert answer.json() == {"model": tiny.bundle.identity, "articles": [], "claims": []}


def test_a_model_without_acts_has_no_ledgers(tiny_copy: Path) -> None:
    """The body is refused, and the reason names the model; the other endpoints answer."""
    contract = json.loads((tiny_copy / "stance.json").read_text()) | {"acts": False}
    (tiny_copy / "stance.json").write_text(json.dumps(contract))
    with TestClient(create_app(stance.load(tiny_copy))) as client:
        answer = client.post("/v1/ledger", json={"articles": [{"text": "It fell."}]})
        assert client.post("/v1/read", json={"text": "It fell."}).status_code == 200
    assert answer.status_code == 422
    assert "finds no acts" in answer.json()["detail"][0]["msg"]
