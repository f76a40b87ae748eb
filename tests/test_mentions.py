"""Who is meant: sources by their first full mentions."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.mentions import resolve
from stance.sentences import split

from .conftest import SENTENCES


def named(tiny: stance.Classifier, text: str, source: str) -> str | None:
    """What the last sentence's source is resolved to."""
    sentences = list(split(text))
    predictions = [tiny.classify(sentence.text) for sentence in sentences]
    last = sentences[-1].text
    start = last.index(source)
    act = stance.Act("denial", stance.Span.of(last, start, start + len(source)), None, None)
    predictions[-1] = replace(predictions[-1], acts=(act,))
    (found,) = list(resolve(text, sentences, predictions))[-1].acts or ()
    if found.named:
        assert text[found.named.start : found.named.end] == found.named.text
    return found.named and found.named.text


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("President Ilse Brandt arrived. It rained. Brandt denied it.", "Brandt", "Ilse Brandt"),
        ("Ilse Brandt arrived. Ms. Brandt denied it.", "Ms. Brandt", "Ilse Brandt"),
        ("Ilse Brandt met Karl Brandt. Brandt denied it.", "Brandt", None),
        ("Brandt arrived. Brandt denied it.", "Brandt", None),
        ("A clerk of the Foreign Ministry came. The ministry denied it.", "The ministry", "Foreign Ministry"),
        ("The Foreign Ministry and the Interior Ministry met. The ministry denied it.", "The ministry", None),
        ("The Port Safety Board met. The PSB denied it.", "The PSB", "Port Safety Board"),
        ("Ilse Brandt came. Brandt said so. She denied it.", "She", "Ilse Brandt"),
        ("Ilse Brandt met Jo Reed. Reed said so. Brandt told Reed. She denied it.", "She", None),
        ("Some clerk came. He denied it.", "He", None),
        ("Ilse Brandt came. The union denied it.", "The union", None),
    ],
)
def test_only_what_is_plain_is_resolved(
    tiny: stance.Classifier, text: str, source: str, expected: str | None
) -> None:
    """Last names, bodies, acronyms and pronouns, where one only is meant; else nothing is made up."""
    assert named(tiny, text, source) == expected


def test_the_first_mention_is_taken(tiny: stance.Classifier) -> None:
    """Of several, the one a reader meets first."""
    text = "Ilse Brandt came. Ilse Brandt left. Brandt denied it."
    sentences = list(split(text))
    act = stance.Act("denial", stance.Span("Brandt", 0, 6), None, None)
    predictions = [replace(tiny.classify(sentence.text), acts=(act,)) for sentence in sentences]
    (found,) = list(resolve(text, sentences, predictions))[-1].acts or ()
    assert found.named == stance.Span("Ilse Brandt", 0, 11)


def test_a_document_may_name_thousands(tiny: stance.Classifier) -> None:
    """Each pronoun is looked up as fast as in a short document: what is known of names is kept."""
    lasts = ["".join(some).capitalize() for some in product("abcdefg", repeat=4)]
    text = "".join(f"Ann {last} came.\n{last} said so.\nHe denied it.\n" for last in lasts)
    sentences = list(split(text))
    act = stance.Act("denial", stance.Span("He", 0, 2), None, None)
    denial = replace(tiny.classify("He denied it."), acts=(act,))
    found = list(resolve(text, sentences, [denial] * len(sentences)))
    names = [one.acts[0].named for one in found[2::3] if one.acts]
    assert [name and name.text for name in names] == [f"Ann {last}" for last in lasts]


def test_reading_resolves_and_keeps_the_surface_form(tiny: stance.Classifier) -> None:
    """The source stays as the sentence has it; a document survives JSON with its names."""
    document = tiny.read(" ".join(SENTENCES))
    for prediction in document.predictions:
        for act in prediction.acts or ():
            assert act.source is None or act.source.text in prediction.text
    assert stance.Document.from_dict(document.to_dict()) == document


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="Ab. ’'\n", max_size=60))
def test_any_text_can_be_read(tiny: stance.Classifier, text: str) -> None:
    """Names are looked for without falling over what is none."""
    tiny.read(text + " He denied it. Ab said so.")
