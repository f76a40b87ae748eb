"""A server of the Model Context Protocol over standard input and output (extra `mcp`).

Assistants start it by themselves, given the command `stance mcp`, and call its tools.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import stance
from stance.classifier import Classifier, load
from stance.errors import MissingExtraError, StanceError
from stance.predictions import Prediction

try:
    from typing import NotRequired

    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.types import ToolAnnotations
    from pydantic import ConfigDict, Field, with_config
    from typing_extensions import TypedDict
except ImportError as error:
    raise MissingExtraError("the MCP server", "mcp") from error

MOST_SENTENCES = 1_000
"""The most sentences that one call of `classify` takes."""

LONGEST_SENTENCE = 10_000
"""In characters; the model reads far less, and says where it stopped."""

LONGEST_ARTICLE = 1_000_000
"""In characters."""

MOST_ARTICLES = 100
"""The most articles that one call of `ledger` takes."""

INSTRUCTIONS = (
    "Labels sentences of English news by what they do with a claim: allegation, confirmation, hedge, denial "
    "or none. A label does not say whether the claim is true. Use `read` for an article, `classify` for "
    "sentences, `ledger` for who says what of each claim in several articles."
)

_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

Sentence = Annotated[str, Field(max_length=LONGEST_SENTENCE)]
Sentences = Annotated[
    list[Sentence],
    Field(max_length=MOST_SENTENCES, description="One sentence each; send more in several calls."),
]
Text = Annotated[
    str,
    Field(max_length=LONGEST_ARTICLE, description="An article as plain text; it is split into sentences."),
]
Acts = Annotated[bool, Field(description="Say who takes which stance, by which words, toward what.")]
Abstain = Annotated[bool, Field(description='Answer "unsure" where no label is probable enough.')]


class Predictions(TypedDict):
    """What the model says of each sentence, in the order in which they came."""

    predictions: list[Prediction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Prediction):
    """A prediction and the place of its sentence in the article, in characters."""

    index: int
    start: int
    end: int


@with_config(ConfigDict(extra="forbid"))
class ArticleInput(TypedDict):
    """An article of a ledger: name and text, and where known its day in ISO 8601 and who published it."""

    id: str
    text: Text
    date: NotRequired[str | None]
    outlet: NotRequired[str | None]


Articles = Annotated[
    list[ArticleInput],
    Field(max_length=MOST_ARTICLES, description="Articles; with dates, the timelines are by date."),
]


class Claims(TypedDict):
    """What is claimed in the articles: who alleged, confirmed, hedged or denied it, in what order."""

    claims: list[dict[str, Any]]


class Reading(TypedDict):
    """An article and a prediction for each of its sentences, in order."""

    text: str
    sentences: list[Row]


def serve(model: str | Path | None = None, *, threads: int | None = None) -> None:
    """Answer calls from standard input until it ends.

    Args:
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        threads: for the network, at least 1. Default: one for each core.

    Raises:
        InputError: `threads` is less than 1.
        ModelError: the folder is missing, damaged, or not of this format.
    """
    make_server(load(model, threads=threads)).run("stdio")


def make_server(classifier: Classifier) -> MCPServer:
    """Make a server whose tools call a classifier.

    Args:
        classifier: is shared by all calls.
    """

    def classify(texts: Sentences, acts: Acts = False, abstain: Abstain = False) -> Predictions:
        """Label sentences of news as allegation, confirmation, hedge, denial or none, with probabilities."""
        return {"predictions": list(classifier.classify_many(texts, acts=acts, abstain=abstain))}

    def read(text: Text) -> Reading:
        """Split a news article into sentences, label each, and say who takes which stance on what."""
        return cast(Reading, classifier.read(text).to_dict())

    def ledger(articles: Articles) -> Claims:
        """Gather what articles claim: who alleged, confirmed, hedged or denied it, and its status now."""
        from stance.ledger import Article, Ledger  # an extra of its own  # noqa: PLC0415

        new = [
            Article(one["id"], one["text"], one.get("date"), one.get("outlet") or None) for one in articles
        ]
        found = Ledger().add(new, classifier=classifier)
        return {"claims": [claim.to_dict() for claim in found.claims]}

    tools = [
        _tool(classify, title="Label sentences"),
        _tool(read, title="Read an article"),
        _tool(ledger, title="Who says what of each claim"),
    ]
    # Of a call that fails, lower levels would log the message, which may hold words of the text.
    return MCPServer(
        "stance", instructions=INSTRUCTIONS, version=stance.__version__, tools=tools, log_level="WARNING"
    )


def _tool(function: Callable[..., Any], *, title: str) -> Tool:
    """Make a tool of a function; unlike the framework's own, it refuses arguments that it does not know."""
    tool = Tool.from_function(_tool_errors()(function), title=title, annotations=_READ_ONLY)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


@contextmanager
def _tool_errors() -> Iterator[None]:
    """Let the caller read what this library has to say; of other errors it learns only that there was one."""
    try:
        yield
    except StanceError as error:
        raise ToolError(str(error)) from error
