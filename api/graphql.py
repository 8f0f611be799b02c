"""GraphQL over HTTP, on POST: from an ASGI request to the engine's answer, with as little between them as is safe."""

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from hashlib import sha256
from time import perf_counter
from typing import Any, Protocol

from api.bodies import read_ask
from api.flights import Cut, Flight, Flights, Receive
from api.identities import RequestIds
from api.logs import AccessLog
from api.media import RESPONSE, is_json, negotiate
from api.origins import answer_headers, preflight_headers
from api.settings import Environment, Settings
from auth.viewers import UnauthenticatedError
from engine.errors import Answer, Code, Rejected, request_error
from engine.run import Ask
from rules.access import ANONYMOUS, Viewer

logger = logging.getLogger("bekal.edge")

PATH = "/graphql"
BODY_TIMEOUT_S = 10.0
"""A body within the limit takes a slow phone a second or two; who needs longer holds a place for nothing."""

LENGTH_DIGITS_MAX = 12
OK = 200
NO_CONTENT = 204
BAD_REQUEST = 400
CLIENT_CLOSED = 499
"""What the log says when nobody waits for the answer any more."""

_BY_STATUS: Mapping[int, list[tuple[bytes, bytes]]] = {
    204: [(b"allow", b"POST, OPTIONS")],
    405: [(b"allow", b"POST, OPTIONS")],
    408: [(b"connection", b"close")],
    503: [(b"retry-after", b"1")],
}
_FIXED = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_CHALLENGED = (Code.UNAUTHENTICATED, Code.FORBIDDEN)

Header = tuple[bytes, bytes]
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Any]


class Answering(Protocol):
    """The part of the engine that the endpoint needs."""

    async def answer(self, ask: Ask, viewer: object, request_id: str) -> Answer:
        """Return the whole answer; failures are answers too."""
        ...


class Identifying(Protocol):
    """The part of ``auth.viewers`` that the endpoint needs."""

    async def identify(self, authorization: bytes, proof: bytes | None) -> Viewer:
        """Return who calls, or raise Rejected."""
        ...

    def challenge(self, code: Code | None) -> bytes:
        """Return what ``WWW-Authenticate`` says with a refusal."""
        ...


class GraphQLEndpoint:
    """The ASGI application of ``/graphql``. Every answer is a GraphQL document with a request id."""

    def __init__(self, settings: Settings, access: AccessLog) -> None:
        self._access = access
        self.request_ids = RequestIds(settings.trusted_proxies)
        self._explains = settings.environment is Environment.DEVELOPMENT
        self._max_body_bytes = settings.max_body_bytes
        self._max_signed_in_body_bytes = settings.max_signed_in_body_bytes
        self._max_in_flight = settings.max_in_flight
        self._flights = Flights(body_timeout_s=BODY_TIMEOUT_S, answer_timeout_s=settings.request_timeout_s)
        self.engine: Answering | None = None
        """Set when the process has warmed up; until then every request is told to come back."""
        self.viewers: Identifying | None = None
        """Set with the engine."""
        self.leaving = False
        """While the server drains, each answer closes its connection, so that clients move on by themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        flight = self._flights.begin(receive)
        identity = self.request_ids.of(scope)
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            headers = _merged(scope["headers"])
        accept = negotiate(headers.get(b"accept", b""))
        document: str | None = None
        refused: Rejected | None = None
        try:
            if scope["method"] != "POST":
                answer = _other_method(scope["method"], identity)
            else:
                self._refuse_early(headers, accept)
                viewer = await self._identify(headers)
                most = self._max_signed_in_body_bytes if viewer.signed_in else self._max_body_bytes
                body = await _read(flight, receive, headers, most)
                explains = self._explains and headers.get(b"bekal-explain") == b"1"
                ask = read_ask(body, explain=explains, on_write=flight.write)
                document = ask.document
                assert self.engine is not None
                answer = await self.engine.answer(ask, viewer, identity)
        except Rejected as rejected:
            refused = rejected
            answer = request_error(rejected.code, rejected.message, identity, **rejected.extensions)
        except asyncio.CancelledError:
            answer = _ended(flight, identity)
        except Exception:
            logger.exception("request failed", extra={"request_id": identity})
            answer = request_error(Code.INTERNAL, f"Something broke here; tell us the request id {identity}.", identity)
        finally:
            self._flights.end(flight)
        status = answer.status
        if status == BAD_REQUEST and accept is not RESPONSE and document is not None:
            status = OK  # the older media type: a well-formed request was answered, its errors are in the body
        if status != CLIENT_CLOSED:
            await self._send(
                send, status, answer.body, identity, accept or RESPONSE, self._extra(headers, answer, refused)
            )
        if self._access.enabled:
            self._access.add(
                identity,
                scope,
                status=status,
                duration_ms=round((perf_counter() - flight.began) * 1000, 2),
                size=len(answer.body),
                document=None if document is None else sha256(document.encode()).hexdigest()[:16],
            )

    async def _identify(self, headers: Mapping[bytes, bytes]) -> Viewer:
        """Return who calls; most who read the catalogue are nobody in particular."""
        authorization = headers.get(b"authorization")
        if authorization is None:
            return ANONYMOUS
        assert self.viewers is not None
        return await self.viewers.identify(authorization, headers.get(b"dpop"))

    def _refuse_early(self, headers: Mapping[bytes, bytes], accept: bytes | None) -> None:
        """Refuse what can be refused before a byte of the body is read."""
        if accept is None:
            raise Rejected(
                Code.NOT_ACCEPTABLE, "Accept application/graphql-response+json or application/json: there is no other."
            )
        if not is_json(headers.get(b"content-type", b"")):
            raise Rejected(
                Code.UNSUPPORTED_MEDIA_TYPE, 'Send the body as JSON in UTF-8, with "Content-Type: application/json".'
            )
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Rejected(
                Code.UNSUPPORTED_MEDIA_TYPE,
                "Send the body as it is: compressed bodies are not read (Content-Encoding).",
            )
        if self.engine is None:
            raise Rejected(Code.UNAVAILABLE, "The server is starting; send the request again in a moment.")
        if len(self._flights) > self._max_in_flight:
            raise Rejected(Code.UNAVAILABLE, "The server is busy; send the request again in a moment.")

    def _extra(self, headers: Mapping[bytes, bytes], answer: Answer, refused: Rejected | None) -> list[Header]:
        """Return the headers that tell other origins' scripts, and those who need a token, how to go on."""
        extra: list[Header] = []
        if b"origin" in headers:
            extra += answer_headers(PATH, headers)
            if answer.status == NO_CONTENT:
                extra += preflight_headers(PATH, headers)
        if isinstance(refused, UnauthenticatedError):
            extra.append((b"www-authenticate", refused.challenge))
        elif answer.code in _CHALLENGED and self.viewers is not None:
            extra.append((b"www-authenticate", self.viewers.challenge(answer.code)))
        return extra

    async def _send(
        self, send: Send, status: int, body: bytes, identity: str, media: bytes, extra: list[Header]
    ) -> None:
        headers = [
            (b"content-type", media + b"; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", identity.encode()),
            *_FIXED,
            *extra,
        ]
        if status in _BY_STATUS:
            headers += _BY_STATUS[status]
        if self.leaving:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _too_large(most: int) -> Rejected:
    return Rejected(Code.PAYLOAD_TOO_LARGE, f"The body is longer than {most} bytes; send less at a time.", limit=most)


async def _read(flight: Flight, receive: Receive, headers: Mapping[bytes, bytes], most: int) -> bytes:
    """Return a body of at most ``most`` bytes, counted while it comes in."""
    length = headers.get(b"content-length")
    if length is not None and (len(length) > LENGTH_DIGITS_MAX or not length.isdigit() or int(length) > most):
        raise _too_large(most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        if len(body) > most:
            raise _too_large(most)
        flight.body_read = True
        return body
    whole = bytearray(body)
    while message["type"] == "http.request" and message.get("more_body", False):
        if len(whole) > most:
            raise _too_large(most)
        message = await receive()
        whole += message.get("body", b"")
    if message["type"] != "http.request":
        flight.cut = Cut.CLIENT_GONE
        raise asyncio.CancelledError
    if len(whole) > most:
        raise _too_large(most)
    flight.body_read = True
    flight.since = asyncio.get_running_loop().time()  # the time to answer starts when the question is there
    return bytes(whole)


def _merged(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers of which some came twice: lists are joined, what may come once only is made unusable."""
    merged: dict[bytes, bytes] = {}
    for name, value in headers:
        merged[name] = merged[name] + b", " + value if name in merged else value
    return merged


def _other_method(method: str, identity: str) -> Answer:
    if method == "OPTIONS":
        return Answer(b"", 204)
    return request_error(
        Code.METHOD_NOT_ALLOWED, "GraphQL is answered on POST only, with the document in a JSON body.", identity
    )


def _ended(flight: Flight, identity: str) -> Answer:
    """Return the answer to a request that was cancelled before it had one."""
    flight.task.uncancel()  # the cancellation ends here: what is left is to say so
    if flight.cut is Cut.CLIENT_GONE:
        return Answer(b"", CLIENT_CLOSED)
    if flight.cut is Cut.BODY_TOO_SLOW:
        slow = request_error(Code.TIMEOUT, f"The body did not arrive within {BODY_TIMEOUT_S:g} seconds.", identity)
        return replace(slow, status=408)
    if flight.cut is Cut.ANSWER_TOO_SLOW:
        return request_error(
            Code.TIMEOUT, "The answer took too long. Ask for less at a time, or send it again in a moment.", identity
        )
    return request_error(Code.UNAVAILABLE, "The server is stopping; send the request again.", identity)
