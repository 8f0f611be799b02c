"""The process: uvicorn with limits it does not have, and an end that no client notices."""

import asyncio
import gc
import logging
import signal
import socket
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.app import Application
from api.media import RESPONSE
from api.settings import Settings
from engine.errors import Code, request_error

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger("bekal.server")

KEEP_ALIVE_S = 75
"""Longer than a gateway keeps its idle connections (60 s), so that it is never we who close one just in use."""

GRACE_S = 25
"""How long answers may still take once nothing new is accepted; below the 45 s that orchestrators allow in all."""

BACKLOG = 2048
CONNECTIONS_MAX = 2000
"""A connection costs about 20 kB, so this many are no danger; more are turned away before anything is read."""

HEADER_BYTES_MAX = 32 << 10
"""Four times what proxies send; the parser itself has no limit."""

HEADER_TIMEOUT_S = 10.0
"""Headers fit one packet. Who needs longer holds a connection for nothing."""

DISCARDED_BYTES_MAX = 1 << 20
"""So much of a refused body is read and dropped, so that its sender gets to read the refusal."""


class CannotListenError(Exception):
    """The address is taken or not ours. The message says what to do."""


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn reads it, with a time and a size for headers, and refusals that are GraphQL documents."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _in_head = True
    _discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            self._refuse(503, "The server has too many connections; try again in a moment.")
            return
        self._head_timer = self.loop.call_later(HEADER_TIMEOUT_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count a request's headers."""
        super().on_message_begin()
        self._in_head = True
        self._discarded = 0

    def on_headers_complete(self) -> None:
        """Pass a request on when its headers are of a sane size."""
        self._in_head = False
        if self._head_timer is not None:
            self._stop_timer()
        if self._head_bytes > HEADER_BYTES_MAX and self._size_of_head() > HEADER_BYTES_MAX:
            self._refuse(431, f"The headers are longer than {HEADER_BYTES_MAX} bytes.")
            return
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        self._head_bytes = self._head_bytes + len(data) if self._in_head else len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            if self._head_bytes > HEADER_BYTES_MAX:
                self._refuse(431, f"The headers are longer than {HEADER_BYTES_MAX} bytes.")
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(HEADER_TIMEOUT_S, self._too_slow)

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on, or drop it when the answer is out already."""
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > DISCARDED_BYTES_MAX:
                self.transport.close()
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request."""
        self._refuse(400, msg)

    def _too_slow(self) -> None:
        self._head_timer = None
        self._refuse(408, f"The headers did not arrive within {HEADER_TIMEOUT_S:g} seconds.")

    def _refuse(self, status: int, message: str) -> None:
        """Answer in the place of the application, and close: what follows on this connection cannot be trusted."""
        if self.transport.is_closing():
            return
        phrase, code = _REFUSALS[status]
        body = request_error(code, message, "").body
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {RESPONSE.decode()}; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


_REFUSALS = {
    400: ("Bad Request", Code.BAD_REQUEST),
    408: ("Request Timeout", Code.TIMEOUT),
    431: ("Request Header Fields Too Large", Code.BAD_REQUEST),
    503: ("Service Unavailable", Code.UNAVAILABLE),
}


class Server(uvicorn.Server):
    """A server process. On SIGTERM it first says that it leaves, serves on for a while, and then finishes."""

    def __init__(self, config: uvicorn.Config, drain_s: float) -> None:
        super().__init__(config)
        self._drain_s = drain_s
        self._leaves_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave slowly on the first SIGTERM, soon on Ctrl-C, at once when asked again.

        The signal is not raised again at the end, as uvicorn would: who started this process has things to close.
        """
        del frame
        if self.should_exit or self._leaves_at is not None:
            logger.info("stopping at once")
            self.should_exit = self.force_exit = True
        elif sig == signal.SIGTERM and self.started:
            logger.info("draining", extra={"seconds": self._drain_s})
            self._leaves_at = monotonic() + self._drain_s
            cast("Application", self.config.loaded_app).drain()
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Stop when the time to drain is over."""
        if self._leaves_at is not None and monotonic() >= self._leaves_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def startup(self, sockets: "Sequence[socket.socket] | None" = None) -> None:
        """Open the application and listen; then put what start-up made out of the collector's sight.

        The figures were measured on answers with hundreds of rows: a quarter of their time was collection.
        """
        await super().startup(cast("Any", sockets))
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        CannotListenError: the address is taken, or none of this machine's.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(cast("Any", address[:2]), family=family, backlog=BACKLOG)
    except OSError as failed:
        raise CannotListenError(
            f"Cannot listen on {host}:{port} ({failed.strerror}): set BEKAL_PORT to a free port, or BEKAL_HOST to an "
            "address of this machine."
        ) from failed


def serve(app: Application, settings: Settings, listening: socket.socket) -> None:
    """Serve ``app`` on ``listening`` until a signal ends it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    Server(config, settings.drain_s).run([listening])
