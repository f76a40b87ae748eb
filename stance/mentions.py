"""Who is meant: from a source as a sentence has it to its first full mention in the document.

Only what the document makes plain: a last name to the one full name that ends in it, "the ministry" to the
one ministry, an acronym to the words that it abbreviates, "he" or "she" to the only person spoken of just
before. All else stays as it is.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

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

_DEFINITE = re.compile(r"[Tt]he ([a-z]+)$")
_ACRONYM = re.compile(r"(?:[Tt]he )?([A-Z]{2,6})$")
_HE, _SHE = {"he", "him", "his"}, {"she", "her"}
_SMALL = {"of", "for", "and", "the"}


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of two words or more, and where it stands in the document."""

    text: str
    start: int

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
            return self._only(start, lambda name: name.last.lower() == definite[1])
        if acronym := _ACRONYM.match(act.source.text):
            return self._only(start, lambda name: name.initials == acronym[1])
        if re.fullmatch(_WORD, source):
            return self._only(start, lambda name: name.last == source and _is_personal(name.text))
        return None

    def _only(self, end: int, fits: Callable[[_Name], bool]) -> Span | None:
        """Return the first of the names before `end` that fit, if all of them are the same."""
        found = [name for name in self._names[: bisect_left(self._starts, end)] if fits(name)]
        if len({name.text for name in found}) != 1:
            return None
        return Span(found[0].text, found[0].start, found[0].start + len(found[0].text))

    def _person(self, since: int, end: int) -> Span | None:
        """Return the first full mention of the only person who is spoken of between two places."""
        between = self._text[since:end]
        near = [name for name in self._names if name.last in between]  # what a person is, is slow to say
        people = {name.last for name in near if self._is_person(name)}
        spoken_of = {last for last in people if re.search(rf"\b{re.escape(last)}\b", between)}
        others = [name for name in self._names if since <= name.start < end and name.last not in people]
        if len(spoken_of) != 1 or any(len(name.text.split()) == 2 for name in others):
            return None
        return self._only(end, lambda name: name.last in spoken_of)

    def _is_person(self, name: _Name) -> bool:
        """Say whether a name's last word also stands alone, as only people's do, or after a title."""
        last = re.escape(name.last)
        alone = rf"(?<!\w )(?<!\w){last}(?= (?:said|says|told|added|wrote|was|has|had|is)\b)"
        return _is_personal(name.text) and bool(
            re.search(rf"\b(?:Mr|Mrs|Ms|Dr)\.? {last}\b|{alone}", self._text)
        )


def _full_names(text: str) -> Iterator[_Name]:
    """Yield names of two words or more, without what stands before them or between two of them."""
    for match in _NAME.finditer(text):
        words = [(word[0], word.start()) for word in re.finditer(r"\S+", match[0])]
        while words and words[0][0].rstrip(".") in _OPENERS | _TITLES:
            del words[0]
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
