"""What the model says of a sentence and of a document; to and from plain dicts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

from stance.errors import InputError
from stance.sentences import Sentence

_Kinds = Mapping[str, tuple[type, ...]]
"""The fields that a mapping needs, and of what types their values may be."""

_NONE = type(None)
_SEQUENCE = (list, tuple, np.ndarray)  # of a row of Parquet, pandas makes the last
_PLACE: _Kinds = {"start": (Integral,), "end": (Integral,)}
_SPAN: _Kinds = {"text": (str,), **_PLACE}
_ACT: _Kinds = {"stance": (str,), **dict.fromkeys(("source", "cue", "claim", "named"), (Mapping, _NONE))}
_PREDICTION: _Kinds = {
    "text": (str,),
    "label": (str,),
    "confidence": (Real,),
    "probabilities": (Mapping,),
    "stances": _SEQUENCE,
    "truncated": (bool, np.bool_),
    "reason": (str, _NONE),
    "model": (str,),
    "acts": (*_SEQUENCE, _NONE),
}
_DOCUMENT: _Kinds = {"text": (str,), "sentences": _SEQUENCE}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a sentence and where it stands in it: `sentence[start:end] == text`.

    Args:
        text: the piece.
        start: where it begins, in characters, from 0.
        end: where it ends; the character there is no part of it.
    """

    text: str
    start: int
    end: int

    @classmethod
    def of(cls, sentence: str, start: int, end: int) -> Self:
        """Cut a piece out of a sentence.

        Raises:
            ValueError: it is empty, or not within the sentence.
        """
        if not 0 <= start < end <= len(sentence):
            raise ValueError(f"[{start}, {end}) is no piece of {len(sentence)} characters")
        return cls(sentence[start:end], start, end)


@dataclass(frozen=True, slots=True)
class Act:
    """A stance that somebody takes toward a claim.

    Args:
        stance: which.
        source: who takes it; None if the sentence does not say, or its writer does.
        cue: the words that show it; None if no words do.
        claim: what it is about; None if the sentence does not say.
        named: the source's first full mention in the document, with offsets there; None where there is no
            document, or it does not make it plain.
    """

    stance: str
    source: Span | None
    cue: Span | None
    claim: Span | None
    named: Span | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the act as plain dicts, strings and numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build an act from what `to_dict` gave.

        Raises:
            InputError: a field is missing, or of another type.
        """
        found = _checked(values, "an act", _ACT, named=None)
        spans = (found[name] for name in _ACT if name != "stance")
        return cls(found["stance"], *(None if span is None else _span(span) for span in spans))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one sentence.

    Args:
        text: the sentence, as it came.
        label: the decided label; "unsure" if the classifier might abstain and did.
        confidence: the probability of the most probable label, 0 to 1.
        probabilities: of all labels; they add up to 1.
        stances: all stances that the sentence holds, the label's among them; none of an "unsure" one.
        truncated: whether the sentence was longer than the model reads, and its end went unread.
        reason: why the network was not asked (the text is "empty", or so "plain" that the model's first
            stage answered) or not followed ("unsure"); None if it was.
        model: name and hash of the model, "base@0123456789ab".
        acts: who takes which stance, by which words, toward what; the main act first. None if they were
            not asked for.
    """

    text: str
    label: str
    confidence: float
    probabilities: Mapping[str, float]
    stances: tuple[str, ...]
    truncated: bool
    reason: str | None
    model: str
    acts: tuple[Act, ...] | None = None

    @property
    def top_label(self) -> str:
        """The most probable label, whatever was decided."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain dicts, lists, strings and numbers, ready for JSON."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return values | {
            "probabilities": dict(self.probabilities),
            "stances": list(self.stances),
            "acts": None if self.acts is None else [act.to_dict() for act in self.acts],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a prediction from what `to_dict` gave; keys that are no field are passed over.

        Raises:
            InputError: a field is missing, or of another type.
        """
        found = _checked(values, "a prediction", _PREDICTION, acts=None)
        acts = found["acts"]
        return cls(
            **found
            | {
                "probabilities": dict(found["probabilities"]),
                "stances": tuple(found["stances"]),
                "acts": None if acts is None else tuple(Act.from_dict(act) for act in acts),
            }
        )


_FIELDS = tuple(field.name for field in fields(Prediction))


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its sentences, and a prediction for each of them, in order."""

    text: str
    sentences: tuple[Sentence, ...]
    predictions: tuple[Prediction, ...]

    def __iter__(self) -> Iterator[tuple[Sentence, Prediction]]:
        return zip(self.sentences, self.predictions, strict=True)

    def __len__(self) -> int:
        return len(self.sentences)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a plain dict a sentence: `index`, `start`, `end` and the prediction's fields."""
        for index, (sentence, prediction) in enumerate(self):
            place = {"index": index, "start": sentence.start, "end": sentence.end}
            yield place | prediction.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain dicts, lists, strings and numbers, ready for JSON."""
        return {"text": self.text, "sentences": list(self.rows())}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a document from what `to_dict` gave.

        Raises:
            InputError: a field is missing, or of another type.
        """
        found = _checked(values, "a document", _DOCUMENT)
        predictions = tuple(Prediction.from_dict(row) for row in found["sentences"])
        places = [_checked(row, "a sentence of a document", _PLACE) for row in found["sentences"]]
        sentences = tuple(
            Sentence(prediction.text, **place) for prediction, place in zip(predictions, places, strict=True)
        )
        return cls(found["text"], sentences, predictions)


def _span(values: Any) -> Span:
    return Span(**_checked(values, "a span of an act", _SPAN))


def _checked(values: Any, what: str, kinds: _Kinds, **defaults: Any) -> dict[str, Any]:
    """Return the fields of a mapping; of those that are missing the defaults.

    Raises:
        InputError: it is no mapping, or a field is missing or of another type.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{what} was expected, {type(values).__name__} came")
    if missing := [name for name in kinds if name not in values and name not in defaults]:
        raise InputError(f"{what} needs {', '.join(kinds)}; missing: {', '.join(missing)}")
    found = {name: values[name] if name in values else defaults[name] for name in kinds}
    for name, value in found.items():
        if not isinstance(value, kinds[name]):
            expected = " or ".join(kind.__name__ for kind in kinds[name])
            raise InputError(f"{name} of {what}: {expected} was expected, {type(value).__name__} came")
    return found
