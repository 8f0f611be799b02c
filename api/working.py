"""What is done beside answering: in a server process, or in one of its own (``bekal work``)."""

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from api.keys import key_ring
from api.logs import configure
from api.settings import Settings
from gateways.messages import Messages
from models.database import Database
from models.letters import KIND as LETTER
from workers.background import background
from workers.letters import letter_sender

logger = logging.getLogger("bekal.workers")

CONNECTIONS = 3
"""One numbers events, one takes jobs, and one is for what they do: they take turns well enough."""


@asynccontextmanager
async def working(settings: Settings) -> AsyncGenerator[None]:
    """Number events, do jobs and keep house while the block runs, on connections of its own."""
    assert settings.database_url is not None
    assert settings.messages_url is not None
    async with AsyncExitStack() as opened:
        database = Database(settings.database_url, size=CONNECTIONS, name="bekal-work")
        opened.push_async_callback(database.close)
        messages = await opened.enter_async_context(Messages(settings.messages_url))
        handlers = {LETTER: letter_sender(key_ring(settings), messages)}
        await opened.enter_async_context(background(database, handlers))
        yield


def work(settings: Settings) -> None:
    """Work until a signal ends it."""
    configure(settings)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with working(settings):
        logger.info("working")
        await ended.wait()
        logger.info("stopping")
