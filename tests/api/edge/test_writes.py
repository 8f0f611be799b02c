"""What changes something has longer than a read, and is finished when nobody waits for it any more."""

import asyncio
from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from engine.errors import Answer
from engine.run import Ask
from tests.api.edge.conftest import Edge, Script

RunEdge = Callable[..., AbstractAsyncContextManager[Edge]]


@dataclass
class Writer(Script):
    """An engine that begins to write before it answers."""

    async def answer(self, ask: Ask, viewer: object, request_id: str) -> Answer:
        """Tell that it writes, and answer as told."""
        assert ask.on_write is not None
        ask.on_write()
        return await super().answer(ask, viewer, request_id)


@dataclass
class Caller:
    """An ASGI caller that may go away."""

    sent: list[MutableMapping[str, Any]]
    incoming: asyncio.Queue[MutableMapping[str, Any]]

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Take a part of the answer."""
        self.sent.append(message)

    def call(self, edge: Edge) -> "asyncio.Task[None]":
        """Send a request."""
        self.incoming.put_nowait({"type": "http.request", "body": b'{"query":"{x}"}', "more_body": False})
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 40000),
        }
        return asyncio.ensure_future(edge.app(scope, self.incoming.get, self.send))


@pytest.fixture
def quick(tmp_path: Path) -> Settings:
    """Settings under which a read has hardly any time."""
    return Settings(data_dir=tmp_path, request_timeout_s=0.1)


async def test_a_write_is_finished_when_its_client_has_gone_and_a_read_s_time_is_over(
    quick: Settings, run_edge: RunEdge
) -> None:
    writer = Writer(hold=asyncio.Event())
    assert writer.hold is not None
    async with run_edge(quick, script=writer) as edge:
        gone = Caller([], asyncio.Queue())
        write = gone.call(edge)
        await writer.until_asked()
        gone.incoming.put_nowait({"type": "http.disconnect"})
        edge.app.graphql.engine = Script(hold=asyncio.Event())
        read = await edge.post()  # began later, and its time is over before the write's
        writer.hold.set()
        await write
        edge.access.flush()

        assert read.status_code == 503
        assert not writer.cancelled
        assert '"status":200' in edge.log.getvalue()


async def test_a_write_too_has_an_end(quick: Settings, run_edge: RunEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.flights.WRITE_TIMEOUT_S", 0.2)
    async with run_edge(quick, script=Writer(hold=asyncio.Event())) as edge:
        response = await edge.post()

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"
