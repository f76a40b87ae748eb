"""The service in a process of its own: bad clients, and the end."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

import stance

from ..conftest import SENTENCES
from .conftest import Running, served

HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ASK = json.dumps({"texts": SENTENCES}).encode()


@contextmanager
def connected(service: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as client:
        yield client


def everything(client: socket.socket) -> bytes:
    """Read until the service hangs up."""
    found = b""
    while piece := client.recv(65536):
        found += piece
    return found


def is_well(service: Running) -> bool:
    return httpx.post(f"{service.url}/v1/classify", content=ASK, headers=JSON, timeout=20).status_code == 200


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\n" + b'{"texts', b"408"),
        (HEAD + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"te', b"408"),
        (HEAD, b"400"),
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70_000, b"400"),
        (HEAD + b"Content-Length: 9999999999999999999\r\n\r\n", b"413"),
        (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 2\r\n\r\n[]GET / HTTP/1.1\r\nX-Long: " + b"a" * 70_000, b"422"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: ten\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", b"400"),
    ],
)
def test_a_bad_client_gets_a_4xx(service: Running, sent: bytes, status: bytes) -> None:
    """One that sends half, too much, or no HTTP; the next client is served."""
    with connected(service) as client:
        client.sendall(sent)
        assert everything(client).startswith(b"HTTP/1.1 " + status)
    assert is_well(service)


def test_a_client_that_leaves_is_forgotten(service: Running) -> None:
    """Before its body is whole, and while its answer is made."""
    with connected(service) as client:
        client.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    long = json.dumps({"texts": SENTENCES * 1000}).encode()
    with connected(service) as client:
        client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(long) + long)
    deadline = time.monotonic() + 20
    while "under_way 1.0" not in httpx.get(f"{service.url}/metrics").text:  # this one alone
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert is_well(service)


def test_a_silent_client_is_hung_up_on(service: Running) -> None:
    """Without a word, as it has said none."""
    with connected(service) as client:
        assert everything(client) == b""


def test_a_huge_body_is_refused_and_not_kept(service: Running) -> None:
    """Its sender reads 413, announced or not; the process does not grow by it."""
    chunk = b"a" * 1_000_000
    before = resident(service)
    with connected(service) as client:
        client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            try:
                client.sendall(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
            except ConnectionError:
                break
        answer = client.recv(100)
    assert answer.startswith(b"HTTP/1.1 413")
    assert resident(service) - before < 30_000
    assert is_well(service)


def resident(service: Running) -> int:
    """In kB."""
    with open(f"/proc/{service.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_full_queue_asks_for_patience(tiny: stance.Classifier) -> None:
    """429 with Retry-After for those beyond it; the others are answered, rightly."""

    async def ask(url: str) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            body = {"texts": SENTENCES * 20}
            return await asyncio.gather(*(client.post(f"{url}/v1/classify", json=body) for _ in range(30)))

    with served("--queue", "2") as service:
        answers = asyncio.run(ask(service.url))
    expected = [prediction.to_dict() for prediction in tiny.classify_many(SENTENCES * 20)]
    assert {answer.status_code for answer in answers} == {200, 429}
    for answer in answers:
        if answer.status_code == 200:
            assert answer.json()["predictions"] == expected
        else:
            assert answer.headers["retry-after"] == "1"


def test_the_end_loses_no_request(tiny: stance.Classifier) -> None:
    """Under load, each client gets its answer or a 503 until nobody listens; the exit code is 0."""
    expected = [prediction.to_dict() for prediction in tiny.classify_many(SENTENCES * 5)]
    statuses: list[int] = []

    async def ask(client: httpx.AsyncClient, url: str) -> None:
        while True:
            try:
                answer = await client.post(f"{url}/v1/classify", json={"texts": SENTENCES * 5})
            except httpx.ConnectError:
                return
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                assert answer.json()["predictions"] == expected
            else:
                await asyncio.sleep(0.2)

    async def load(service: Running) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            asking = [asyncio.ensure_future(ask(client, service.url)) for _ in range(16)]
            while not statuses:
                await asyncio.sleep(0.01)
            service.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*asking)

    with served() as service:
        asyncio.run(load(service))
        assert service.process.wait(20) == 0
    assert set(statuses) == {200, 503}


def test_keys_come_from_the_environment() -> None:
    """With one, nobody is let in without it."""
    with served(keys="secret") as service:
        url = f"{service.url}/v1/model"
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"authorization": "Bearer secret"}).status_code == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "/nowhere"], "/nowhere"),
        (["--host", "203.0.113.1"], "203.0.113.1"),
        (["--seconds", "0"], "seconds"),
        (["--workers", "0"], "workers"),
    ],
)
def test_a_service_that_cannot_start_says_why(options: list[str], words: str) -> None:
    """In one message, with exit code 2."""
    command = [sys.executable, "-m", "stance", "serve", "--port", "0", *options]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_port_that_is_taken_is_named(service: Running) -> None:
    """One line, exit code 2."""
    command = [sys.executable, "-m", "stance", "serve", "--port", str(service.port)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert f"port {service.port}" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
