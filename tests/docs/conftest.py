"""An engine with the limits of a server, over the small demo programme."""

from collections.abc import AsyncIterator

import pytest

from engine.pool import Pool
from engine.run import Engine
from rules.access import ANONYMOUS
from schema.graph import build


@pytest.fixture(scope="session")
async def engine(seeded_database_url: str) -> AsyncIterator[Engine]:
    pool = Pool(seeded_database_url, size=2)
    await pool.open()
    yield Engine(build(), pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS)
    await pool.close()
