"""An edge without a graph: the engine here answers what a test tells it to, so that only the edge is looked at."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute

from api.app import Application, create_app
from api.assembly import Parts
from api.health import Probe
from api.logs import AccessLog, as_json
from api.settings import Settings
from auth.viewers import UnauthenticatedError
from engine.errors import Answer, Code
from engine.run import Ask
from rules.access import Viewer

DATA = Answer(b'{"data":{"__typename":"Query"}}')


async def works() -> None:
    """The check of a part that works."""


@dataclass
class Script:
    """An engine that notes what it is asked and answers as the test says."""

    asked: list[Ask] = field(default_factory=list[Ask])
    respond: Callable[[Ask, str], Answer] = lambda _ask, _request_id: DATA
    hold: asyncio.Event | None = None
    """While it is set to an event, answers wait for it."""
    asked_again: asyncio.Condition = field(default_factory=asyncio.Condition)
    cancelled: bool = False

    async def until_asked(self, times: int = 1) -> None:
        """Wait until so many requests have reached the engine."""
        async with self.asked_again:
            await self.asked_again.wait_for(lambda: len(self.asked) >= times)

    async def answer(self, ask: Ask, viewer: object, request_id: str) -> Answer:
        """Answer as told."""
        del viewer
        self.asked.append(ask)
        async with self.asked_again:
            self.asked_again.notify_all()
        try:
            if self.hold is not None:
                await self.hold.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.respond(ask, request_id)


class Door:
    """Knows one token; how real ones are read is looked at in tests/auth."""

    async def identify(self, authorization: bytes, proof: bytes | None) -> Viewer:
        """Return who calls."""
        del proof
        if authorization == b"Bearer good":
            return Viewer(signed_in=True)
        raise UnauthenticatedError("No such token.", b'Bearer error="invalid_token"')

    def challenge(self, code: Code | None) -> bytes:
        """Return what a refusal asks for."""
        return b"Bearer" if code is Code.UNAUTHENTICATED else b'Bearer error="insufficient_scope"'


@dataclass
class Edge:
    """A running application, a client of it, and what it logs."""

    app: Application
    client: httpx.AsyncClient
    script: Script
    log: StringIO
    access: AccessLog

    async def post(self, body: bytes = b'{"query":"{x}"}', **headers: str) -> httpx.Response:
        """Send a body as JSON; ``content_type=...`` and the like add or replace headers."""
        given = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.client.post("/graphql", content=body, headers={n: v for n, v in given.items() if v})


@asynccontextmanager
async def running(
    settings: Settings,
    probes: Mapping[str, Probe] | None = None,
    script: Script | None = None,
    routes: Sequence[BaseRoute] = (),
) -> AsyncGenerator[Edge]:
    """Run the application in this loop, with a scripted engine."""
    script = script or Script()

    @asynccontextmanager
    async def opening(_settings: Settings) -> AsyncGenerator[Parts]:
        known = probes if probes is not None else {"database": Probe(works, needed=True)}
        yield Parts(script, Door(), known, routes)

    log = StringIO()
    access = AccessLog(as_json, log)
    app = create_app(settings, access=access, opening=opening)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 40000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bekal") as client,
    ):
        client.headers.clear()
        yield Edge(app, client, script, log, access)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that differ from the defaults in where they write."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    """A running edge with the default settings."""
    async with running(settings) as made:
        yield made


@pytest.fixture
def run_edge() -> Callable[..., AbstractAsyncContextManager[Edge]]:
    """``running``, for tests that need settings, probes or a script of their own."""
    return running


@pytest.fixture
def error_of() -> Callable[[httpx.Response], Mapping[str, Any]]:
    """Reads the one error of a GraphQL document without data."""

    def read(response: httpx.Response) -> Mapping[str, Any]:
        document = response.json()
        assert document.keys() == {"errors"}
        (error,) = document["errors"]
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        return error

    return read
