"""Events: what happened, for everything that follows. The only way in which a fact leaves a transaction.

An event is written with what it tells of. The sequencer (``workers.sequencer``) then numbers committed events without a
gap; who follows reads by number, so that nothing is missed and nothing comes before its cause.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SyncSession

from models.base import Base, UUIDKey
from models.leaving import Kind, leave

BATCH_MAX = 1_000
"""Events that are numbered, or read, in one statement: some 300 kB."""


class Event(Base):
    """Something that happened to a subject. ``seq`` is NULL until the sequencer has seen it committed."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("kind ~ '^[a-z_]+[.][a-z_]+$'", name="events_kind_form"),
        Index("events_unnumbered", "id", postgresql_where=text("seq IS NULL")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[UUIDKey]
    seq: Mapped[int | None] = mapped_column(BigInteger)
    """Unique among all parts although each part only knows its own: one counter gives the numbers."""
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    kind: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    payload: Mapped[Mapping[str, Any]] = mapped_column(JSONB)


class EventCounter(Base):
    """The last number that was given. It outlives the events, so that no number comes twice."""

    __tablename__ = "event_counter"
    __table_args__ = (CheckConstraint("one_row", name="event_counter_one_row"),)

    one_row: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    last_seq: Mapped[int] = mapped_column(BigInteger)


def emit(
    session: AsyncSession | SyncSession,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Tell that ``kind`` (``course.submitted``) happened to a subject (``course``), if the transaction commits.

    The subject's row must be locked, changed or new in this transaction: only then do its events stand in the order in
    which they happened. ``payload`` holds ids and facts, never personal data: it goes to partners and other stores.
    """
    row = {"kind": kind, "subject_type": subject_type, "subject_id": subject_id, "payload": payload or {}}
    leave(session, Kind.EVENT, row)


async def after(session: AsyncSession, seq: int, limit: int = BATCH_MAX) -> Sequence[Event]:
    """Return the events that come after number ``seq``, oldest first, ``limit`` at most.

    Who has read up to a number has seen all events below it, and will see none of them again.
    """
    statement = select(Event).where(Event.seq > seq).order_by(Event.seq).limit(limit)
    return (await session.scalars(statement)).all()


async def number(session: AsyncSession, most: int = BATCH_MAX) -> int:
    """Number the oldest committed events that have no number, and return how many; 0 when another process does it."""
    return await session.scalar(select(func.number_events(most))) or 0


async def oldest_unnumbered_s(session: AsyncSession) -> float:
    """Return for how many seconds the oldest event has waited for its number; 0.0 when none waits."""
    age = func.extract("epoch", func.clock_timestamp() - Event.at)
    statement = select(age).where(Event.seq.is_(None)).order_by(Event.id).limit(1)
    return max(0.0, float(await session.scalar(statement) or 0.0))
