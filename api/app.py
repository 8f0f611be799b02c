"""The application: routes, what opens and closes with it, and one line in the log for each request."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.assembly import Parts, real_parts
from api.graphiql import graphiql_routes
from api.graphql import PATH, GraphQLEndpoint
from api.health import Health
from api.logs import AccessLog, configure
from api.media import RESPONSE
from api.origins import answer_headers, preflight_headers
from api.settings import Settings
from engine.errors import Code, request_error

logger = logging.getLogger("bekal.edge")

PAGE_TIMEOUT_S = 25.0
"""The longest time for a page or an endpoint of OAuth, its form included. Who is slower holds a place for nothing."""

Opening = Callable[[Settings], AbstractAsyncContextManager[Parts]]


class Application(Starlette):
    """Starlette with a straight way to the graph: its routing would cost a small answer a tenth of its time."""

    def __init__(self, settings: Settings, access: AccessLog, opening: Opening) -> None:
        self.health = Health()
        self.graphql = GraphQLEndpoint(settings, access)
        self._access = access
        self._settings = settings
        self._opening = opening
        self._pages_in_flight = 0
        super().__init__(
            routes=[*self.health.routes(), *graphiql_routes(PATH, settings.origin), Route("/", _to_graphiql)],
            lifespan=self._open,
            exception_handlers={HTTPException: self._refuse, Exception: self._fail},
        )
        self.router.redirect_slashes = False  # Starlette would lead to whatever host the request names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            if scope["path"] == PATH:
                await self.graphql(scope, receive, send)
            else:
                await self._serve_page(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def drain(self) -> None:
        """Ask balancers and clients to go elsewhere, and answer those who still come."""
        self.health.draining = True
        self.graphql.leaving = True

    @asynccontextmanager
    async def _open(self, _app: Starlette) -> AsyncGenerator[None]:
        async with self._opening(self._settings) as parts:
            self.graphql.engine = parts.engine
            self.graphql.viewers = parts.viewers
            self.router.routes.extend(parts.routes)
            self.health.probes = parts.probes
            yield
        self._access.flush()

    async def _serve_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not the graph, under the same manners: an id, a line in the log, no failure twice."""
        began = perf_counter()
        identity = self.graphql.request_ids.of(scope)
        scope["bekal.request_id"] = identity
        headers = dict(scope["headers"])
        extra = [(b"x-request-id", identity.encode()), *answer_headers(scope["path"], headers)]
        status = 0
        size = 0

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *extra]
            size += len(message.get("body", b""))
            await send(message)

        self._pages_in_flight += 1
        try:
            await self._bounded(scope, headers, receive, watched)
        except Exception as failed:
            if isinstance(failed, TimeoutError) and not status:
                slow = _document(identity, Code.TIMEOUT, "The request took too long. Send it again.", 408)
                await slow(scope, receive, watched)
            else:  # Starlette has answered by _fail, and raises it again for the log
                logger.exception("request failed", extra={"request_id": identity})
        finally:
            self._pages_in_flight -= 1
        took_ms = round((perf_counter() - began) * 1000, 2)
        self._access.add(identity, scope, status=status, duration_ms=took_ms, size=size)

    async def _bounded(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        """Answer within bounds: so many at a time, each for so long; and say to browsers what scripts may do."""
        preflight = preflight_headers(scope["path"], headers) if scope["method"] == "OPTIONS" else ()
        if preflight:
            await send({"type": "http.response.start", "status": 204, "headers": list(preflight)})
            await send({"type": "http.response.body", "body": b""})
            return
        if self._pages_in_flight > self._settings.max_in_flight:
            busy = _document(scope["bekal.request_id"], Code.UNAVAILABLE, "The server is busy; try again.", 503)
            busy.headers["retry-after"] = "1"
            await busy(scope, receive, send)
            return
        async with asyncio.timeout(PAGE_TIMEOUT_S):
            await super().__call__(scope, receive, send)

    async def _refuse(self, request: Request, refused: Exception) -> Response:
        assert isinstance(refused, HTTPException)
        if refused.status_code == 405:  # noqa: PLR2004
            code, message = Code.METHOD_NOT_ALLOWED, "This address answers GET only."
        else:
            code, message = Code.NOT_FOUND, f"There is nothing here: the graph is at {PATH}, GraphiQL at /graphiql."
        answer = _document(request.scope["bekal.request_id"], code, message, refused.status_code)
        answer.headers.update(refused.headers or {})
        return answer

    async def _fail(self, request: Request, _failure: Exception) -> Response:
        identity = request.scope["bekal.request_id"]
        return _document(identity, Code.INTERNAL, f"Something broke here; tell us the request id {identity}.", 500)


def create_app(settings: Settings, *, access: AccessLog | None = None, opening: Opening = real_parts) -> Application:
    """Return the application; its parts are opened when it starts, by ``opening``.

    ``settings`` must name the database: embedded engines are started before, by whoever runs the process.
    """
    return Application(settings, access or configure(settings), opening)


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphiql", status_code=307)


def _document(identity: str, code: Code, message: str, status: int) -> Response:
    answer = request_error(code, message, identity)
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(answer.body, status, headers, media_type=f"{RESPONSE.decode()}; charset=utf-8")
