"""What requests and answers look like: validation of the former, documentation of both."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, FailFast, Field, StrictBool, StrictStr, ValidationError

from stance.predictions import Prediction


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


class ClassifyAnswer(BaseModel):
    """A prediction for each of the texts, in their order."""

    predictions: list[Prediction]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencePrediction(Prediction):
    """A prediction, and where in the article its sentence stands, in characters."""

    index: int
    start: int
    end: int


class ReadAnswer(BaseModel):
    """The article, and a prediction for each of its sentences."""

    text: str
    sentences: list[SentencePrediction]


class ModelAnswer(BaseModel):
    """What the model is."""

    model: str = Field(description="Name and hash.")
    version: str = Field(description="Of the library.")
    labels: list[str]
    meanings: dict[str, str] = Field(description="Of those labels that are the library's own.")
    stances: list[str]
    acts: bool = Field(description="Whether it finds acts.")
    max_tokens: int = Field(description="Longer sentences are read in part, and marked truncated.")
    limits: dict[str, float] = Field(description="What a request may cost.")


class StatusAnswer(BaseModel):
    """How the service is."""

    status: str


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str


class Mistake(BaseModel):
    """A field that is not as it was expected."""

    loc: list[str | int]
    msg: str
    type: str


class Mistakes(BaseModel):
    """Why the body was not understood."""

    detail: list[Mistake]


_Asked = TypeVar("_Asked", bound=_Request)


def parse(model: type[_Asked], body: bytes) -> _Asked:
    """Read a request's body.

    Raises:
        HTTPException: 422; it names the field, and repeats nothing of the body.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(
            422, [mistake(*one["loc"], msg=one["msg"], kind=one["type"]) for one in found]
        ) from None


def mistake(*field: str | int, msg: str, kind: str) -> dict[str, Any]:
    """Describe what is wrong with a field of a body."""
    return {"loc": ["body", *field], "msg": msg, "type": kind}
