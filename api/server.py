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
from api.identities import Names
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

FRAMING_BYTES_MAX = 1 << 20
"""Bytes of a request that are neither its head nor its body: the frames of chunks, and trailers, which nobody reads but
the parser keeps. A body in pieces of one byte has five of them for each."""

TAKING_TIMEOUT_S = 30.0
"""How long a client may take to read an answer; until then the answer is kept here."""


class CannotListenError(Exception):
    """The address is taken or not ours. The message says what to do."""


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn reads it, with times and sizes for all that it waits for or keeps.

    Refusals are GraphQL documents.
    """

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _in_head = True
    _requests = 0
    _between = False
    """From the end of a request to the beginning of the next one."""
    _discarded = 0
    _framing = 0
    _body_bytes = 0
    """Of the piece that is being read."""
    _taking_timer: asyncio.TimerHandle | None = None

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
        self._stop_taking_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count a request's headers."""
        super().on_message_begin()
        self._requests += 1
        self._in_head = True
        self._between = False
        self._discarded = self._framing = 0

    def on_headers_complete(self) -> None:
        """Pass a request on when its headers are of a sane size."""
        self._in_head = False
        if self._head_timer is not None:
            self._stop_timer()
        if self._head_bytes > HEADER_BYTES_MAX and self._size_of_head() > HEADER_BYTES_MAX:
            self._refuse(431, f"The headers are longer than {HEADER_BYTES_MAX} bytes.")
            return
        assert self.parser is not None
        upgrade: bool = self.parser.should_upgrade()
        if upgrade and any(name in _BODY_HEADERS for name, _ in self.headers):
            # The parser skips the body of a request that asks for another protocol.
            self._refuse(400, _NO_UPGRADE)
            return
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False  # the parser reads nothing after it

    def on_message_complete(self) -> None:
        """Note that a request is complete."""
        self._between = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        self._head_bytes = self._head_bytes + len(data) if self._in_head else len(data)
        requests, between, self._body_bytes = self._requests, self._between, 0
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            if self._head_bytes > HEADER_BYTES_MAX:
                self._refuse(431, f"The headers are longer than {HEADER_BYTES_MAX} bytes.")
            else:
                self._wait_for_head()
            return
        if between and requests == self._requests:
            self._wait_for_head()  # an empty line is no request, but ends the time that a connection may be idle
        self._framing += len(data) - self._body_bytes
        if self._framing > FRAMING_BYTES_MAX and self.cycle.response_started:
            self.transport.close()
        elif self._framing > FRAMING_BYTES_MAX:
            self._refuse(431, f"The trailers and chunk frames are longer than {FRAMING_BYTES_MAX} bytes.")

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body on, or drop it when the answer is out already."""
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > DISCARDED_BYTES_MAX:
                self.transport.close()
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request."""
        self._refuse(400, msg)

    def pause_writing(self) -> None:
        """Give the client a time to take what waits for it."""
        super().pause_writing()
        self._taking_timer = self.loop.call_later(TAKING_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the client has taken nearly all of it."""
        self._stop_taking_timer()
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: who asks for another protocol is answered in this one, or was refused."""

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_TIMEOUT_S, self._too_slow)

    def _too_slow(self) -> None:
        self._head_timer = None
        if self._between and not self.cycle.response_complete:
            self._wait_for_head()  # it is we who are slow
            return
        self._refuse(408, f"The headers did not arrive within {HEADER_TIMEOUT_S:g} seconds.")

    def _refuse(self, status: int, message: str) -> None:
        """Answer in the place of the application, and close: what follows on this connection cannot be trusted."""
        if self.transport.is_closing():
            return
        identity = _names.next()
        phrase, code = _REFUSALS[status]
        body = request_error(code, message, identity).body
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {RESPONSE.decode()}; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {identity}\r\ncache-control: no-store\r\n"
            "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        logger.info("refused", extra={"request_id": identity, "status": status, "reason": message})
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_taking_timer(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
            self._taking_timer = None

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


_names = Names()
_BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding"})
_NO_UPGRADE = (
    "This server speaks HTTP/1.1 and nothing else: send no Upgrade header with a body "
    "(Java's HttpClient needs version(HTTP_1_1))."
)

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
