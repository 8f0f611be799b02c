"""What a process does beside answering: numbering events, doing jobs, keeping house."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from models.database import Database
from workers import jobs, sequencer
from workers.housekeeping import CHORES, Chore
from workers.loops import again_and_again


@asynccontextmanager
async def background(
    database: Database, handlers: Mapping[str, jobs.Handler], chores: Sequence[Chore] = CHORES
) -> AsyncGenerator[None]:
    """Work while the block runs; at its end finish what can be finished, and give back the rest.

    ``handlers`` has the kinds of jobs that use cases queue; chores are jobs as well, which queue themselves.
    """
    stopping = asyncio.Event()
    all_handlers = {**handlers, **{chore.kind: _handler(database, chore) for chore in chores}}
    worker = jobs.Worker(database, all_handlers, repeated_s={chore.kind: chore.every_s for chore in chores})
    number = partial(sequencer.number_events, database)
    loops = [
        asyncio.create_task(again_and_again("sequencer", number, sequencer.EVERY_S, stopping)),
        asyncio.create_task(again_and_again("jobs", worker.step, jobs.EVERY_S, stopping)),
    ]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*loops)
        await worker.stop()


def _handler(database: Database, chore: Chore) -> jobs.Handler:
    async def do(payload: object) -> None:
        del payload
        await chore.do(database)

    return do
