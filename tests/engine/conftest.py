"""The library's database, and the rings in which engine and oracle meet."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rules.access import ANONYMOUS
from schema.graph import build as build_programme
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.graph import build as build_library
from tests.engine.library.reads import Viewer
from tests.engine.library.tables import ARRAY_TYPES


@pytest.fixture(scope="session")
def oracle_examples() -> int:
    """How many operations each of the oracle's tests draws; ``BEKAL_TEST_ORACLE_EXAMPLES`` sets it for a long run."""
    return int(os.environ.get("BEKAL_TEST_ORACLE_EXAMPLES", "50"))


@pytest.fixture(scope="session")
def oracle_seed() -> int:
    """Where the seeds of the oracle's tests begin; ``BEKAL_TEST_ORACLE_SEED`` draws other operations."""
    return int(os.environ.get("BEKAL_TEST_ORACLE_SEED", "1"))


@pytest.fixture(scope="session")
def library_url(server: Any) -> str:
    """The library's database; tests only read it."""
    url: str = server.create("library")
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, data.make(url)).result()
    return url


@pytest.fixture(scope="session")
def library(library_url: str) -> Iterator[Ring]:
    """Engine and oracle over the library."""
    ring = Ring(build_library(), build_library(), library_url, viewer=Viewer(), array_types=ARRAY_TYPES)
    yield ring
    ring.close()


@pytest.fixture(scope="session")
def programme(seeded_database_url: str) -> Iterator[Ring]:
    """Engine and oracle over the programme's graph and the small demo data."""
    ring = Ring(build_programme(), build_programme(), seeded_database_url, viewer=ANONYMOUS)
    yield ring
    ring.close()
