"""What tests of ledgers share: the shipped model, the encoder, and entries made by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pyarrow")

import stance
from stance.ledger.claims import Entry
from stance.ledger.vectors import Encoder
from stance.predictions import Act, Span

ARTICLES = (
    (
        "one",
        "2024-03-01",
        "The Plain Post",
        "The auditors said that the harbour company had hidden leaks of fuel oil in Marrow Bay. "
        "The harbour company denied that it had hidden leaks of fuel oil.",
    ),
    (
        "two",
        "2024-03-04",
        "Gull Daily",
        "A spokesman for the regulator confirmed that the harbour company had hidden leaks of fuel oil.",
    ),
    (
        "three",
        "2024-03-05",
        "Gull Daily",
        "Villagers accused the zoo of poisoning two elderly giraffes with mouldy hay.",
    ),
)


@pytest.fixture(scope="session")
def base() -> stance.Classifier:
    return stance.load()


@pytest.fixture(scope="session")
def encode() -> Encoder:
    return Encoder()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write articles, (id, date, outlet, text) each, as JSON lines."""

    def write(name: str, articles: object) -> Path:
        file = tmp_path / f"{name}.jsonl"
        names = ("id", "date", "outlet", "text")
        rows = (json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in articles)
        file.write_text("".join(rows), encoding="utf-8")
        return file

    return write


def entry(
    sentence: str,
    kind: str,
    claim: str | None = None,
    *,
    source: str | None = None,
    cue: str | None = None,
    document: str = "d",
    date: str | None = None,
    start: int = 0,
    clear: bool = True,
) -> Entry:
    """An entry whose spans are found in its sentence."""

    def span(text: str | None) -> Span | None:
        return None if text is None else Span(text, at := sentence.index(text), at + len(text))

    act = Act(kind, span(source), span(cue), span(claim))
    return Entry(document, date, None, sentence, start, act, clear)
