"""HTTP on a connection: the head of a request must come in time, and end."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""The most that is waited for, or a little more, until a head ends."""


def protocol(seconds: float) -> type[HttpToolsProtocol]:
    """Make a protocol whose clients must send the head of a request within a time.

    Args:
        seconds: from the connection, or from the first byte of a later head, to its end; above 0.
    """

    class Protocol(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None
        _begun = False
        _waited_for = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            waited = self._deadline
            super().data_received(data)
            if waited is None or waited is not self._deadline:
                return
            self._waited_for += len(data)
            if self._waited_for > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"A head of at most {HEAD_BYTES} bytes was expected.")

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._begun = True
            self._watch()

        def on_headers_complete(self) -> None:
            self._rest()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(seconds, self._give_up)

        def _rest(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
            self._deadline = None
            self._begun = False
            self._waited_for = 0

        def _give_up(self) -> None:
            if self.transport.is_closing():
                return
            if self._begun:
                self.send_400_response(f"The head of a request was expected within {seconds:g} s.")
            else:  # a browser that connected in advance
                self.transport.close()

    return Protocol
