"""Loops: a step again and again, through outages, until the process is to end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from engine.errors import Rejected

logger = logging.getLogger("bekal.workers")

PAUSE_AFTER_FAILURE_S = 1.0
"""An outage lasts longer than a step; a bug should not fill the log."""


async def again_and_again(
    name: str, step: Callable[[], Awaitable[bool]], every_s: float, stopping: asyncio.Event
) -> None:
    """Run ``step`` every ``every_s`` seconds, at once when it returns True, until ``stopping`` is set.

    A step under way is finished first. What a step raises is logged, an outage once, and the loop goes on.
    """
    reachable = True
    while not stopping.is_set():
        pause_s = every_s
        try:
            if await step():
                pause_s = 0.0
            if not reachable:
                logger.warning("works again", extra={"loop": name})
                reachable = True
        except Rejected as outage:
            if reachable:
                logger.warning("cannot work now", extra={"loop": name, "reason": outage.message})
            reachable = False
            pause_s = PAUSE_AFTER_FAILURE_S
        except Exception:
            logger.exception("a step failed", extra={"loop": name})
            pause_s = PAUSE_AFTER_FAILURE_S
        await wait_for(stopping, pause_s)


async def wait_for(happening: asyncio.Event, timeout_s: float) -> None:
    """Return when it happens, or after ``timeout_s`` seconds."""
    try:
        async with asyncio.timeout(timeout_s):
            await happening.wait()
    except TimeoutError:
        pass
