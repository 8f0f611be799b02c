"""Counting attempts in the database, so that a limit holds over all processes, and when Valkey is away.

An attempt is counted before it is made: who sends a hundred at once has made a hundred. One that succeeds is taken
back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.sealing import KeyRing
from models.sign_ins import Attempt
from rules.sign_ins import Limit

DOUBLINGS_MAX = 20
"""Beyond it, the wait is at its cap anyway, and the power of two would leave an interval's range."""


class TooManyError(Exception):
    """It was tried too often. ``wait`` is how long to wait before the next try."""

    def __init__(self, limit: Limit, wait: timedelta) -> None:
        super().__init__(limit.name)
        self.limit = limit
        self.wait = max(wait, timedelta(seconds=1))

    @property
    def wait_s(self) -> int:
        """The wait in whole seconds, at least one."""
        return -(-self.wait // timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted: tries against one thing (an account, a network), under one limit."""

    limit: Limit
    hash: bytes


def count_of(keys: KeyRing, limit: Limit, *subject: str) -> Count:
    """Return the count for a subject, such as an account and a device; what it names is hashed."""
    return Count(limit, keys.hash("\0".join(subject).encode(), f"attempts:{limit.name}"))


async def spend(db: AsyncSession, *counts: Count) -> None:
    """Count one attempt in each of ``counts``.

    Raises:
        TooManyError: one of them is used up for now. Commit all the same, or the others forget the attempt.
    """
    refused: TooManyError | None = None
    for count in sorted(counts, key=lambda each: each.hash):  # in one order, so that nobody waits in a circle
        wait = await _spend(db, count)
        if wait is not None and (refused is None or wait > refused.wait):
            refused = TooManyError(count.limit, wait)
    if refused is not None:
        raise refused


async def take_back(db: AsyncSession, count: Count) -> None:
    """Uncount one attempt that was none: it succeeded."""
    await db.execute(
        update(Attempt)
        .where(Attempt.hash == count.hash, Attempt.count > 0)
        .values(count=Attempt.count - 1, blocked_until=None)
    )


async def clear(db: AsyncSession, count: Count) -> None:
    """Forget all attempts of a count."""
    await db.execute(delete_from(Attempt).where(Attempt.hash == count.hash))


async def _spend(db: AsyncSession, count: Count) -> timedelta | None:
    """Count one attempt, or return how long to wait when there is none left."""
    limit = count.limit
    now = func.clock_timestamp()
    stale = Attempt.expires_at <= now
    tries = case((stale, literal(1)), else_=Attempt.count + 1)
    made = insert(Attempt).values(
        hash=count.hash,
        count=1,
        blocked_until=_blocked_until(limit, literal(1), now, now + limit.window),
        expires_at=now + limit.window,
    )
    # A window of tries ends when it ends; a growing wait is forgotten only after a time without tries.
    ends = now + limit.window if limit.base else case((stale, now + limit.window), else_=Attempt.expires_at)
    counted = await db.scalar(
        made.on_conflict_do_update(
            index_elements=[Attempt.hash],
            set_={"count": tries, "blocked_until": _blocked_until(limit, tries, now, ends), "expires_at": ends},
            where=or_(stale, Attempt.blocked_until.is_(None), Attempt.blocked_until <= now),
        ).returning(Attempt.count)
    )
    if counted is not None:
        return None
    blocked: tuple[datetime | None, datetime] | None = (
        await db.execute(select(Attempt.blocked_until, now).where(Attempt.hash == count.hash))
    ).one_or_none()
    if blocked is None or blocked[0] is None:
        return timedelta(seconds=1)  # it was cleared this moment
    return blocked[0] - blocked[1]


def _blocked_until(limit: Limit, tries: Any, now: Any, ends: Any) -> Any:
    """Return the SQL for when the next try may be made, after ``tries`` of them; NULL when at once."""
    if not limit.base:
        return case((tries >= limit.free, ends), else_=None)
    doublings = func.least(tries - limit.free, DOUBLINGS_MAX)
    wait_s = func.least(limit.cap.total_seconds(), limit.base.total_seconds() * func.power(2, doublings))
    return case((tries >= limit.free, now + func.make_interval(0, 0, 0, 0, 0, 0, wait_s)), else_=None)
