"""Real server processes: what one of them ends, the others take no more; and what they write into their logs."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.people import PASSWORD, load_people
from models.database import Database
from models.sealing import KeyRing
from tests.api.serving.conftest import TIMEOUT_S, Process, serving
from tests.auth.viewers.browsers import Visitor

KEY = "ab" * 32
SEEN_WITHIN_S = 5.0

Start = Callable[..., AbstractAsyncContextManager[Process]]


@pytest.fixture
async def start(server: Any, seeded_template: str, redis_url: str, tmp_path: Path, unused_tcp_port: int) -> Start:
    """Start servers of one demo; the first is where the world finds it."""
    url: str = server.create(f"processes_{unused_tcp_port}", seeded_template)
    database = Database(url, size=1)
    await load_people(database, KeyRing({1: bytes.fromhex(KEY)}))
    await database.close()

    def begin(*arguments: str, **settings: str) -> AbstractAsyncContextManager[Process]:
        given = {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(tmp_path),
            "MASTER_KEYS": f"1:{KEY}",
            "PUBLIC_URL": f"http://127.0.0.1:{unused_tcp_port}",
            "DEMO": "yes",
            "MESSAGES_URL": "http://127.0.0.1:1",
            "BACKGROUND": "elsewhere",
            "DRAIN_S": "0",
            **settings,
        }
        return serving({f"BEKAL_{name}": value for name, value in given.items()}, *arguments)

    return begin


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        yield client


async def ask(http: httpx.AsyncClient, url: str, token: str | None) -> httpx.Response:
    """Ask who is signed in."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    query = "{ me { name } }" if token else "{ __typename }"
    return await http.post(f"{url}/graphql", json={"query": query}, headers=headers)


async def until(answer: Callable[[], Awaitable[httpx.Response]], status: int) -> float:
    """Ask until the answer has a status; return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(TIMEOUT_S):
        while (await answer()).status_code != status:  # noqa: ASYNC110 - another process ends it
            await asyncio.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.parametrize("valkey", ["there", "away"])
async def test_what_one_process_ends_no_other_takes_within_five_seconds(
    start: Start, http: httpx.AsyncClient, unused_tcp_port: int, valkey: str
) -> None:
    away = {"REDIS_URL": "redis://127.0.0.1:1/0"} if valkey == "away" else {}
    async with AsyncExitStack() as opened:
        first = await opened.enter_async_context(start("--port", str(unused_tcp_port), **away))
        second = await opened.enter_async_context(start(**away))
        visitor = Visitor(http, first.url)
        told = await visitor.sign_in("peserta")
        token: str = told["access_token"]
        before = [(await ask(http, each.url, token)).json() for each in (first, second)]

        await visitor.revoke(told["refresh_token"])
        seen_s = await until(lambda: ask(http, second.url, token), 401)
        first_seen_s = await until(lambda: ask(http, first.url, token), 401)
        after = await ask(http, second.url, token)

    assert before == [{"data": {"me": {"name": "Peserta Demo"}}}] * 2
    assert seen_s < SEEN_WITHIN_S
    assert first_seen_s < SEEN_WITHIN_S
    assert "has ended" in after.json()["errors"][0]["message"]
    assert 'error="invalid_token"' in after.headers["www-authenticate"]


async def test_nothing_secret_is_logged_at_debug(start: Start, http: httpx.AsyncClient, unused_tcp_port: int) -> None:
    async with start("--port", str(unused_tcp_port), LOG_LEVEL="debug") as process:
        visitor = Visitor(http, process.url)
        told = await visitor.sign_in("petugas")
        await http.get(f"{process.url}/account")
        await visitor.type_password("peserta@demo.example", PASSWORD)
        await ask(http, process.url, told["access_token"])
        await ask(http, process.url, f"{told['access_token']}x")
        again = await visitor.token(grant_type="refresh_token", refresh_token=told["refresh_token"])
        await visitor.revoke(again["refresh_token"])
        await until(lambda: ask(http, process.url, again["access_token"]), 401)
        await http.post(f"{process.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=("x", "y" * 40))
        process.signal()
        await process.ended()
        logged = "\n".join(str(line) for line in process.lines)

    assert len(visitor.secrets) >= 8
    assert [secret for secret in (*visitor.secrets, PASSWORD, KEY, "peserta@demo") if secret in logged] == []
    assert "/oauth/token" in logged
