"""What the model says of a sentence and of a document; to and from plain dicts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from stance.errors import InputError
from stance.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a sentence and where it stands in it: `sentence[start:end] == text`, in characters."""

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
            InputError: a field is missing.
        """
        try:
            spans = (*(values[name] for name in ("source", "cue", "claim")), values.get("named"))
            return cls(values["stance"], *(span and Span(**span) for span in spans))
        except (KeyError, TypeError) as error:
            raise InputError(
                f"an act needs stance, source, cue and claim, each a span or null: {error}"
            ) from error


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
            InputError: a field is missing.
        """
        if missing := [name for name in _FIELDS if name not in values and name != "acts"]:
            raise InputError(f"a prediction needs {', '.join(_FIELDS)}; missing: {', '.join(missing)}")
        acts = values.get("acts")
        chosen = {name: values.get(name) for name in _FIELDS}
        return cls(
            **chosen
            | {
                "probabilities": dict(values["probabilities"]),
                "stances": tuple(values["stances"]),
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
            InputError: a field is missing.
        """
        if missing := [name for name in ("text", "sentences") if name not in values]:
            raise InputError(f"a document needs text and sentences; missing: {', '.join(missing)}")
        rows = values["sentences"]
        predictions = tuple(Prediction.from_dict(row) for row in rows)
        if missing := [name for name in ("start", "end") if any(name not in row for row in rows)]:
            raise InputError(f"each sentence of a document needs {', '.join(missing)}")
        sentences = tuple(Sentence(row["text"], row["start"], row["end"]) for row in rows)
        return cls(values["text"], sentences, predictions)
