"""Found acts against those that a reader marked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stance.predictions import Act, Span
from stance.train.data import LabelledAct

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SpanScores:
    """How well spans of one kind are found, in acts that were found.

    Args:
        token_f1: F1 over the words of all spans, 0 to 1.
        exact: share of acts whose span has the very words of the reader's, or is missing as the reader's is.
    """

    token_f1: float
    exact: float


@dataclass(frozen=True, slots=True)
class ActScores:
    """How well acts are found: those of the same stance whose cues share a word with the reader's.

    Args:
        precision, recall, f1: of acts, 0 to 1. An act for which the reader marked no cue counts as missed.
        source, claim: of the acts found whose source and claim the reader was asked for.
    """

    precision: float
    recall: float
    f1: float
    source: SpanScores
    claim: SpanScores


def score_acts(rows: Iterable[tuple[str, Sequence[Act], Sequence[LabelledAct]]]) -> ActScores:
    """Compare found acts with marked ones.

    Args:
        rows: for each sentence its text, the acts found, and the acts that a reader marked.
    """
    found = marked = 0
    pairs: list[tuple[str, Act, LabelledAct]] = []
    for text, predicted, labelled in rows:
        found, marked = found + len(predicted), marked + len(labelled)
        pairs += [(text, act, true) for act, true in _matches(text, predicted, labelled)]
    precision, recall = len(pairs) / max(1, found), len(pairs) / max(1, marked)
    whole = [(text, act, true) for text, act, true in pairs if true.whole]
    return ActScores(
        precision,
        recall,
        2 * len(pairs) / max(1, found + marked),
        _score_spans([(text, act.source, true.source) for text, act, true in whole]),
        _score_spans([(text, act.claim, true.claim) for text, act, true in whole]),
    )


def _matches(
    text: str, predicted: Sequence[Act], labelled: Sequence[LabelledAct]
) -> Iterable[tuple[Act, LabelledAct]]:
    """Pair each found act with the first free one of its stance among the marked whose cue it meets."""
    free = list(labelled)
    for act in predicted:
        words = _words(text, act.cue)
        for true in free:
            if act.stance == true.stance and words & _words(text, true.cue):
                free.remove(true)
                yield act, true
                break


def _score_spans(rows: Sequence[tuple[str, Span | None, Span | None]]) -> SpanScores:
    words = [(_words(text, span), _words(text, true)) for text, span, true in rows]
    shared = sum(len(span & true) for span, true in words)
    every = sum(len(span) + len(true) for span, true in words)
    exact = sum(span == true for span, true in words)
    return SpanScores(2 * shared / max(1, every), exact / max(1, len(rows)))


def _words(text: str, span: Span | None) -> set[tuple[int, int]]:
    """Return the words that a span touches, by their places."""
    if span is None:
        return set()
    return {
        word.span() for word in _WORD.finditer(text) if word.start() < span.end and word.end() > span.start
    }
