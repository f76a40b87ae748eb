"""The server of the Model Context Protocol, as an assistant's client talks to it."""

import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

import stance
from stance.ledger import Article, Ledger
from stance.mcp import LONGEST_ARTICLE, LONGEST_SENTENCE, MOST_SENTENCES, make_server

from .conftest import SENTENCES, TINY

COMMAND = ["-Im", "stance", "mcp", "--model", str(TINY)]
SECRET = "Zanzibarian"


def talk(conversation: Callable[[Client], Awaitable[None]], log: Path) -> None:
    """Start the command, have a client talk to it, and end it."""

    async def main() -> None:
        parameters = StdioServerParameters(command=sys.executable, args=COMMAND)
        with log.open("w") as errors:
            async with Client(stdio_client(parameters, errlog=errors)) as client:
                await conversation(client)

    anyio.run(main)


def words(result: CallToolResult) -> str:
    """What the assistant is told."""
    return " ".join(content.text for content in result.content if content.type == "text")


def test_tools_give_what_python_gives(tiny: stance.Classifier, tmp_path: Path) -> None:
    """Over the wire come the same dicts, structured and as text."""

    async def conversation(client: Client) -> None:
        found = await client.call_tool("classify", {"texts": [*SENTENCES, "", "\x00 “é” 🎉"]})
        expected = [tiny.classify(text).to_dict() for text in [*SENTENCES, "", "\x00 “é” 🎉"]]
        assert found.structured_content == json.loads(words(found)) == {"predictions": expected}
        found = await client.call_tool("classify", {"texts": SENTENCES, "acts": True, "abstain": True})
        expected = [tiny.classify(text, acts=True, abstain=True).to_dict() for text in SENTENCES]
        assert found.structured_content == {"predictions": expected}
        article = "\n\n".join(SENTENCES)
        found = await client.call_tool("read", {"text": article})
        assert found.structured_content == json.loads(words(found)) == tiny.read(article).to_dict()

    talk(conversation, tmp_path / "log")


def test_the_ledger_is_that_of_python(tiny: stance.Classifier, tmp_path: Path) -> None:
    """Claims of articles come as the library gathers them, with dates and without."""
    texts = {"a": (" ".join(SENTENCES), "2026-01-02"), "b": (SENTENCES[0], None)}
    new = [Article(name, text, date, "Gull Daily" if date else None) for name, (text, date) in texts.items()]
    expected = [claim.to_dict() for claim in Ledger().add(new, classifier=tiny).claims]
    assert expected

    async def conversation(client: Client) -> None:
        asked = [{"id": name, "text": text, "date": date} for name, (text, date) in texts.items()]
        asked[0]["outlet"] = "Gull Daily"
        del asked[1]["date"]
        found = await client.call_tool("ledger", {"articles": asked})
        assert found.structured_content == {"claims": json.loads(json.dumps(expected))}

    talk(conversation, tmp_path / "log")


def test_tools_say_what_they_take_and_give(tiny: stance.Classifier) -> None:
    """Their descriptions, arguments, limits and results are in what an assistant is shown."""

    async def main() -> None:
        async with Client(make_server(tiny)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"classify", "read", "ledger"}
        texts = tools["classify"].input_schema["properties"]["texts"]
        assert (texts["maxItems"], texts["items"]["maxLength"]) == (MOST_SENTENCES, LONGEST_SENTENCE)
        assert tools["read"].input_schema["properties"]["text"]["maxLength"] == LONGEST_ARTICLE
        for tool in tools.values():
            assert tool.description
            assert tool.output_schema
            assert tool.annotations
            assert tool.annotations.read_only_hint
        results = tools["classify"].output_schema["$defs"]["Prediction"]["properties"]
        assert list(results) == list(tiny.classify(SENTENCES[0]).to_dict())

    anyio.run(main)


BAD = (
    ("classify", {"texts": SECRET}, "list"),
    ("classify", {"texts": [SECRET, 1]}, "texts.1"),
    ("classify", {"texts": [SECRET], "acts": SECRET}, "acts"),
    ("classify", {}, "texts"),
    ("classify", {"texts": [SECRET] * (MOST_SENTENCES + 1)}, f"at most {MOST_SENTENCES}"),
    ("classify", {"texts": [SECRET.ljust(LONGEST_SENTENCE + 1)]}, f"at most {LONGEST_SENTENCE}"),
    ("classify", {"texts": [SECRET], "act": True}, "act\n"),
    ("read", {"text": SECRET, "abstain": True}, "abstain\n"),
    ("ledger", {"articles": [{"id": "a", "text": SECRET, "published": "2024"}]}, "articles.0.published"),
    ("read", {"text": [SECRET]}, "string"),
    ("read", {"text": SECRET.ljust(LONGEST_ARTICLE + 1)}, f"at most {LONGEST_ARTICLE}"),
    (SECRET, {}, "Unknown tool"),
)


def test_bad_calls_are_told_and_the_server_goes_on(tmp_path: Path) -> None:
    """Each is an error that names what is wrong; after all of them the server answers, and logged no text."""

    async def conversation(client: Client) -> None:
        for tool, arguments, told in BAD:
            found = await client.call_tool(tool, arguments)
            assert found.is_error
            assert told in words(found)
        with pytest.raises(MCPError):
            await client.read_resource(f"file:///{SECRET}")
        found = await client.call_tool("classify", {"texts": [SECRET]})
        assert not found.is_error

    talk(conversation, tmp_path / "log")
    assert SECRET not in (tmp_path / "log").read_text()


def test_a_model_without_acts_says_so(tiny_copy: Path) -> None:
    """An error of the library reaches the assistant in the library's words."""
    contract = json.loads((tiny_copy / "stance.json").read_text())
    (tiny_copy / "stance.json").write_text(json.dumps(contract | {"acts": False}))

    async def main() -> None:
        async with Client(make_server(stance.load(tiny_copy))) as client:
            found = await client.call_tool("classify", {"texts": SENTENCES, "acts": True})
        assert found.is_error
        assert "finds no acts" in words(found)

    anyio.run(main)


def start() -> subprocess.Popen[bytes]:
    """Start the command and shake hands."""
    server = subprocess.Popen(
        [sys.executable, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    say(server, b"garbage", b"\xff\x00", b"[" * 10_000, b'{"id": 1}', b'{"jsonrpc": "2.0"}')
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    say(server, json.dumps(message).encode())
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["result"]["serverInfo"]["name"] == "stance"
    return server


def say(server: subprocess.Popen[bytes], *lines: bytes) -> None:
    assert server.stdin is not None
    server.stdin.writelines(line + b"\n" for line in lines)
    server.stdin.flush()


def test_it_ends_with_its_input() -> None:
    """Lines that are no messages do not end it; the end of its input does, without a word."""
    assert start().communicate() == (b"", b"")


def test_ctrl_c_ends_it() -> None:
    """At once, though its input is open and silent."""
    with start() as server:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == -signal.SIGINT
        assert server.stderr is not None
        assert server.stderr.read() == b""
