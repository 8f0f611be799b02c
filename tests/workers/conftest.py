"""Databases and workers for one test."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from models.database import Database
from workers.jobs import Handler, Worker
from workers.loops import again_and_again

if TYPE_CHECKING:
    from collections.abc import Mapping

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database of the test's own, with room for many at once."""
    database = Database(fresh_database_url, size=12, wait_s=10)
    yield database
    await database.close()


@pytest.fixture
def until() -> Until:
    """Ask again until the answer is true, and return it; the test fails when it never is."""

    async def ask(question: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(20):
            while not (answer := await question()):  # noqa: ASYNC110 - the database sends no word
                await asyncio.sleep(0.01)
            return answer

    return ask


@pytest.fixture
def working() -> Any:
    """A worker that runs while a block does."""

    @asynccontextmanager
    async def run(database: Database, handlers: "Mapping[str, Handler]", **options: Any) -> AsyncGenerator[Worker]:
        grace_s = options.pop("grace_s", 5.0)
        worker = Worker(database, handlers, **options)
        stopping = asyncio.Event()
        loop = asyncio.create_task(again_and_again("jobs", worker.step, 0.02, stopping))
        try:
            yield worker
        finally:
            stopping.set()
            await loop
            await worker.stop(grace_s)

    return partial(run)
