"""Uploading a model folder, to a Hub on this machine."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stance.errors import ModelError, OutputError
from stance.train.push import push


class Hub(BaseHTTPRequestHandler):
    """Takes what a Hub takes, and keeps it."""

    seen: list[tuple[str, list[dict]]]

    def do_GET(self) -> None:
        self._answer({"id": "me/mine", "sha": "0" * 40, "siblings": []})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        rows = [json.loads(line) for line in body.splitlines() if line.strip()]
        type(self).seen.append((self.path, rows))
        address = f"http://{self.headers['Host']}/me/mine"
        if "refused" in json.dumps(rows):
            self._answer({"error": "You may not."}, status=403)
        elif self.path.endswith("/repos/create"):
            self._answer({"url": address, "id": "me/mine"})
        elif "/preupload/" in self.path:
            names = [file["path"] for file in rows[0]["files"]]
            self._answer(
                {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]}
            )
        else:
            self._answer(
                {"commitUrl": f"{address}/commit/{'0' * 40}", "commitOid": "0" * 40, "success": True}
            )

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(parts)

    def _answer(self, values: dict, status: int = 200) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a Hub that is empty."""
    Hub.seen = []
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def folder(tiny_copy: Path) -> Path:
    """A model folder with a card, and with a file that is not the model's."""
    (tiny_copy / "README.md").write_text("# tiny\n")
    (tiny_copy / "notes.txt").write_text("private")
    return tiny_copy


@pytest.mark.parametrize("private", [True, False])
def test_the_model_and_its_card_are_uploaded(hub: str, folder: Path, private: bool) -> None:
    """Every file of the contract and nothing else, as private as asked for."""
    assert push(folder, "me/mine", private=private, endpoint=hub) == f"{hub}/me/mine"
    created = next(rows[0] for path, rows in Hub.seen if path.endswith("/repos/create"))
    assert created.get("private", created.get("visibility") == "private") is private
    commit = next(rows for path, rows in Hub.seen if "/commit/" in path)
    uploaded = {row["value"]["path"] for row in commit if row["key"] == "file"}
    assert uploaded == {file.name for file in folder.iterdir()} - {"notes.txt"}


@pytest.mark.parametrize("name", ["model.safetensors", "README.md"])
def test_a_damaged_folder_is_not_uploaded(hub: str, folder: Path, name: str) -> None:
    """The file is named, and the Hub hears nothing."""
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        push(folder, "me/mine", endpoint=hub)
    assert Hub.seen == []


@pytest.mark.parametrize("error", [OSError(), RuntimeError("closed\nby itself")])
def test_an_error_that_says_little_is_one_line_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Its first line, or its kind where it says nothing."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("stance.train.push.HfApi.create_repo", fail)
    with pytest.raises(OutputError, match=r"the Hub does not take it: (OSError|closed)$"):
        push(folder, "me/mine")


@pytest.mark.parametrize(
    ("repository", "endpoint"), [("me/refused", None), ("me/mine", "http://127.0.0.1:9"), ("a/b/c", None)]
)
def test_what_the_hub_refuses_is_one_line(
    hub: str, folder: Path, repository: str, endpoint: str | None
) -> None:
    """No rights, no Hub, no such name."""
    with pytest.raises(OutputError, match=f"{repository}: the Hub does not take it: ") as caught:
        push(folder, repository, endpoint=endpoint or hub)
    assert "\n" not in str(caught.value)
