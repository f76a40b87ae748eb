"""Ledgers: built, grown, compared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

import stance
from stance.errors import InputError
from stance.ledger import Article, Ledger, build, differences

from ..conftest import TINY
from .conftest import ARTICLES

COLUMNS = {"id_column": "id", "date_column": "date", "outlet_column": "outlet"}
Write = Callable[..., Path]


def built(out: Path, *inputs: Path) -> Ledger:
    for one in inputs:
        build(one, out=out, **COLUMNS)
    return Ledger.open(out)


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_articles_that_speak_of_the_same_are_one_claim(tmp_path: Path, write: Write) -> None:
    """Who alleged, denied and confirmed it is on one timeline, by date, and the status follows."""
    fuel, zoo = built(tmp_path / "out", write("in", ARTICLES)).claims
    assert fuel.documents == ("one", "two")
    assert fuel.status == "confirmed"
    assert [entry.date for entry in fuel.entries] == sorted(str(entry.date) for entry in fuel.entries)
    assert "The harbour company" in fuel.parties["denial"]
    assert zoo.parties == {"allegation": ("Villagers",)}


def test_the_same_call_gives_the_same_bytes(tmp_path: Path, write: Write) -> None:
    """Built twice, all files are equal."""
    source = write("in", ARTICLES)
    built(tmp_path / "a", source)
    built(tmp_path / "b", source)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_it_grows(tmp_path: Path, write: Write) -> None:
    """New articles join old claims, whose ids and entries stay; every entry is there as if built at once."""
    first = built(tmp_path / "grown", write("first", ARTICLES[:1]))
    grown = built(tmp_path / "grown", write("more", ARTICLES[1:]))
    whole = built(tmp_path / "whole", write("all", ARTICLES))
    assert grown.claims[0].id == first.claims[0].id
    assert set(first.claims[0].entries) <= set(grown.claims[0].entries)
    assert {one for claim in grown.claims for one in claim.entries} == {
        one for claim in whole.claims for one in claim.entries
    }


def test_what_is_known_is_not_read_again(tmp_path: Path, write: Write) -> None:
    """The same articles once more change nothing, and are counted as known."""
    source = write("in", ARTICLES)
    built(tmp_path / "out", source)
    before = files(tmp_path / "out")
    assert build(source, out=tmp_path / "out", **COLUMNS).known == len(ARTICLES)
    assert files(tmp_path / "out") == before


def test_a_kill_before_the_last_file_counts_nothing_twice(tmp_path: Path, write: Write) -> None:
    """Where claims were written and the list of articles was not, adding them again gives the same."""
    first, more = write("first", ARTICLES[:1]), write("more", ARTICLES[1:])
    built(tmp_path / "out", first)
    state = (tmp_path / "out" / "ledger.json").read_bytes()
    built(tmp_path / "out", more)
    before = files(tmp_path / "out")
    (tmp_path / "out" / "ledger.json").write_bytes(state)
    built(tmp_path / "out", more)
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("at_once", [True, False])
def test_copies_count_once(tmp_path: Path, write: Write, at_once: bool) -> None:
    """A wire story that others print adds no entry, only where else it stands; at once or later."""
    name, date, _, text = ARTICLES[0]
    copies = [(f"{name}-{number}", date, f"Outlet {number}", text) for number in range(3)]
    inputs = [write("a", copies[:1]), write("b", copies[1:])] if not at_once else [write("a", copies)]
    alone = built(tmp_path / "alone", write("alone", copies[:1]))
    (claim,) = built(tmp_path / "out", *inputs).claims
    assert len(claim.entries) == len(alone.claims[0].entries)
    assert {len(one.copies) for one in claim.entries} == {2}
    assert len(claim.documents) == 3


def test_an_edited_copy_counts_once(tmp_path: Path, write: Write) -> None:
    """A wire story under another headline, with a word and a sentence less, adds no entry."""
    name, date, outlet, text = ARTICLES[0]
    long = f"{text} Talks go on. Nurses accused the harbour company of hiding leaks from its staff."
    edited = "Oil in the bay\n" + long.replace("Talks go on. ", "").replace("its staff", "staff")
    (alone,) = built(tmp_path / "alone", write("alone", [(name, date, outlet, long)])).claims
    source = write("in", [(name, date, outlet, long), ("copy", "2024-03-02", "Other", edited)])
    (claim,) = built(tmp_path / "out", source).claims
    assert len(claim.entries) == len(alone.entries)
    assert {len(one.copies) for one in claim.entries} == {1}


def test_bad_input_costs_only_itself(tmp_path: Path, write: Write) -> None:
    """Rows and files that cannot be read are listed with the reason; all others are in the ledger."""
    source = write("in", ARTICLES)
    with source.open("ab") as stream:
        stream.write(b'not JSON\n{"id": "x", "date": null, "outlet": "y", "text": null}\n')
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"It denied \xff that.")
    summary = build([source, broken], out=tmp_path / "out", **COLUMNS)
    rejected = [json.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").open(encoding="utf-8")]
    assert [row["reason"].partition(":")[0] for row in rejected] == ["not JSON", "no text", "not UTF-8"]
    assert (summary.articles, summary.rejected, summary.claims) == (3, 3, 2)


def test_a_date_that_cannot_be_read_is_counted(tmp_path: Path, write: Write) -> None:
    """The article is in the ledger, without a date, and the summary has the first; no date at all is fine."""
    (name, _, outlet, text), *others = ARTICLES
    dates = (None, " ", "2024-03-01", "March 2, 2024", "03/04/2024", "2024-03-05T10:00:00 UTC")
    rows = [(f"{name}-{place}", date, outlet, text) for place, date in enumerate(dates)]
    source = write("in", [*rows, *others])
    summary = build(source, out=tmp_path / "out", **COLUMNS)
    assert (summary.articles, summary.rejected, summary.undated) == (8, 0, 3)
    assert summary.first_undated == f"'March 2, 2024' ({source}:4)"
    assert build(write("more", others), out=tmp_path / "out", **COLUMNS).first_undated is None


def test_sentences(tmp_path: Path) -> None:
    """By unit sentence a line of text is a document of its own."""
    source = tmp_path / "heads.txt"
    source.write_text(
        "Zoo Denies Poisoning Elderly Giraffes\nZoo Poisoned Elderly Giraffes, Villagers Allege\n",
        encoding="utf-8",
    )
    build(source, out=tmp_path / "out", unit="sentence")
    (claim,) = Ledger.open(tmp_path / "out").claims
    assert claim.documents == (f"{source}:1", f"{source}:2")


def test_parquet_holds_every_entry(tmp_path: Path, write: Write) -> None:
    """The table has a row for each entry, and the same in it as the claims."""
    ledger = built(tmp_path / "out", write("in", ARTICLES))
    rows = parquet.read_table(tmp_path / "out" / "entries.parquet").to_pylist()
    pairs = [(claim, entry) for claim in ledger.claims for entry in claim.entries]
    assert [(row["claim_id"], row["sentence"], row["stance"]) for row in rows] == [
        (claim.id, entry.sentence, entry.stance) for claim, entry in pairs
    ]


def test_two_ledgers_are_compared(tmp_path: Path, write: Write) -> None:
    """New claims, those gone, and changes of status are named; a ledger does not differ from itself."""
    earlier = built(tmp_path / "out", write("first", ARTICLES[:1])).claims
    later = built(tmp_path / "out", write("more", ARTICLES[1:])).claims
    assert [(one.kind, one.before, one.after) for one in differences(earlier, later)] == [
        ("changed", "denied", "confirmed"),
        ("new", None, "alleged"),
    ]
    assert [one.kind for one in differences(later, earlier)] == ["changed", "gone"]
    assert not list(differences(later, later))


def test_ledgers_built_apart_are_compared_by_their_entries(tmp_path: Path, write: Write) -> None:
    """A claim that began with another article is still the same claim."""
    one = built(tmp_path / "a", write("a", ARTICLES)).claims
    other = built(tmp_path / "b", write("b", ARTICLES[::-1])).claims
    assert {claim.id for claim in one} != {claim.id for claim in other}
    assert not list(differences(one, other))


def test_another_model_is_refused(tmp_path: Path, write: Write) -> None:
    """A ledger is read by one model, as the labels of two do not go together."""
    source = write("in", ARTICLES)
    built(tmp_path / "out", source)
    with pytest.raises(InputError, match="labels differ"):
        build(source, out=tmp_path / "out", model=TINY, **COLUMNS)


def test_mistakes_are_named(tmp_path: Path, write: Write) -> None:
    """No ledger, a damaged one, a column that is not there."""
    with pytest.raises(InputError, match=r"no ledger\.json"):
        Ledger.open(tmp_path)
    with pytest.raises(InputError, match="Give another `date_column`"):
        build(write("in", ARTICLES), out=tmp_path / "out", date_column="day")
    built(tmp_path / "out", write("in", ARTICLES))
    (tmp_path / "out" / "claims.jsonl").write_text('{"id": "x"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="title"):
        Ledger.open(tmp_path / "out")


def test_lost_claims_are_no_empty_ledger(tiny: stance.Classifier, tmp_path: Path) -> None:
    """A folder that says which articles were read, and no more what they claim, is damaged."""
    Ledger().add([Article(ARTICLES[0][0], ARTICLES[0][3])], classifier=tiny).save(tmp_path)
    (tmp_path / "claims.jsonl").unlink()
    with pytest.raises(InputError, match=r"damaged ledger \(no claims\.jsonl\); build it anew"):
        Ledger.open(tmp_path)


def test_articles_that_were_read_already_give_the_same(tiny: stance.Classifier) -> None:
    """As if the ledger had read them itself, with those that it knows passed over, and blank ones."""
    articles = [Article(name, text, date, outlet) for name, date, outlet, text in ARTICLES]
    articles += [Article("blank", " "), articles[0], Article("\ud800", articles[1].text)]
    read = [(article, tiny.read(article.text)) for article in articles]
    first = Ledger().add(articles[:2], classifier=tiny)
    assert first.add_read(read, model=tiny.bundle.identity) == first.add(articles, classifier=tiny)
    with pytest.raises(InputError, match="was read by"):
        first.add_read(read, model="other")


def test_it_can_be_ended(tiny: stance.Classifier) -> None:
    """By what is called while the claims are gathered."""

    def end() -> None:
        raise InterruptedError

    read = [(Article(name, text), tiny.read(text)) for name, _, _, text in ARTICLES]
    with pytest.raises(InterruptedError):
        Ledger().add_read(read, model=tiny.bundle.identity, check=end)


def test_dates_are_in_iso_8601(tiny: stance.Classifier) -> None:
    """Times are put in UTC, whoever calls; what is no date is refused before anything is kept."""
    name, _, outlet, text = ARTICLES[0]
    ledger = Ledger().add([Article(name, text, "2024-03-01T23:00:00-02:00", outlet)], classifier=tiny)
    assert {one.date for claim in ledger.claims for one in claim.entries} == {"2024-03-02T01:00:00"}
    with pytest.raises(InputError, match="10 March 2024"):
        ledger.add([Article("other", text, "10 March 2024")], classifier=tiny)


def test_an_unknown_unit_is_named(tmp_path: Path, write: Write) -> None:
    """With those there are."""
    with pytest.raises(InputError, match='unit "page" came; one of "sentence", "document"'):
        build(write("in", ARTICLES), out=tmp_path / "out", unit="page")
