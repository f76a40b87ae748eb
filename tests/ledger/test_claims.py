"""Claims and their timelines."""

import json
from dataclasses import replace

import pytest

from stance.errors import InputError
from stance.ledger.claims import Claim
from stance.ledger.copies import timeline

from .conftest import entry

SAID = entry(
    "The union said managers hid it.", "allegation", "managers hid it", source="The union", date="2024-01-02"
)
DENIED = entry("Managers denied it.", "denial", source="Managers", date="2024-01-03", start=40)


def test_status_and_its_changes() -> None:
    """The status is what the last sentence made of the claim; each change says which entry made it."""
    again = replace(DENIED, start=90)
    claim = Claim("x", "t", (SAID, DENIED, again))
    assert claim.status == "denied"
    assert [(one.before, one.after, one.entry) for one in claim.changes] == [
        (None, "alleged", 0),
        ("alleged", "denied", 1),
    ]


def test_an_embedded_act_changes_no_status() -> None:
    """Of a sentence that holds two acts, the main one, which comes first, decides."""
    main = entry("He denied charges that he lied.", "denial", "he lied")
    embedded = entry("He denied charges that he lied.", "allegation", "he lied")
    assert Claim("x", "t", (main, embedded)).status == "denied"


NOT_TAKEN = "Prosecutors confirmed that Holm had not taken bribes."


def test_a_denial_that_is_confirmed_is_a_denial() -> None:
    """Whoever confirms that something is not so denies it: the status is that, and the party stands once."""
    claim = "Holm had not taken bribes"
    said = entry(NOT_TAKEN, "confirmation", claim, source="Prosecutors", cue="confirmed")
    charged = entry(NOT_TAKEN, "allegation", claim)
    denied = entry(NOT_TAKEN, "denial", claim, source="Prosecutors", cue="not")
    found = Claim("x", "t", (said, charged, denied))
    assert [(one.after, one.entry) for one in found.changes] == [("denied", 2)]
    assert found.parties == {"allegation": (), "denial": ("Prosecutors",)}


def test_a_confirmation_after_a_denial_stays_one() -> None:
    """Where the denial's words stand outside of what is confirmed, or are another's, both count."""
    sentence = "Prosecutors confirmed, and Holm denied, that he had not declared bribes."
    claim = "he had not declared bribes"
    said = entry(sentence, "confirmation", claim, source="Prosecutors", cue="confirmed")
    denied = entry(sentence, "denial", claim, source="Prosecutors", cue="denied")
    other = entry(sentence, "denial", claim, source="Holm", cue="not")
    for denial in (denied, other):
        found = Claim("x", "t", (said, denial))
        assert found.status == "confirmed"
        assert found.parties["confirmation"] == ("Prosecutors",)


REJECTED = "The ministry rejected claims by the opposition that it had bribed two judges of a court in Lund."


def test_an_embedded_act_of_a_copy_changes_no_status() -> None:
    """Where the main act is a copy of an earlier one, the other acts of its sentence decide no more."""
    edited = REJECTED.replace("the opposition", "opposition lawmakers")
    entries = [
        entry(sentence, kind, "it had bribed two judges", source=source, document=document)
        for document, sentence, accuser in (("a", REJECTED, "the opposition"), ("b", edited, "opposition"))
        for kind, source in (("denial", "The ministry"), ("allegation", accuser))
    ]
    claim = Claim("x", "t", timeline(entries))
    assert [one.stance for one in claim.entries] == ["denial", "allegation", "allegation"]
    assert claim.status == "denied"


def test_a_copy_of_an_embedded_act_leaves_the_main_act() -> None:
    """A sentence nearly the same, but for who takes which stance, decides again."""
    edited = REJECTED.replace("rejected", "confirmed")
    entries = [
        entry(sentence, kind, "it had bribed two judges", source=source, document=document)
        for document, sentence, main in (("a", REJECTED, "denial"), ("b", edited, "confirmation"))
        for kind, source in ((main, "The ministry"), ("allegation", "the opposition"))
    ]
    claim = Claim("x", "t", timeline(entries))
    assert [one.stance for one in claim.entries] == ["denial", "allegation", "confirmation"]
    assert claim.status == "confirmed"


@pytest.mark.parametrize("date", ["2024-01-01", "2024-01-05"])
def test_a_new_version_of_an_article_decides_again(date: str) -> None:
    """A sentence is another one where its words or its date differ, though it stands where one has stood."""
    new = entry("Managers hid it, they admit.", "confirmation", document=DENIED.document, date=date, start=40)
    assert Claim("x", "t", timeline([replace(DENIED, date="2024-01-01"), new])).status == "confirmed"
    again = replace(DENIED, date="2024-01-09")
    assert timeline([DENIED, again])[0].copies == (again.place,)


def test_a_refusal_to_comment_changes_no_status() -> None:
    """A hedge without a claim leaves the status that there is, and stays in the ledger with its party."""
    words = "Its lawyer declined to comment on charges that managers hid it."
    refused = entry(words, "hedge", source="Its lawyer", start=90)
    charged = entry(words, "allegation", "managers hid it", start=90)
    claim = Claim("x", "t", (SAID, DENIED, refused, charged))
    assert claim.status == "denied"
    assert claim.parties["hedge"] == ("Its lawyer",)
    assert Claim("x", "t", (refused, charged)).status == "hedged"
    unclear = entry("It is unclear whether managers hid it.", "hedge", "managers hid it", start=180)
    assert Claim("x", "t", (SAID, DENIED, unclear)).status == "hedged"


def test_parties() -> None:
    """Each stance has those who took it; where none is named, nobody."""
    hedged = entry("It may be so.", "hedge")
    assert Claim("x", "t", (SAID, DENIED, hedged)).parties == {
        "allegation": ("The union",),
        "hedge": (),
        "denial": ("Managers",),
    }


def test_a_party_stands_once() -> None:
    """Names that differ by their article, by case or by punctuation are one, in the form that comes first."""
    names = ("Coast guard", "The coast guard", "The police", "Police", "Ann Lee", "Ann-Lee,", "The", "…", "?")
    said = [entry(f"{name} denied it.", "denial", source=name) for name in names]
    found = Claim("x", "t", tuple(said)).parties["denial"]
    assert found == ("Coast guard", "The police", "Ann Lee", "The", "…", "?")


def test_a_pronoun_is_nobody() -> None:
    """Who is only "they" is not named."""
    assert entry("They denied it.", "denial", source="They").who is None


def test_a_clause_is_nobody() -> None:
    """A source that is too long for a name names no one."""
    clause = (
        "Officials of the harbour said that most of the aid had been useless, as it sank, wrote a reporter"
    )
    assert entry(f"{clause} denied it.", "denial", source=clause).who is None


def test_copies_count_once() -> None:
    """The same words in another document are one entry, the earliest, whatever their case and punctuation."""
    wire = replace(SAID, sentence="The union said: managers hid it!", document="e", date="2024-01-01")
    (kept,) = timeline([SAID, wire, wire, SAID])
    assert (kept.document, [copy.document for copy in kept.copies]) == ("e", ["d"])


def test_entries_without_a_date_come_first() -> None:
    """Entries are in the order of their dates, those without one before, as they were read."""
    bare = entry("A union said so.", "allegation")
    assert timeline([DENIED, SAID, bare]) == (bare, SAID, DENIED)


def test_there_and_back() -> None:
    """A claim survives JSON; one that lacks a field is refused."""
    claim = Claim("x", "t", timeline([SAID, replace(SAID, document="e"), DENIED]))
    values = json.loads(json.dumps(claim.to_dict()))
    assert Claim.from_dict(values) == claim
    del values["entries"][0]["start"]
    with pytest.raises(InputError, match="start"):
        Claim.from_dict(values)
