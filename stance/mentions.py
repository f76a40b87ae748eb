"""Who is meant: from a source as a sentence has it to its first full mention in the document.

Only what the document makes plain: a last name to the one full name that ends in it, "the ministry" to the
one ministry, an acronym to the words that it abbreviates, "he" or "she" to the only person spoken of just
before. All else stays as it is.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import dropwhile

from stance.predictions import Act, Prediction, Span
from stance.sentences import Sentence

_WORD = r"(?:[A-Z][\w’'-]*\w|[A-Z]\.)"
_NAME = re.compile(rf"{_WORD}(?: (?:(?:of|for|and|the|bin|al|de|van|von|der|del|la) )?{_WORD})*")
_TITLES = frozenset(
    """
    Mr Mrs Ms Dr Sen Rep Gov Gen Sgt Capt Lt President Senator Representative Governor General Secretary
    Minister Prime Judge Justice Professor Chancellor Chairman Congressman Congresswoman Attorney Director
    Officer Sheriff Mayor King Queen Prince Princess Pope Lord Lady Sir Former Republican Democrat Democratic
    Spokesman Spokeswoman
    """.split()
)
_OPENERS = frozenset(
    """
    The A An But And Or In On At For If When While As After Before Because Although Though Since Even Then Now
    That This These Those So Also However Meanwhile Yet Not No Why How What Who Like With From By To Is Was
    Did Does Do It He She They We You I
    """.split()
)
"""Words that stand before a name with a capital and are no part of it."""

_BEFORE = _OPENERS | _TITLES

_DEFINITE = re.compile(r"[Tt]he ([a-z]+)$")
_ACRONYM = re.compile(r"(?:[Tt]he )?([A-Z]{2,6})$")
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr)\.? \Z")
_LONGEST_TITLE = len("Mrs. ")
_ALONE = re.compile(r"(?<!\w )(?<!\w)")
_SPEAKS = re.compile(r" (?:said|says|told|added|wrote|was|has|had|is)\b")
_RUN = re.compile(r"\w+")
_EDGE = re.compile(r"\b")
_HE, _SHE = {"he", "him", "his"}, {"she", "her"}
_SMALL = {"of", "for", "and", "the"}


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of two words or more, and where it stands in the document."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def last(self) -> str:
        return self.text.split()[-1]

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.text.split() if word not in _SMALL)


def resolve(
    text: str, sentences: Sequence[Sentence], predictions: Sequence[Prediction]
) -> Iterator[Prediction]:
    """Name the sources of a document's acts by their first full mentions, where these are plain.

    Args:
        text: the document.
        sentences: its sentences.
        predictions: one for each sentence, with acts or without.

    Yields:
        The predictions; an act whose source was resolved has it in `named`, with offsets in the document.
    """
    names = _Names(text)
    for index, (sentence, prediction) in enumerate(zip(sentences, predictions, strict=True)):
        before = sentences[index - 1].start if index else 0
        acts = prediction.acts and tuple(
            replace(act, named=names.find(act, sentence.start, since=before)) for act in prediction.acts
        )
        yield replace(prediction, acts=acts)


class _Names:
    """The names of a document.

    Args:
        text: the document.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._names = list(_full_names(text))
        self._starts = [name.start for name in self._names]
        self._personal = [name for name in self._names if _is_personal(name.text)]
        self._by_last = _Firsts((name.last, name) for name in self._names)
        self._by_last_of_person = _Firsts((name.last, name) for name in self._personal)
        self._by_noun = _Firsts((name.last.lower(), name) for name in self._names)
        self._by_initials = _Firsts((name.initials, name) for name in self._names)

    def find(self, act: Act, offset: int, *, since: int) -> Span | None:
        """Return the first full mention of an act's source.

        Args:
            act: of a sentence that begins at `offset`.
            since: where the sentence before begins.
        """
        if act.source is None:
            return None
        source, start = act.source.text, offset + act.source.start
        if source.lower() in _HE | _SHE:
            return self._person(since, start)
        source = _bare(source)
        if definite := _DEFINITE.match(act.source.text):
            return self._by_noun.only(definite[1], start)
        if acronym := _ACRONYM.match(act.source.text):
            return self._by_initials.only(acronym[1], start)
        if re.fullmatch(_WORD, source):
            return self._by_last_of_person.only(source, start)
        return None

    def _person(self, since: int, end: int) -> Span | None:
        """Return the first full mention of the only person who is spoken of between two places."""
        between = self._text[since:end]
        found = self._people.find(between)
        spoken_of = {word for word, _, stop in found if _EDGE.match(between, stop)}
        others = [
            name
            for name in self._names[bisect_left(self._starts, since) : bisect_left(self._starts, end)]
            if name.last not in self._people or (name.end > end and name.last not in between)
        ]
        if len(spoken_of) != 1 or any(len(name.text.split()) == 2 for name in others):
            return None
        return self._by_last.only(spoken_of.pop(), end)

    @cached_property
    def _people(self) -> "_Words":
        """The last names that also stand alone, as only people's do, or after a title."""
        found = _Words({name.last for name in self._personal}).find(self._text)
        return _Words({word for word, start, end in found if _is_person(self._text, start, end)})


class _Firsts:
    """The first of the names of each kind, and where the first other one begins.

    Args:
        names: each with its kind, in the order of the document.
    """

    def __init__(self, names: Iterable[tuple[str, _Name]]) -> None:
        self._first: dict[str, _Name] = {}
        self._other: dict[str, int] = {}
        for kind, name in names:
            if name.text != self._first.setdefault(kind, name).text:
                self._other.setdefault(kind, name.start)

    def only(self, kind: str, end: int) -> Span | None:
        """Return the first of a kind's names before `end`, if all of them are the same."""
        first = self._first.get(kind)
        if first is None or first.start >= end or self._other.get(kind, end) < end:
            return None
        return Span(first.text, first.start, first.end)


class _Words:
    """Words that are found in a text in one pass, however many they are; some hold hyphens or apostrophes.

    Args:
        words: each begins with a letter.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._by_run: dict[str, set[str]] = {}
        for word in words:
            self._by_run.setdefault(_run(word), set()).add(word)

    def __contains__(self, word: str) -> bool:
        return word in self._by_run.get(_run(word), ())

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield each place where one of them begins with a word of the text: the word, its start, its end."""
        for run in _RUN.finditer(text):
            for word in self._by_run.get(run[0], ()):
                if text.startswith(word, run.start()):
                    yield word, run.start(), run.start() + len(word)


def _run(word: str) -> str:
    return str(_RUN.findall(word)[0])


def _is_person(text: str, start: int, end: int) -> bool:
    """Say whether a last name that stands between two places is a person's there."""
    if _TITLED.search(text, max(0, start - _LONGEST_TITLE - 1), start) and _EDGE.match(text, end):
        return True
    return bool(_ALONE.match(text, start) and _SPEAKS.match(text, end))


def _full_names(text: str) -> Iterator[_Name]:
    """Yield names of two words or more, without what stands before them or between two of them."""
    for match in _NAME.finditer(text):
        words = [(word[0], word.start()) for word in re.finditer(r"\S+", match[0])]
        words = list(dropwhile(lambda word: word[0].rstrip(".") in _BEFORE, words))
        titles = [place for place, (word, _) in enumerate(words) if word.rstrip(".") in _TITLES]
        if titles:  # "US President Donald Trump"
            del words[: titles[-1] + 1]
        if len(words) > 1:
            start = words[0][1]
            yield _Name(match[0][start:].removesuffix("’s").removesuffix("'s"), match.start() + start)


def _is_personal(name: str) -> bool:
    """Say whether a name has the form of a person's: two or three words, none a small one or in capitals."""
    words = name.split()
    return len(words) <= 3 and not any(word in _SMALL or (word.isupper() and len(word) > 2) for word in words)


def _bare(source: str) -> str:
    """Leave out titles and the genitive."""
    words = [word for word in source.split() if word.rstrip(".") not in _TITLES]
    return " ".join(words).removesuffix("’s").removesuffix("'s")
