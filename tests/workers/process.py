"""A worker as a process of its own, which a test may kill: ``python -m tests.workers.process URL KIND``.

``sequencer`` numbers events. ``hang`` takes jobs of kind ``hang`` for a second, and ends none of them.
"""

import asyncio
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from models.database import Database
from workers.jobs import Worker
from workers.loops import again_and_again
from workers.sequencer import number_events


async def main(url: str, kind: str) -> None:
    """Work until killed."""
    database = Database(url, size=2)
    never = asyncio.Event()

    async def hang(payload: Mapping[str, Any]) -> None:
        del payload
        await never.wait()

    worker = Worker(database, {"hang": hang}, lease_s=1.0)
    step = partial(number_events, database) if kind == "sequencer" else worker.step
    await again_and_again(kind, step, 0.005, never)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
