"""The worker: takes due jobs and has them done, a few at a time.

A job that is taken is leased. A worker that is killed leaves its leases to end, and others take the jobs then; one that
is asked to stop finishes what it can and gives the rest back.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from engine.errors import Rejected
from models import jobs
from models.database import Database
from rules.jobs import retry_in_s

logger = logging.getLogger("bekal.workers")

Handler = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Does a job of one kind, given its payload. It may be called again for a job that it did before."""

EVERY_S = 0.2
LEASE_S = 60.0
"""How long others wait for a worker that was killed. Longer work belongs into several jobs."""
TIME_SHARE = 0.8
"""The part of its lease that a job may use; in the rest its end is written down."""
AT_ONCE_MAX = 4
"""Jobs of one process at a time. They mostly wait for others, but each may need a connection."""
GRACE_S = 10.0
"""How long a job may still take when the process is to end."""


class Worker:
    """Does jobs of the kinds that ``handlers`` know; other kinds are left to newer versions of the program."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        repeated_s: Mapping[str, int] | None = None,
        lease_s: float = LEASE_S,
        at_once: int = AT_ONCE_MAX,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._repeated_s = dict(repeated_s or {})
        """Kinds that come again and again, and after how many seconds; empty once they are in the table."""
        self._lease_s = lease_s
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()

    async def step(self) -> bool:
        """Take as many due jobs as there is room for and begin them; return whether it should look again at once."""
        await self._plan()
        room = self._at_once - len(self._running)
        if not room:
            await asyncio.wait(self._running, timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            return True
        async with self._database.write() as session:
            taken = await jobs.take(session, self._handlers, room, self._lease_s)
        for lease in taken:
            task = asyncio.create_task(self._work(lease))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(taken) == room

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Let the jobs under way end for a while; those that do not are given back."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _plan(self) -> None:
        """See that what comes again and again is in the table."""
        if not self._repeated_s:
            return
        async with self._database.write() as session:
            for kind in sorted(self._repeated_s):
                await jobs.repeat(session, kind, self._repeated_s[kind])
        self._repeated_s.clear()

    async def _work(self, lease: jobs.Lease) -> None:
        facts = {"job": str(lease.id), "kind": lease.kind, "attempt": lease.attempts}
        try:
            async with asyncio.timeout(self._lease_s * TIME_SHARE):
                await self._handlers[lease.kind](lease.payload)
        except asyncio.CancelledError:
            await self._note(lease, jobs.give_back)
            raise
        except Exception as failed:
            again_in_s = retry_in_s(lease.attempts, random.random())  # noqa: S311 - chance, not secrecy
            if isinstance(failed, Rejected):
                logger.warning("job put off", extra={**facts, "reason": failed.message})
            else:
                logger.exception("job failed", extra={**facts, "again_in_s": again_in_s})
            await self._note(lease, jobs.fail, type(failed).__name__, again_in_s)
        else:
            await self._note(lease, jobs.finish)

    async def _note(self, lease: jobs.Lease, end: Callable[..., Awaitable[None]], *more: Any) -> None:
        """Write down how a job ended. When that cannot be, its lease ends by itself, and it is done again."""
        try:
            async with self._database.write() as session:
                await end(session, lease, *more)
        except Rejected as outage:
            logger.warning("a job's end could not be noted", extra={"job": str(lease.id), "reason": outage.message})
