"""What the service's tests share: a service in this process, and one in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import pytest

import stance

from ..conftest import SENTENCES, TINY

pytest.importorskip("fastapi")

from starlette.testclient import TestClient

from stance.serve import create_app

ARTICLE = (files("stance") / "resources" / "demo.txt").read_text(encoding="utf-8")
ODD = (*SENTENCES, "", " ", "A\x00B", "é" * 300, "𝔘𝔫 \u2028 \x1b[31m", "word " * 2000)


@dataclass(frozen=True)
class Running:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def served(*options: str, keys: str = "") -> Iterator[Running]:
    """Run `stance serve` on a free port, and end it."""
    command = [sys.executable, "-m", "stance", "serve", "--port", "0", "--model", str(TINY), *options]
    environment = os.environ | {"STANCE_API_KEYS": keys}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stderr.readline()
            found = re.search(r"http://\S+", line)
            assert found, line + process.stderr.read()
            yield Running(process, found[0])
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def service() -> Iterator[Running]:
    with served("--upload-seconds", "1", "--queue", "64") as running:
        yield running


@pytest.fixture
def client(tiny: stance.Classifier) -> Iterator[TestClient]:
    with TestClient(create_app(tiny, workers=2)) as client:
        yield client


@pytest.fixture
def make_client(tiny: stance.Classifier) -> Callable[..., TestClient]:
    def make(**options: object) -> TestClient:
        return TestClient(create_app(tiny, **options))  # type: ignore[arg-type]

    return make
