"""The endpoints, as a client sees them."""

import logging
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

import stance
from stance.serve import Limits, create_app
from stance.serve.guard import Traffic
from stance.serve.schemas import MOST_MISTAKES

from ..conftest import SENTENCES
from .conftest import ARTICLE, ODD

Make = Callable[..., TestClient]


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("abstain", [False, True])
def test_classify_gives_what_python_gives(
    client: TestClient, tiny: stance.Classifier, acts: bool, abstain: bool
) -> None:
    """To the last digit, for odd texts as well."""
    answer = client.post("/v1/classify", json={"texts": ODD, "acts": acts, "abstain": abstain})
    expected = [tiny.classify(text, acts=acts, abstain=abstain).to_dict() for text in ODD]
    assert answer.json() == {"predictions": expected}


@pytest.mark.parametrize("text", [ARTICLE, "", "\n\n".join(ODD), ARTICLE * 20])
def test_read_gives_what_python_gives(client: TestClient, tiny: stance.Classifier, text: str) -> None:
    """Sentences, offsets, acts, and who is meant by their sources."""
    answer = client.post("/v1/read", json={"text": text})
    assert answer.json() == tiny.read(text).to_dict()


def test_no_texts_no_predictions(client: TestClient) -> None:
    """An empty request has an empty answer."""
    assert client.post("/v1/classify", json={"texts": []}).json() == {"predictions": []}


def test_the_model_is_named(client: TestClient, tiny: stance.Classifier) -> None:
    """With its labels, and what a request may cost."""
    answer = client.get("/v1/model").json()
    assert answer["model"] == tiny.bundle.identity
    assert answer["labels"] == list(tiny.bundle.labels)
    assert answer["acts"] is True
    assert answer["limits"]["body_bytes"] == Limits().body_bytes


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", b'{"texts": ["a", 3]}', ["body", "texts", 1]),
        ("/v1/classify", b'{"texts": "It fell."}', ["body", "texts"]),
        ("/v1/classify", b'{"texts": null}', ["body", "texts"]),
        ("/v1/classify", b"{}", ["body", "texts"]),
        ("/v1/classify", b'{"texts": [], "acts": "yes"}', ["body", "acts"]),
        ("/v1/classify", b'{"texts": [], "act": true}', ["body", "act"]),
        ("/v1/classify", b'{"texts": ["\\ud800"]}', ["body"]),
        ("/v1/classify", b'{"texts": ["\xff"]}', ["body"]),
        ("/v1/classify", b'{"texts": ["\x00"]}', ["body"]),
        ("/v1/classify", b"", ["body"]),
        ("/v1/classify", b'{"texts": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", ["body"]),
        ("/v1/read", b'{"text": ["It fell."]}', ["body", "text"]),
        ("/v1/read", b"[]", ["body"]),
        ("/v1/ledger", b"{}", ["body", "articles"]),
        ("/v1/ledger", b'{"articles": "It fell."}', ["body", "articles"]),
        ("/v1/ledger", b'{"articles": ["It fell."]}', ["body", "articles", 0]),
        ("/v1/ledger", b'{"articles": [{"text": "a"}, {"id": "b"}]}', ["body", "articles", 1, "text"]),
        ("/v1/ledger", b'{"articles": [{"text": "a", "id": 1}]}', ["body", "articles", 0, "id"]),
        ("/v1/ledger", b'{"articles": [{"text": "a", "source": "b"}]}', ["body", "articles", 0, "source"]),
        ("/v1/ledger", b'{"articles": [{"text": "a", "date": "soon"}]}', ["body", "articles", 0, "date"]),
        ("/v1/ledger", b'{"articles": [{"text": "a", "date": 2024}]}', ["body", "articles", 0, "date"]),
        ("/v1/ledger", b'{"articles": [], "unit": "row"}', ["body", "unit"]),
        ("/v1/ledger", b'{"articles": [{"text": "\\ud800"}]}', ["body"]),
    ],
)
def test_a_mistake_in_a_body_is_named(client: TestClient, path: str, body: bytes, field: list) -> None:
    """The field is named, and what came is not repeated."""
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == field
    assert "input" not in answer.json()["detail"][0]


def test_of_very_many_mistakes_the_first_are_named(client: TestClient) -> None:
    """The answer to a body of nothing but mistakes is a short one."""
    answer = client.post("/v1/classify", json={"texts": []} | {f"x{number}": 1 for number in range(1000)})
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == [
        ["body", f"x{number}"] for number in range(MOST_MISTAKES)
    ]


def test_too_many_sentences_are_refused(make_client: Make) -> None:
    """Of texts, of an article, and of all articles together; the field is named."""
    with make_client(limits=Limits(sentences=3)) as client:
        texts = client.post("/v1/classify", json={"texts": ["It fell."] * 4})
        text = client.post("/v1/read", json={"text": "It fell. It rose.\nIt fell.\nIt rose."})
        articles = client.post("/v1/ledger", json={"articles": [{"text": "It fell. It rose."}] * 2})
    assert (articles.status_code, articles.json()["detail"][0]["loc"]) == (422, ["body", "articles"])
    assert (texts.status_code, texts.json()["detail"][0]["loc"]) == (422, ["body", "texts"])
    assert (text.status_code, text.json()["detail"][0]["loc"]) == (422, ["body", "text"])


def test_a_long_body_is_refused(make_client: Make) -> None:
    """Whether its length was announced or not; one of exactly the limit is taken."""
    head = {"content-type": "application/json"}
    body = b'{"texts": ["' + b"a" * 85 + b'"]}'
    with make_client(limits=Limits(body_bytes=100)) as client:
        assert client.post("/v1/classify", content=body, headers=head).status_code == 200
        assert client.post("/v1/classify", content=body + b" ", headers=head).status_code == 413
        assert client.post("/v1/classify", content=iter([body, b" "]), headers=head).status_code == 413


@pytest.mark.parametrize("path", ["/v1/classify%0A", "/v1/read%0A", "/v1/ledger%0A"])
def test_no_path_leads_around_the_limits(make_client: Make, path: str) -> None:
    """A path that is nearly one of the service's is none: nothing is read that no limit holds for."""
    with make_client(limits=Limits(body_bytes=9)) as client:
        answer = client.post(path, content=b'{"texts": ["It fell."]}')
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_a_path_before_its_own_changes_nothing(tiny: stance.Classifier) -> None:
    """Where a server puts one before all of them, keys are asked for and bodies are read as without."""
    app = create_app(tiny, keys=["secret"])
    with TestClient(app, root_path="/news") as client:
        for path in ("/news/v1/classify", "/v1/classify"):
            assert client.post(path, json={"texts": []}).status_code == 401
            answer = client.post(path, json={"texts": []}, headers={"authorization": "Bearer secret"})
            assert answer.json() == {"predictions": []}
        assert client.get("/news/v1/model").status_code == 401


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(client: TestClient, kind: str) -> None:
    """A page of another site can send these without asking first."""
    answer = client.post("/v1/classify", content=b'{"texts": []}', headers={"content-type": kind})
    assert answer.status_code == 415


def test_an_answer_that_takes_too_long_is_given_up(make_client: Make) -> None:
    """And the next one comes in time."""
    with make_client(limits=Limits(seconds=0.3)) as client:
        assert client.post("/v1/classify", json={"texts": SENTENCES * 2000}).status_code == 504
        articles = [{"text": " ".join(SENTENCES)}] * 2000
        assert client.post("/v1/ledger", json={"articles": articles}).status_code == 504
        assert client.post("/v1/classify", json={"texts": SENTENCES}).status_code == 200


def test_a_key_is_asked_for(make_client: Make) -> None:
    """By the endpoints that answer questions, not by those that say how the service is."""
    with make_client(keys=["secret"]) as client:
        refused = [client.post(f"/v1/{path}", content=b"{") for path in ("classify", "read", "ledger")]
        for answer in (client.get("/v1/model"), *refused):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/v1/model", headers={"authorization": "Bearer secret"}).status_code == 200
        assert client.get("/v1/model", headers={"x-api-key": "Secret"}).status_code == 401
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200


def test_other_origins_are_let_in_by_name_only(make_client: Make) -> None:
    """By default a browser gets no permission for any."""
    ask = {"origin": "https://news.example", "access-control-request-method": "POST"}
    with make_client() as client:
        assert "access-control-allow-origin" not in client.options("/v1/classify", headers=ask).headers
    with make_client(origins=["https://news.example"], keys=["secret"]) as client:
        allowed = client.options("/v1/classify", headers=ask).headers
        assert allowed["access-control-allow-origin"] == "https://news.example"
        refused = client.get("/v1/model", headers={"origin": "https://news.example"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://news.example"
        ask["origin"] = "https://other.example"
        assert "access-control-allow-origin" not in client.options("/v1/classify", headers=ask).headers


def test_the_end_is_announced(make_client: Make) -> None:
    """New requests get 503, and whoever asks how the service is learns why."""
    traffic = Traffic()
    with make_client(traffic=traffic) as client:
        assert client.get("/readyz").status_code == 200
        traffic.draining = True
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        answer = client.post("/v1/classify", json={"texts": SENTENCES})
        assert answer.status_code == 503
        assert answer.headers["connection"] == "close"


def test_metrics_count_what_happened(client: TestClient) -> None:
    """By path and status; what clients make up is one path."""
    client.post("/v1/classify", json={"texts": SENTENCES})
    client.post("/v1/classify", json={"texts": 3})
    client.post("/v1/ledger", json={"articles": []})
    client.get("/made/up")
    found = client.get("/metrics").text
    assert 'stance_requests_total{path="/v1/classify",status="200"} 1.0' in found
    assert 'stance_requests_total{path="/v1/classify",status="422"} 1.0' in found
    assert 'stance_requests_total{path="/v1/ledger",status="200"} 1.0' in found
    assert 'stance_requests_total{path="other",status="404"} 1.0' in found
    assert f"stance_batch_sentences_sum {len(SENTENCES) + 1}.0" in found  # and one to warm up
    assert "stance_waiting_sentences 0.0" in found


def test_text_stays_out_of_the_log(make_client: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Neither body nor query is in it, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    with make_client(log_requests=True) as client:
        client.post("/v1/classify", json={"texts": ["Zanzibar denied it."]})
        client.post("/v1/classify?text=Zanzibar", json={"texts": [{"Zanzibar": 1}]})
        client.post("/v1/ledger", json={"articles": [{"text": "Zanzibar denied it.", "id": "Zanzibar"}]})
        client.post("/v1/ledger", json={"articles": [{"text": "Zanzibar", "date": "Zanzibar"}]})
        client.get("/Zanzibar")
    assert "POST /v1/classify 200" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name == "stance.serve"]
    assert len(ours) == 5
    assert not any("Zanzibar" in message for message in ours)


def test_an_error_of_the_service_is_no_leak(
    make_client: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client gets 500, the log the place, neither the text that the error's message holds."""

    words = "Zanzibar denied it."

    async def fail(*_: object) -> None:
        raise ValueError(words)

    with make_client() as client:
        monkeypatch.setattr("stance.serve.batcher.Batcher.classify", fail)
        answers = [
            client.post("/v1/classify", json={"texts": [words]}),
            client.post("/v1/ledger", json={"articles": [{"text": words}]}),
        ]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text
    assert "Zanzibar" not in caplog.text + "".join(answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    """The policy forbids it, and every link of theirs is one of the service's."""
    answer = client.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    for link in re.findall(r'(?:src|href)="([^"#]+)"', answer.text):
        assert not re.match(r"[a-z]+:|//", link), link
        assert client.get("/" + link.removeprefix("./")).status_code == 200, link


def test_every_field_is_described(client: TestClient) -> None:
    """In the words of the library where it is one of its types, without the rest of a docstring."""
    types = client.get("/openapi.json").json()["components"]["schemas"]
    for name, schema in types.items():
        assert "Args:" not in schema["description"], name
        for field, of_field in schema["properties"].items():
            assert of_field.get("description"), (name, field)
    assert types["Prediction"]["description"] == "What the model says of one sentence."
    source = types["LedgerEntry"]["properties"]["source"]["description"]
    assert source == "Who takes it; null if the sentence does not say, or its writer does."


def test_the_reference_has_every_endpoint(client: TestClient) -> None:
    """And every field of what they take and give."""
    page = client.get("/docs").text
    description = client.get("/openapi.json").json()
    for path in description["paths"]:
        assert f"<code>{path}</code>" in page
    for name in (
        "texts",
        "abstain",
        "predictions",
        "probabilities",
        "cue",
        "named",
        "index",
        "articles[].outlet",
    ):
        assert f"<code>{name}</code>" in page
