"""What requests and answers look like: validation of the former, documentation of both."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from docstring_parser import DocstringStyle
from docstring_parser import parse as parse_docstring
from fastapi import HTTPException
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from stance.choices import Unit
from stance.corpus.dates import iso
from stance.ledger import Article, Change, Copy
from stance.predictions import Act, Prediction, Span


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClassifyRequest(_Request):
    """Sentences to be labelled."""

    texts: Annotated[list[StrictStr], FailFast()] = Field(
        description="Sentences.", examples=[["Tehran denied any plan to sell drones."]]
    )
    acts: StrictBool = Field(False, description="Say who takes which stance, by which words, toward what.")
    abstain: StrictBool = Field(False, description='Answer "unsure" where no label is probable enough.')


class ReadRequest(_Request):
    """An article to be split into sentences, each of which is labelled."""

    text: StrictStr = Field(
        description="The article.", examples=["Tehran denied any plan to sell drones. Talks go on."]
    )


def _date(text: str) -> str:
    found = iso(text)
    if found is None:
        raise PydanticCustomError("iso_date", "A day, a time, a month or a year in ISO 8601 was expected")
    return found


_DATES: tuple[dict[str, Any], ...] = (
    {"format": "date"},
    {"format": "date-time"},
    {"pattern": r"^(?!0000)\d{4}(-(0[1-9]|1[0-2]))?$"},
)

Date = Annotated[
    StrictStr,
    AfterValidator(_date),
    WithJsonSchema({"anyOf": [{"type": "string", **form} for form in _DATES]}),
]
"""A date as `iso` gives it."""


class ArticleRequest(_Request):
    """An article, and what is known of it."""

    text: StrictStr = Field(description="The article.")
    id: StrictStr | None = Field(
        None, description="Its name; if it is left out, its place among the articles, `0` for the first."
    )
    date: Date | None = Field(None, description="In ISO 8601, `2024-03-01` for one, where it is known.")
    outlet: StrictStr | None = Field(None, description="Who published it, where it is known.")


class LedgerRequest(_Request):
    """Articles whose claims are gathered."""

    articles: Annotated[list[ArticleRequest], FailFast()] = Field(
        description="Articles.",
        examples=[
            [
                {"text": "The union says managers hid a leak of oil.", "id": "one", "date": "2024-03-01"},
                {"text": "Managers denied that they had hidden a leak of oil.", "date": "2024-03-04"},
            ]
        ],
    )
    unit: Unit = Field(Unit.DOCUMENT, description="What each text holds; `sentence`: a headline, say.")
    sentences: StrictBool = Field(False, description="Give what `/v1/read` gives of each article as well.")

    def named(self) -> list[Article]:
        """Return the articles, each with an id: its own, or its place, primed if that is taken."""
        given = {one.id for one in self.articles}

        def name(place: int) -> str:
            free = str(place)
            while free in given:
                free += "'"
            return free

        return [
            Article(name(place) if one.id is None else one.id, one.text, one.date, one.outlet or None)
            for place, one in enumerate(self.articles)
        ]


class ClassifyAnswer(BaseModel):
    """A prediction for each of the texts, in their order."""

    predictions: list[Prediction] = Field(description="One for each text.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencePrediction(Prediction):
    """A prediction, and where in the article its sentence stands.

    Args:
        index: the place among the article's sentences, from 0.
        start: where the sentence begins in the article, in characters.
        end: where it ends.
    """

    index: int
    start: int
    end: int


class ReadAnswer(BaseModel):
    """The article, and a prediction for each of its sentences."""

    text: str = Field(description="The article, as it came.")
    sentences: list[SentencePrediction] = Field(description="In their order.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry(Act):
    """A stance that was taken on a claim: an act, and the sentence that its spans are offsets in.

    Args:
        document: the id of the article.
        date: of the article, in ISO 8601; null where it is not known.
        outlet: who published it; null where it is not known.
        sentence: the words.
        start: where the sentence begins in the article, in characters.
        end: where it ends.
        who: who takes the stance, by the fullest name that is known.
        clear: whether the words alone say which claim it is.
        copies: where else the same words stand; they count once.
    """

    document: str
    date: str | None
    outlet: str | None
    sentence: str
    start: int
    end: int
    who: str | None
    clear: bool
    copies: list[Copy]


class LedgerClaim(BaseModel):
    """A claim, who took which stance on it, and what it came to."""

    id: str = Field(description="It stays whatever is added.")
    title: str = Field(description="Its clearest words.")
    status: str = Field(description="What the last sentence made of it; not whether it is true.")
    changes: list[Change] = Field(description="Of the status, each by the entry of which number.")
    parties: dict[str, list[str]] = Field(description="By stance, who took it.")
    documents: int = Field(description="How many articles speak of it.")
    entries: list[LedgerEntry] = Field(description="By date, those without one first.")


class LedgerArticle(ReadAnswer):
    """An article, and a prediction for each of its sentences."""

    id: str = Field(description="Its own, or its place among the articles.")


class LedgerAnswer(BaseModel):
    """The claims of all articles together, in the order in which they were first made."""

    model: str = Field(description="Name and hash.")
    articles: list[LedgerArticle] = Field([], description="Where `sentences` was asked for.")
    claims: list[LedgerClaim] = Field(description="Each with its timeline.")


class ModelAnswer(BaseModel):
    """What the model is."""

    model: str = Field(description="Name and hash.")
    version: str = Field(description="Of the library.")
    labels: list[str] = Field(description="One of which each sentence gets.")
    meanings: dict[str, str] = Field(description="Of those labels that are the library's own.")
    stances: list[str] = Field(description="Of which a sentence may hold several.")
    acts: bool = Field(description="Whether it finds acts.")
    max_tokens: int = Field(description="Longer sentences are read in part, and marked truncated.")
    limits: dict[str, float] = Field(description="What a request may cost.")


class StatusAnswer(BaseModel):
    """How the service is."""

    status: str = Field(description="`alive`, `ready`, or `draining` where it is about to end.")


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="What came, and what was expected.")


class Mistake(BaseModel):
    """A field that is not as it was expected."""

    loc: list[str | int] = Field(description="Where it is: `body`, then names and places.")
    msg: str = Field(description="What was expected.")
    type: str = Field(description="The kind of mistake, as pydantic names it.")


class Mistakes(BaseModel):
    """Why the body was not understood."""

    detail: list[Mistake] = Field(description="The first of them.")


MOST_MISTAKES = 20
"""The most that an answer names: a body may hold a hundred thousand."""

_Asked = TypeVar("_Asked", bound=_Request)


def parse(model: type[_Asked], body: bytes) -> _Asked:
    """Read a request's body.

    Raises:
        HTTPException: 422; it names the first fields that are wrong, and repeats nothing else of the body.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(
            422, [mistake(*one["loc"], msg=one["msg"], kind=one["type"]) for one in found[:MOST_MISTAKES]]
        ) from None


def mistake(*field: str | int, msg: str, kind: str) -> dict[str, Any]:
    """Describe what is wrong with a field of a body."""
    return {"loc": ["body", *field], "msg": msg, "type": kind}


_DATACLASSES = {
    kind.__name__: kind for kind in (Span, Act, Prediction, SentencePrediction, Copy, Change, LedgerEntry)
}


def describe(types: dict[str, dict[str, Any]]) -> None:
    """Say of the library's own types, and of each of their fields, what their docstrings say.

    Args:
        types: the schemas of an OpenAPI description by their names; changed in place.
    """
    for name in types.keys() & _DATACLASSES.keys():
        said = [
            parse_docstring(str(kind.__doc__), DocstringStyle.GOOGLE)
            for kind in _DATACLASSES[name].__mro__[:-1]
        ]
        words = {one.arg_name: one.description or "" for parent in reversed(said) for one in parent.params}
        types[name]["description"] = said[0].short_description
        for field, schema in types[name]["properties"].items():
            schema["description"] = _sentence(words[field])


def _sentence(words: str) -> str:
    """Begin with a capital, in one line."""
    words = " ".join(words.split()).replace("None", "null")
    return words[:1].upper() + words[1:]
