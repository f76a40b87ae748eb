"""The server: a socket, a process, and an end that loses no request."""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from stance.classifier import load
from stance.errors import InputError
from stance.processor import cores
from stance.serve.app import create_app
from stance.serve.guard import Traffic
from stance.serve.keys import keys_of_environment
from stance.serve.limits import Limits
from stance.serve.protocol import protocol

DRAIN_SECONDS = 1.0
"""How long new requests are told of the end at least, so that whoever shares out the load notices."""

LAST_SECONDS = 0.2
"""How long those that had connected when listening ended may take to ask."""

END_SECONDS = 5
"""How long the last answers may take to leave, once they are written."""

_BACKLOG = 2048
"""Connections that may wait to be accepted."""

Announce = Callable[[str], None]
"""Takes a message for the person who runs this."""


def serve(
    model: str | Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    first_stage: bool = True,
    workers: int | None = None,
    threads: int = 1,
    limits: Limits | None = None,
    origins: Sequence[str] = (),
    log_requests: bool = False,
    announce: Announce = lambda message: None,
) -> None:
    """Serve until SIGTERM or SIGINT: then requests under way are answered, new ones get 503.

    Args:
        model: a model folder, the name of a shipped model, or two: "fast+base". Default: "base".
        host: the address to listen on. Default: this machine alone.
        port: 0 to 65,535; 0 takes any that is free. Default: 8000.
        first_stage: let the model's first stage, if it has one, answer plain sentences. Default: True.
        workers: batches that are labelled side by side, at least 1. Default: one for each core.
        threads: for each batch, at least 1. Default: 1.
        limits: what a request may cost. Default: `Limits()`.
        origins: whose pages may ask from a browser (CORS). Default: the service's own alone.
        log_requests: log method, path, status and time of each request. Default: False.
        announce: is told the address. Default: nobody.

    Raises:
        ModelError: the folder is missing, damaged, or not of this format.
        InputError: the address cannot be listened on, or an argument is out of its range.
    """
    workers = cores() if workers is None else workers
    if workers < 1:
        raise InputError(f"workers must be at least 1; {workers} came")
    limits = limits or Limits()
    traffic = Traffic()
    classifier = load(model, threads=threads, first_stage=first_stage)
    with _listen(host, port) as listener:
        app = create_app(
            classifier,
            workers=workers,
            limits=limits,
            keys=keys_of_environment(),
            origins=origins,
            traffic=traffic,
            log_requests=log_requests,
        )
        shown = f"[{host}]" if ":" in host else host
        announce(f"{classifier.bundle.identity} on http://{shown}:{listener.getsockname()[1]}")
        if log_requests:
            logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
        config = uvicorn.Config(
            app,
            http=protocol(limits.upload_seconds),
            ws="none",
            proxy_headers=False,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=END_SECONDS,
        )
        _Server(config, traffic).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Goes on listening after the first signal until all requests under way are answered."""

    def __init__(self, config: uvicorn.Config, traffic: Traffic) -> None:
        super().__init__(config)
        self._traffic = traffic
        self._since = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end; at a second Ctrl-C, end at once."""
        if self._traffic.draining and sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
        elif not self._traffic.draining:
            self._traffic.draining = True
            self._since = time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Say, ten times a second, whether the end is there."""
        if self._traffic.draining and not self._traffic.under_way:
            self.should_exit |= time.monotonic() - self._since >= DRAIN_SECONDS
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more; only when those that had connected have had time to ask, close what is idle."""
        await asyncio.sleep(0)  # whoever waits to be accepted is, before the listener goes
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        if not self.force_exit:
            await asyncio.sleep(LAST_SECONDS)
        await super().shutdown()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port}: {error}; choose another `host` or `port`"
        ) from error
