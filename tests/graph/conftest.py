"""Asks the graph as a client does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from engine.pool import Pool
from engine.run import Ask, Engine
from rules.access import ANONYMOUS
from schema.graph import build

Answering = Callable[..., Awaitable[Any]]


async def answer(engine: Engine, document: str, variables: dict[str, Any]) -> Any:
    answered = await engine.answer(Ask(document, None, variables), ANONYMOUS, "test")
    return orjson.loads(answered.body)


@pytest.fixture(scope="session")
async def shared_engine(seeded_database_url: str) -> AsyncIterator[Engine]:
    """The engine over the small demo programme, which tests only read."""
    async with Opened(seeded_database_url) as engine:
        yield engine


@pytest.fixture
def ask(shared_engine: Engine) -> Answering:
    """Answers an operation from the small demo programme: ``await ask(document, first=5)``."""

    async def asking(document: str, **variables: Any) -> Any:
        return await answer(shared_engine, document, variables)

    return asking


@pytest.fixture
async def fresh_ask(fresh_seeded_database_url: str) -> AsyncIterator[Answering]:
    """The same from ``fresh_seeded_database_url``, where a test may write rows of its own."""
    async with Opened(fresh_seeded_database_url) as engine:

        async def asking(document: str, **variables: Any) -> Any:
            return await answer(engine, document, variables)

        yield asking


class Opened:
    """An engine whose connections are closed at the end of a block."""

    def __init__(self, url: str) -> None:
        self._pool = Pool(url, size=2)

    async def __aenter__(self) -> Engine:
        await self._pool.open()
        return Engine(build(), self._pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS)

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()
