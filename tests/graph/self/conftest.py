"""The graph over a database to write to."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from engine.pool import Pool
from engine.run import Engine
from models.database import Database
from rules.access import ANONYMOUS
from schema.graph import build
from schema.services import Services
from tests.graph import catalogue
from tests.graph.self.world import RING, Asked


@pytest.fixture(scope="module")
def self_url(server: Any, migrated_template: str) -> str:
    """A database of the test file's own."""
    url: str = server.create(f"self_{uuid4().hex[:8]}", migrated_template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, catalogue.make(url)).result()
    return url


@pytest.fixture(scope="module")
async def graph(self_url: str) -> AsyncIterator[Asked]:
    """The graph over the tiny catalogue, for tests that write."""
    pool, database = Pool(self_url, size=2), Database(self_url, size=4, wait_s=10)
    connection: Any = await asyncpg.connect(self_url)
    await pool.open()
    engine = Engine(
        build(),
        pool,
        cursor_key=b"a key that only tests use, 32 byt",
        viewer=ANONYMOUS,
        services=Services(database, RING),
    )
    yield Asked(engine, database, connection)
    await connection.close()
    await database.close()
    await pool.close()


@pytest.fixture(autouse=True)
async def room(graph: Asked) -> None:
    """Revoke what earlier tests made: an organisation has twenty applications at most."""
    await graph.connection.execute("UPDATE clients SET state = 'REVOKED', ended_at = now() WHERE code LIKE 'app-%'")
