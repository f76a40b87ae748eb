"""The model that ships: what it says of plain cases, and that every way to it says the same."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import stance
from stance.bundle import open_bundle
from stance.errors import ModelError
from stance.mentions import resolve
from stance.models import find_model

PLAIN = {
    "Tehran denied any plan to sell drones.": "denial",
    "The envoy dismissed the complaint as another fake.": "denial",
    "He pleaded not guilty to charges of wire fraud.": "denial",
    "The agency confirmed that the documents were genuine.": "confirmation",
    "She acknowledged that the figures had been wrong.": "confirmation",
    "The drones may have been sold by a private dealer.": "hedge",
    "There was no indication that the purchase had been finalised.": "hedge",
    "The opposition accused the government of lying to Parliament.": "allegation",
    "Prosecutors allege that he forged eleven invoices.": "allegation",
    "The minister said the talks would resume on Monday.": "none",
    "The session starts at 10 a.m. and will be broadcast live.": "none",
}
DEMO = (Path(stance.__file__).parent / "resources" / "demo.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def base() -> stance.Classifier:
    return stance.load()


@pytest.fixture(scope="module")
def fast() -> stance.Classifier:
    return stance.load("fast")


@pytest.mark.parametrize(("text", "label"), PLAIN.items())
def test_plain_cases_are_right(
    base: stance.Classifier, fast: stance.Classifier, text: str, label: str
) -> None:
    """Sentences that no reader would argue about, by either model."""
    assert base.classify(text).label == label
    assert fast.classify(text).label == label


def test_the_fast_model_leaves_plain_sentences_to_its_first_stage(fast: stance.Classifier) -> None:
    """Of ordinary sentences some are answered by it, and never one that denies or accuses."""
    answered = {one.text for one in fast.classify_many(PLAIN) if one.reason == "plain"}
    assert answered
    assert {PLAIN[text] for text in answered} == {"none"}
    with pytest.raises(ModelError, match="finds no acts"):
        fast.classify("It fell.", acts=True)


def test_the_shipped_models_make_a_cascade(base: stance.Classifier, fast: stance.Classifier) -> None:
    """A sentence of an article has the answer of one of them, some of either, with acts for its stances."""
    cascade = stance.load("fast+base")
    read = cascade.read(DEMO).predictions
    alone = {one.bundle.identity: one.read(DEMO).predictions for one in (base, fast)}
    for place, one in enumerate(read):
        theirs = alone[one.model][place]
        assert (one.label, one.probabilities) == (theirs.label, theirs.probabilities)
        assert {act.stance for act in one.acts or ()} == set(one.stances)
    assert {one.model for one in read} == set(alone)
    assert [cascade.classify(text).label for text in PLAIN] == list(PLAIN.values())


def test_the_demonstration_article_is_read_right(base: stance.Classifier) -> None:
    """A government denies, one agency confirms, another hedges, an envoy calls it fake."""
    expected = {
        "Orlenia Denies Secret Arms Deal": "denial",
        "PORT SELENE": "denial",
        "A spokesman for the agency": "confirmation",
        "Its spokeswoman": "hedge",
        "Kastovia’s envoy": "denial",
        "The opposition accused": "allegation",
        "Ms. Holt rejected": "denial",
        "The dealer, Arvo Systems": "hedge",
        "Parliament will debate": "none",
        "Photo:": "none",
    }
    document = base.read(DEMO)
    for beginning, label in expected.items():
        (prediction,) = [row for row in document.predictions if row.text.startswith(beginning)]
        assert prediction.label == label, prediction.text


def test_every_entry_point_gives_the_same(base: stance.Classifier) -> None:
    """One at a time, many at once, as a document, and on the command line."""
    document = base.read(DEMO)
    texts = [sentence.text for sentence in document.sentences]
    many = list(base.classify_many(texts, acts=True))
    assert many == [base.classify(text, acts=True) for text in texts]
    assert list(document.predictions) == list(resolve(DEMO, document.sentences, many))
    assert [replace(one, acts=None) for one in many] == list(base.classify_many(texts))
    run = subprocess.run(
        [sys.executable, "-Im", "stance", "demo", "--format", "jsonl"], capture_output=True, check=True
    )
    assert [json.loads(line) for line in run.stdout.splitlines()] == list(document.rows())


def test_the_demonstration_article_says_who_and_what(base: stance.Classifier) -> None:
    """The parties under each stance, by which words, toward what; a short form by its full name."""
    acts = [act for prediction in base.read(DEMO).predictions for act in prediction.acts or ()]
    found = {(act.stance, act.source and act.source.text, act.cue and act.cue.text) for act in acts}
    assert {
        ("denial", "Orlenia", "Denies"),
        ("confirmation", "A spokesman for the agency", "confirmed"),
        ("hedge", "Its spokeswoman, Ilse Brandt", "no indication"),
        ("allegation", "The opposition", "accused"),
        ("allegation", "Mr. Ried", "alleges"),
    } <= found
    (agency,) = [act for act in acts if act.source and act.source.text == "The agency"]
    assert agency.named
    assert agency.named.text == "Federal Intelligence Agency"
    assert DEMO[agency.named.start : agency.named.end] == agency.named.text


def test_the_folder_is_whole_and_small() -> None:
    """Every hash is right, and the network is at most 24 MB."""
    folder = find_model()
    open_bundle(folder, every_file=True)
    assert (folder / "model.onnx").stat().st_size <= 24_000_000
    assert (folder / "README.md").is_file()


def test_transformers_opens_it_with_the_same_labels(base: stance.Classifier) -> None:
    """The folder is a Hugging Face checkpoint; int8 may differ from it in one sentence of a hundred."""
    transformers = pytest.importorskip("transformers")
    folder = find_model()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    texts = [*PLAIN, *(sentence.text for sentence in base.read(DEMO).sentences)]
    labels = [
        model.config.id2label[int(model(**tokenizer(text, return_tensors="pt")).logits.argmax())]
        for text in texts
    ]
    same = sum(label == base.classify(text).label for label, text in zip(labels, texts, strict=True))
    assert same >= len(texts) - 1
