"""The acts of a document to threads."""

from pathlib import Path

import stance
from stance.ledger.articles import Article
from stance.ledger.threads import find_threads
from stance.ledger.vectors import Encoder

DEMO = Path(stance.__file__).parent / "resources" / "demo.txt"


def found(text: str, classifier: stance.Classifier, encode: Encoder) -> list:
    return find_threads(classifier.read(text), Article("d", text), encode=encode)


def test_the_demonstration_has_two_claims(base: stance.Classifier, encode: Encoder) -> None:
    """The arms deal and the drones, with who alleged, confirmed, hedged and denied each."""
    deal, drones = found(DEMO.read_text(encoding="utf-8"), base, encode)

    def parties(thread: object, kind: str) -> list[str | None]:
        return [entry.who for entry in thread.entries if entry.stance == kind]

    assert "Defence Minister Mara Holt" in parties(deal, "denial")
    assert any("Radu Lenz" in str(who) for who in parties(deal, "denial"))
    assert parties(deal, "allegation") == ["the newspaper", "The opposition", "Tomas Ried"]
    assert parties(deal, "confirmation") == ["A spokesman for the agency", "Federal Intelligence Agency"]
    hedges = parties(deal, "hedge")  # the agency's "some credibility" may be one
    assert {"Ilse Brandt" in str(who) for who in hedges if "Agency" not in str(who)} == {True}
    assert "Tomas Ried" in parties(drones, "allegation")
    assert parties(drones, "denial") == ["Mara Holt"]
    assert parties(drones, "hedge") == ["two people familiar with the inquiry", "The dealer"]
    assert drones.apart == [deal]


def test_what_leans_joins_the_last(base: stance.Classifier, encode: Encoder) -> None:
    """A claim that is only pointed at is the one last spoken of."""
    text = "Farmers accused the dairy of watering its milk with ditch water. The dairy denied the accusation."
    (thread,) = found(text, base, encode)
    assert [entry.stance for entry in thread.entries][:1] == ["allegation"]
    assert "denial" in [entry.stance for entry in thread.entries]


def test_what_stands_alone_and_is_unlike_is_another(base: stance.Classifier, encode: Encoder) -> None:
    """Far from what was said, words of their own begin a claim of their own."""
    text = (
        "Farmers accused the dairy of watering its milk with ditch water. "
        + "The weather was fine on Monday. " * 4
        + "Astronomers denied that comet Zuber would strike Lisbon in December."
    )
    assert len(found(text, base, encode)) == 2


def test_offsets_slice_to_text(base: stance.Classifier, encode: Encoder) -> None:
    """Sentences and names are where they say in the document, spans in the sentence."""
    text = DEMO.read_text(encoding="utf-8")
    for thread in found(text, base, encode):
        for entry in thread.entries:
            assert text[entry.start : entry.end] == entry.sentence
            for span in (entry.act.source, entry.act.cue, entry.act.claim):
                assert span is None or entry.sentence[span.start : span.end] == span.text
            if named := entry.act.named:
                assert text[named.start : named.end] == named.text
