"""Jobs: what is to be done later. A job is queued in the transaction of its cause, and runs at least once after it.

Who runs a job holds a lease: until then nobody else takes it, and after it anybody may. So what a job does must bear
being done twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, case, func, select, text, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SyncSession

from models.base import Base, UUIDKey
from models.leaving import Kind, leave

FAILURE_LENGTH_MAX = 200


class Job(Base):
    """Something to do. It goes when it is done; one that failed too often stays as dead."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="jobs_attempts_not_negative"),
        CheckConstraint("every_s > 0", name="jobs_every_positive"),
        Index("jobs_due", "run_at", "id", postgresql_where=text("dead_at IS NULL")),
        Index("jobs_dead", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
        # A job that has begun may have missed what is queued now, so that only waiting ones stand for each other.
        Index("jobs_once_per_key", "kind", "dedupe_key", unique=True, postgresql_where=text("attempts = 0")),
        Index("jobs_repeated_once", "kind", unique=True, postgresql_where=text("every_s IS NOT NULL")),
    )

    id: Mapped[UUIDKey]
    kind: Mapped[str]
    payload: Mapped[Mapping[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    run_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """When it is due; while somebody runs it, the end of his lease."""
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was begun. Also tells one lease from the next."""
    dedupe_key: Mapped[str | None]
    every_s: Mapped[int | None]
    """For housekeeping, which never ends: how long after each run the next one is due."""
    dead_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    """The kind of the last failure, for people; never a message, which may repeat values."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job that is ours for a while."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int


def enqueue(
    session: AsyncSession | SyncSession,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
) -> None:
    """Queue a job, due at ``run_at`` or at once, if the transaction commits.

    Of waiting jobs of one kind with one ``dedupe_key`` there is only one: the newest payload, the earliest time. Those
    who queue the same key wait for each other's commit. ``payload`` holds ids, no personal data.
    """
    leave(
        session,
        Kind.JOB,
        {"kind": kind, "payload": payload or {}, "run_at": run_at, "dedupe_key": dedupe_key},
    )


async def repeat(session: AsyncSession, kind: str, every_s: int) -> None:
    """Have ``kind`` done again and again, ``every_s`` seconds after it was done, the first time at once."""
    made = insert(Job).values(kind=kind, payload={}, every_s=every_s)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=[Job.kind],
            index_where=text("every_s IS NOT NULL"),
            set_={"every_s": made.excluded.every_s},
            where=Job.every_s != made.excluded.every_s,
        )
    )


async def take(session: AsyncSession, kinds: Collection[str], most: int, lease_s: float) -> Sequence[Lease]:
    """Take up to ``most`` due jobs of these kinds for ``lease_s`` seconds, those first that have waited longest."""
    due = (
        select(Job.id)
        .where(Job.run_at <= func.now(), Job.dead_at.is_(None), Job.kind.in_(sorted(kinds)))
        .order_by(Job.run_at, Job.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(Job)
        .where(Job.id.in_(due))
        .values(attempts=Job.attempts + 1, run_at=_in(lease_s))
        .returning(Job.id, Job.kind, Job.payload, Job.attempts)
    )
    return [Lease(*row) for row in await session.execute(statement)]


async def finish(session: AsyncSession, lease: Lease) -> None:
    """Note that a job is done: it goes, or is due again after its time."""
    ours = (Job.id == lease.id, Job.attempts == lease.attempts)
    gone = await session.execute(delete_from(Job).where(*ours, Job.every_s.is_(None)).returning(Job.id))
    if gone.first() is None:
        await session.execute(update(Job).where(*ours).values(attempts=0, run_at=_in(Job.every_s), failure=None))


async def fail(session: AsyncSession, lease: Lease, failure: str, again_in_s: float | None) -> None:
    """Note that a job failed: it is due again in a while, or dead when that is None. Housekeeping never dies."""
    if again_in_s is None:
        end = {
            "dead_at": case((Job.every_s.is_(None), func.clock_timestamp())),
            "run_at": _in(func.coalesce(Job.every_s, 0)),
        }
    else:
        end = {"run_at": _in(again_in_s)}
    await session.execute(
        update(Job)
        .where(Job.id == lease.id, Job.attempts == lease.attempts)
        .values(failure=failure[:FAILURE_LENGTH_MAX], **end)
    )


async def give_back(session: AsyncSession, lease: Lease) -> None:
    """Let others have a job at once that was begun and not ended, as if it had not been taken."""
    await session.execute(
        update(Job)
        .where(Job.id == lease.id, Job.attempts == lease.attempts)
        .values(run_at=func.clock_timestamp(), attempts=Job.attempts - 1)
    )


async def revive(session: AsyncSession, kind: str) -> int:
    """Make the dead jobs of a kind due again, and return how many they are: for after the repair."""
    revived = await session.execute(
        update(Job)
        .where(Job.kind == kind, Job.dead_at.is_not(None))
        .values(dead_at=None, run_at=func.clock_timestamp(), attempts=1)
        .returning(Job.id)
    )
    return len(revived.all())


def _in(seconds: Any) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
