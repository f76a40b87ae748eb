"""A claim: who took which stance on it, when and where; to and from plain dicts."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from typing import Any, Self

from stance.errors import InputError
from stance.predictions import Act

STATUSES = {
    "allegation": "alleged",
    "confirmation": "confirmed",
    "hedge": "hedged",
    "denial": "denied",
}
"""What a claim is once a stance was taken on it."""

MOST_NAME_WORDS = 15
"""A source that is longer is a clause that was taken for one, not a name."""

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
_ARTICLE = re.compile(r"^(?:the|an?) ")
_PRONOUNS = frozenset("i we you he she it they who this that these those some others".split())


@dataclass(frozen=True, slots=True)
class Copy:
    """The same words in another place: wire copy, or a sentence that its writer repeats.

    Args:
        document: the id of the document.
        date: of the document, in ISO 8601; None where it is not known.
        outlet: who published it; None where it is not known.
        start: where the sentence begins in the document, in characters.
    """

    document: str
    date: str | None
    outlet: str | None
    start: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A stance that was taken on a claim.

    Args:
        document: the id of the document.
        date: of the document, in ISO 8601; None if it is not known.
        outlet: who published it; None if it is not known.
        sentence: the sentence.
        start: where it begins in the document, in characters.
        act: who takes which stance, by which words; spans are offsets in the sentence, `named` is one in the
            document.
        clear: whether the words alone say which claim it is; else the document around them does.
        copies: where else the same words stand; they count once.
    """

    document: str
    date: str | None
    outlet: str | None
    sentence: str
    start: int
    act: Act
    clear: bool
    copies: tuple[Copy, ...] = ()

    @property
    def end(self) -> int:
        """Where the sentence ends in the document."""
        return self.start + len(self.sentence)

    @property
    def stance(self) -> str:
        """The stance."""
        return self.act.stance

    @property
    def status(self) -> str:
        """What the claim is after it."""
        return STATUSES.get(self.stance, self.stance)

    @property
    def text(self) -> str:
        """The claim in its words: the span, or the sentence where there is none."""
        return self.act.claim.text if self.act.claim else self.sentence

    @property
    def content(self) -> str:
        """The claim without the cue, which says nothing of what it is about ("may", "appears")."""
        claim, cue = self.act.claim, self.act.cue
        start, end = (claim.start, claim.end) if claim else (0, len(self.sentence))
        if cue is None or cue.start < start or cue.end > end:
            return self.text
        return self.sentence[start : cue.start] + self.sentence[cue.end : end]

    @property
    def who(self) -> str | None:
        """Who takes the stance, by the fullest name that is known; None if no name is."""
        source, cue = self.act.source, self.act.cue
        if source is None or (cue and source.start <= cue.start and cue.end <= source.end):
            return None  # "a claim, that …" is nobody
        name = (self.act.named or source).text
        if name.lower() in _PRONOUNS or len(name.split()) > MOST_NAME_WORDS:
            return None
        return name

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What copies have in common: sentence, stance, source and claim, but for case and punctuation."""
        act = self.act
        return (
            plain(self.sentence),
            act.stance,
            plain(act.source.text) if act.source else "",
            plain(act.claim.text) if act.claim else "",
        )

    @property
    def place(self) -> Copy:
        """Where it stands."""
        return Copy(self.document, self.date, self.outlet, self.start)

    @property
    def places(self) -> Iterator[Copy]:
        """Every place where it stands."""
        yield self.place
        yield from self.copies

    def confirms(self, other: "Entry") -> bool:
        """Say whether it confirms a denial of the same sentence, as "confirmed that he had not" does."""
        claim, cue = self.act.claim, other.act.cue
        if (self.stance, other.stance) != ("confirmation", "denial") or claim is None or cue is None:
            return False
        return self.act.source == other.act.source and claim.start <= cue.start and cue.end <= claim.end

    def with_copy(self, other: "Entry") -> "Entry":
        """Note where else the same words stand."""
        known = set(self.places)
        new = tuple(place for place in other.places if place not in known)
        return replace(self, copies=self.copies + new) if new else self

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain values, ready for JSON."""
        return {
            "document": self.document,
            "date": self.date,
            "outlet": self.outlet,
            "sentence": self.sentence,
            "start": self.start,
            "end": self.end,
            **self.act.to_dict(),
            "who": self.who,
            "clear": self.clear,
            "copies": [asdict(copy) for copy in self.copies],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build an entry from what `to_dict` gave."""
        return cls(
            values["document"],
            values["date"],
            values["outlet"],
            values["sentence"],
            values["start"],
            Act.from_dict(values),
            values["clear"],
            tuple(Copy(**copy) for copy in values["copies"]),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A change of status.

    Args:
        before: from what; None if the claim was new.
        after: to what.
        entry: by the entry of which number, from 0.
    """

    before: str | None
    after: str
    entry: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and its timeline.

    Args:
        id: 12 hexadecimal digits; it stays whatever is added.
        title: its clearest words.
        entries: in the order of their dates; those without one first, as they were read.
    """

    id: str
    title: str
    entries: tuple[Entry, ...]

    @property
    def status(self) -> str:
        """What the last sentence made of it: alleged, confirmed, hedged or denied."""
        return self.entries[self.turns[-1]].status

    @property
    def turns(self) -> tuple[int, ...]:
        """The numbers of the entries that decide the status: of each sentence, its main act.

        Where that confirms a denial, the denial decides; where it is a copy, it has decided already. A hedge
        without a claim, a refusal to comment say, decides only where nothing has.
        """
        denials = self._confirmed_denials
        found: list[int] = []
        copied: set[Copy] = set()
        for main, *_ in self._sentences:
            entry = self.entries[main]
            if entry.place in copied:
                continue
            copied.update(entry.copies)
            if entry.stance != "hedge" or entry.act.claim or not found:
                found.append(denials.get(main, main))
        return tuple(found)

    @property
    def _sentences(self) -> Collection[Sequence[int]]:
        """The numbers of the entries, those of a sentence together."""
        found: dict[tuple[Copy, str], list[int]] = {}
        for number, entry in enumerate(self.entries):
            found.setdefault((entry.place, entry.sentence), []).append(number)
        return found.values()

    @property
    def _confirmed_denials(self) -> dict[int, int]:
        """By the numbers of entries that confirm a denial, the number of the denial."""
        pairs = (pair for numbers in self._sentences for pair in permutations(numbers, 2))
        return {one: other for one, other in pairs if self.entries[one].confirms(self.entries[other])}

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of status, the first entry's among them."""
        found: list[Change] = []
        for number in self.turns:
            before, after = found[-1].after if found else None, self.entries[number].status
            if before != after:
                found.append(Change(before, after, number))
        return tuple(found)

    @property
    def parties(self) -> dict[str, tuple[str, ...]]:
        """Who took each stance, in the order in which they first did; nobody where none is named.

        Whoever confirms a denial denies; names that differ by an article alone are one.
        """
        found: dict[str, dict[str, str]] = {}
        denials = self._confirmed_denials
        for entry in (entry for number, entry in enumerate(self.entries) if number not in denials):
            names = found.setdefault(entry.stance, {})
            if entry.who:
                names.setdefault(_ARTICLE.sub("", plain(entry.who)) or entry.who, entry.who)
        return {stance: tuple(found[stance].values()) for stance in STATUSES if stance in found}

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that speak of it, those with copies among them."""
        return tuple(dict.fromkeys(place.document for entry in self.entries for place in entry.places))

    def to_dict(self) -> dict[str, Any]:
        """Return the claim as plain values, ready for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "status": self.status,
            "changes": [asdict(change) for change in self.changes],
            "parties": {stance: list(names) for stance, names in self.parties.items()},
            "documents": len(self.documents),
            "entries": [entry.to_dict() for entry in self.entries],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a claim from what `to_dict` gave; what follows from its entries is not read.

        Raises:
            InputError: a field is missing.
        """
        try:
            entries = tuple(Entry.from_dict(entry) for entry in values["entries"])
            return cls(values["id"], values["title"], entries)
        except (KeyError, TypeError) as error:
            raise InputError(f"a claim needs id, title and entries: {error!r}") from error


def plain(text: str) -> str:
    """Leave of a text its letters and digits, in lower case, and single blanks."""
    return " ".join(_LETTERS_AND_DIGITS.findall(text.casefold()))
