"""Predictions and documents, to and from plain dicts."""

import json

import pytest

import stance
from stance.errors import InputError

ACT = {"stance": "denial", "source": None, "cue": None, "claim": None}


def test_a_prediction_survives_json(tiny: stance.Classifier) -> None:
    """What was written is what is read, with acts and without."""
    for acts in (False, True):
        prediction = tiny.classify("Orlenia denied it.", acts=acts)
        assert stance.Prediction.from_dict(json.loads(json.dumps(prediction.to_dict()))) == prediction


def test_a_prediction_of_old_has_no_acts(tiny: stance.Classifier) -> None:
    """Rows that were written before there were acts are read."""
    values = tiny.classify("Orlenia denied it.").to_dict()
    del values["acts"]
    assert stance.Prediction.from_dict(values).acts is None


def test_an_act_that_is_none_is_refused(tiny: stance.Classifier) -> None:
    """The message says what an act needs."""
    values = tiny.classify("Orlenia denied it.").to_dict() | {"acts": [{"stance": "denial"}]}
    with pytest.raises(InputError, match="an act needs"):
        stance.Prediction.from_dict(values)


def test_a_document_survives_json(tiny: stance.Classifier) -> None:
    """Sentences, offsets and predictions come back."""
    document = tiny.read("Orlenia denied it.\n\nThe agency was cautious. ")
    assert stance.Document.from_dict(json.loads(json.dumps(document.to_dict()))) == document


def test_rows_carry_their_place(tiny: stance.Classifier) -> None:
    """The keys of a row are index, start, end and those of a prediction."""
    document = tiny.read("It fell. It rose.")
    rows = list(document.rows())
    assert [(row["index"], row["start"], row["end"]) for row in rows] == [(0, 0, 8), (1, 9, 17)]
    assert list(rows[0]) == ["index", "start", "end", *tiny.classify("It fell.").to_dict()]


@pytest.mark.parametrize("kind", [stance.Prediction, stance.Document])
def test_a_missing_field_is_named(kind: type) -> None:
    """What is no prediction is refused by name."""
    with pytest.raises(InputError, match=r"missing: .*text"):
        kind.from_dict({"sentences": []})


def test_the_top_label_is_the_most_probable_one(tiny: stance.Classifier) -> None:
    """It is kept apart from the decision."""
    values = tiny.classify("It fell.").to_dict() | {
        "label": "hedge",
        "probabilities": {"a": 0.2, "b": 0.8},
    }
    prediction = stance.Prediction.from_dict(values)
    assert (prediction.label, prediction.top_label) == ("hedge", "b")


def test_a_sentence_without_its_place_is_refused(tiny: stance.Classifier) -> None:
    """A document is no document without them."""
    values = tiny.read("It fell.").to_dict()
    del values["sentences"][0]["start"]
    with pytest.raises(InputError, match="needs start"):
        stance.Document.from_dict(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", None),
        ("text", b"It fell."),
        ("label", 1),
        ("confidence", None),
        ("confidence", "high"),
        ("probabilities", None),
        ("probabilities", ["none"]),
        ("stances", None),
        ("stances", 3),
        ("stances", "denial"),
        ("truncated", None),
        ("reason", 1),
        ("model", None),
        ("acts", 3),
        ("acts", [None]),
        ("acts", [ACT | {"stance": None}]),
        ("acts", [ACT | {"source": "he"}]),
        ("acts", [ACT | {"source": {"text": 1, "start": 0, "end": 1}}]),
    ],
)
def test_a_field_of_another_type_is_refused(tiny: stance.Classifier, name: str, value: object) -> None:
    """By its name, in a prediction and in a sentence of a document."""
    document = tiny.read("It fell.").to_dict()
    document["sentences"][0][name] = value
    with pytest.raises(InputError, match=name if name != "acts" else "act"):
        stance.Prediction.from_dict(document["sentences"][0])
    with pytest.raises(InputError, match=name if name != "acts" else "act"):
        stance.Document.from_dict(document)


@pytest.mark.parametrize("change", [{"text": None}, {"sentences": None}, {"sentences": [3]}])
def test_a_document_of_other_types_is_refused(tiny: stance.Classifier, change: dict) -> None:
    """And so is what is no mapping at all."""
    with pytest.raises(InputError, match="came"):
        stance.Document.from_dict(tiny.read("It fell.").to_dict() | change)
    with pytest.raises(InputError, match="came"):
        stance.Document.from_dict([])  # type: ignore[arg-type]


def test_a_place_that_is_no_number_is_refused(tiny: stance.Classifier) -> None:
    """Of a sentence in its document."""
    document = tiny.read("It fell.").to_dict()
    document["sentences"][0]["start"] = None
    with pytest.raises(InputError, match="start"):
        stance.Document.from_dict(document)
