"""What stands before the endpoints: keys, limits of bytes and time, the end of the service, counts."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stance.serve.keys import Keys
from stance.serve.limits import Limits
from stance.serve.metrics import Metrics

GUARDED = "/v1/"
"""Paths that need a key, where there are any."""

OPEN_WHILE_DRAINING = frozenset({"/healthz", "/readyz", "/metrics"})
LINGER_SECONDS = 1.0
"""How long the rest of a refused body is thrown away, so that its sender gets to read the refusal."""

UNREAD = frozenset({401, 413, 415, 503})
"""Refusals that may come before the whole body."""

Endpoint = Callable[[bytes], Awaitable[Response]]
"""Answers a body."""

_log = logging.getLogger("stance.serve")


@dataclass(slots=True)
class Traffic:
    """The requests under way, and whether new ones are still let in."""

    under_way: int = 0
    draining: bool = False


class _RefusedError(Exception):
    """A request that does not reach its endpoint."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Guard:
    """An ASGI application around another one.

    What takes a body is called from here: the layers of the application cost more than all the rest.

    Args:
        app: answers all that takes no body.
        keys: who may ask.
        limits: of bytes and time.
        traffic: is kept up to date, and obeyed.
        metrics: is told of every answer.
        endpoints: answer what takes a body, by path.
        log_requests: log method, path, status and time of each; never what it says. Default: False.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        limits: Limits,
        traffic: Traffic,
        metrics: Metrics,
        endpoints: Mapping[str, Endpoint],
        log_requests: bool = False,
    ) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._traffic = traffic
        self._metrics = metrics
        self._endpoints = endpoints
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        start = time.perf_counter()
        self._traffic.under_way += 1
        try:
            await self._pass(scope, receive, answer)
        except _RefusedError as refused:
            await answer.refuse(refused, receive)
        except ConnectionError:
            pass  # the client has gone: nobody is left to answer
        except (
            Exception
        ) as error:  # what the message holds may be the client's text: only the place is logged
            _log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            await answer.refuse(_RefusedError(500, "an error of the service; it has been logged"), receive)
        finally:
            self._traffic.under_way -= 1
            self._count(scope, answer.status, time.perf_counter() - start)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.answered(_path(scope), status, seconds)
        if self._log_requests:
            path = self._metrics.path(_path(scope))
            _log.info("%s %s %d %.1f ms", scope["method"], path, status, seconds * 1000)

    async def _pass(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if self._traffic.draining and _path(scope) not in OPEN_WHILE_DRAINING:
            raise _RefusedError(503, "the service is about to end; ask another one", **{"retry-after": "1"})
        if _path(scope).startswith(GUARDED) and not self._keys.admit(scope["headers"]):
            raise _RefusedError(
                401,
                "no valid key came; send one as Authorization: Bearer KEY",
                **{"www-authenticate": "Bearer"},
            )
        if scope["method"] != "POST" or _path(scope) not in self._endpoints:
            await self._app(scope, receive, answer.send)
            return
        body = await self._body(scope, receive)
        await self._in_time(scope, body, receive, answer)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Read a body, and no further than the limit."""
        most = self._limits.body_bytes
        headers = dict(scope["headers"])
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            raise _RefusedError(415, "a body of JSON was expected, with Content-Type: application/json")
        too_long = _RefusedError(413, f"a body of at most {most} bytes was expected; send less at a time")
        if int(headers.get(b"content-length", b"0")) > most:
            raise too_long
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.upload_seconds):
                async for chunk in _chunks(receive):
                    body += chunk
                    if len(body) > most:
                        raise too_long
        except TimeoutError:
            raise _RefusedError(
                408, f"the body was expected within {self._limits.upload_seconds:g} s"
            ) from None
        return bytes(body)

    async def _in_time(self, scope: Scope, body: bytes, receive: Receive, answer: "_Answer") -> None:
        """Run the endpoint until it has answered, its time is up, or its client has gone."""
        gone = asyncio.ensure_future(receive())
        limit = asyncio.timeout(self._limits.seconds)

        def end(_: asyncio.Future[Message]) -> None:
            limit.reschedule(0)  # nobody waits any more

        gone.add_done_callback(end)
        try:
            async with limit:
                await self._respond(scope, body, receive, answer.send)
        except TimeoutError:
            if not limit.expired():
                raise  # an error of the endpoint's own
            if not gone.done():
                raise _RefusedError(
                    504, f"no answer within {self._limits.seconds:g} s; send less at a time, or later"
                ) from None
        finally:
            gone.remove_done_callback(end)
            gone.cancel()

    async def _respond(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        try:
            response = await self._endpoints[_path(scope)](body)
        except HTTPException as error:
            response = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        await response(scope, receive, send)


def _path(scope: Scope) -> str:
    """Return a request's path without what the server, or an application around this one, puts before it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


class _Answer:
    """Notes the status of an answer on its way, and gives refusals."""

    GONE = 499
    """Counted where the client left before the answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = self.GONE

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)

    async def refuse(self, refused: _RefusedError, receive: Receive) -> None:
        """Answer, let the client read it while the rest of its body is thrown away, and hang up."""
        if self.status != self.GONE:
            return  # the answer has begun: all that is left is to end it early
        body = json.dumps({"detail": refused.detail}).encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            **refused.headers,
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refused.status, "headers": encoded})
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        if refused.status in UNREAD:
            await _throw_away(receive)
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _throw_away(receive: Receive) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(LINGER_SECONDS):
            async for _ in _chunks(receive):
                pass


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the pieces of a body until it ends, or its client has gone."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
