"""The graph to write to."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.graph import catalogue
from tests.graph.writes.world import World, opened


@pytest.fixture(scope="module")
async def world(server: Any, migrated_template: str) -> AsyncIterator[World]:
    """A programme that the tests of one file share; each makes courses of its own."""
    url: str = server.create(f"writes_{uuid4().hex[:8]}", migrated_template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, catalogue.make(url)).result()
    async with opened(url) as world:
        yield world
