"""What a transaction leaves when it commits: events, rows of the audit, jobs, and the answer under its key.

All of it is written by one statement at the end. So a write costs one round trip more, however much it tells; and the
ids of its events, which put them in order, are drawn when every lock is held. What was told inside a savepoint goes
with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction


class Kind(IntEnum):
    """What may be left."""

    EVENT = 0
    AUDIT = 1
    JOB = 2


@dataclass(frozen=True, slots=True)
class Settling:
    """The answer that is stored under a key, which this transaction has claimed."""

    caller: UUID
    key: str
    outcome: Mapping[str, Any]


class WriteSession(Session):
    """A session that remembers what its transaction will leave."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.left: list[tuple[SessionTransaction, Kind, Mapping[str, Any]]] = []


@event.listens_for(WriteSession, "after_soft_rollback")
def _forget(session: WriteSession, undone: SessionTransaction) -> None:
    session.left = [each for each in session.left if not _lies_within(each[0], undone)]


def _lies_within(inner: SessionTransaction, outer: SessionTransaction) -> bool:
    step: SessionTransaction | None = inner
    while step is not None:
        if step is outer:
            return True
        step = step.parent
    return False


def leave(session: AsyncSession | Session, kind: Kind, row: Mapping[str, Any]) -> None:
    """Have ``row`` written when the transaction of ``session`` ends well."""
    own = session.sync_session if isinstance(session, AsyncSession) else session
    assert isinstance(own, WriteSession), "only Database.write() gives sessions that can leave something"
    transaction = own.get_nested_transaction() or own.get_transaction()
    assert transaction is not None, "the transaction of this session has ended"
    own.left.append((transaction, kind, row))


async def hand_on(session: AsyncSession, settling: Settling | None = None) -> None:
    """Write what was left, and the answer; ``Database.write`` calls this before it commits."""
    own = session.sync_session
    assert isinstance(own, WriteSession)
    await session.flush()
    if not own.left and settling is None:
        return
    rows: dict[Kind, list[Mapping[str, Any]]] = {}
    for _, kind, row in own.left:
        rows.setdefault(kind, []).append(row)
    own.left = []
    values: dict[str, Any] = {kind.name.lower(): _json(rows[kind]) for kind in rows}
    if settling is not None:
        values |= {"caller": settling.caller, "key": settling.key, "outcome": _json(settling.outcome)}
    await session.execute(_statement(frozenset(rows), settles=settling is not None), values)


def _json(value: object) -> str:
    return orjson.dumps(value, default=_key).decode()


def _key(value: object) -> str:
    """Return a key as text: the driver has a class of its own for them, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


_INSERTS = {
    # Rows keep their order: each gets its id when its turn comes, and later ids are greater.
    Kind.EVENT: """
        INSERT INTO events (kind, subject_type, subject_id, payload)
        SELECT kind, subject_type, subject_id, payload FROM jsonb_to_recordset(CAST(:event AS jsonb))
            AS told (kind text, subject_type text, subject_id uuid, payload jsonb)
    """,
    Kind.AUDIT: """
        INSERT INTO audit_events (
            action, person_id, client_id, organisation_id, role, subject_type, subject_id, details, request_id, address
        )
        SELECT
            action, person_id, client_id, organisation_id, role, subject_type, subject_id, details, request_id, address
        FROM jsonb_to_recordset(CAST(:audit AS jsonb)) AS noted (
            action text, person_id uuid, client_id uuid, organisation_id uuid, role text, subject_type text,
            subject_id uuid, details jsonb, request_id text, address text
        )
    """,
    # A job of the same key that has not begun is locked until the commit, so that it does not begin too early to see
    # what this transaction wrote. Keys are locked in one order.
    Kind.JOB: """
        INSERT INTO jobs (kind, payload, run_at, dedupe_key)
        SELECT DISTINCT ON (kind, coalesce(dedupe_key, ordinality::text))
            kind, payload, coalesce(run_at, now()), dedupe_key
        FROM ROWS FROM (
            jsonb_to_recordset(CAST(:job AS jsonb)) AS (kind text, payload jsonb, run_at timestamptz, dedupe_key text)
        ) WITH ORDINALITY AS queued
        ORDER BY kind, coalesce(dedupe_key, ordinality::text), ordinality DESC
        ON CONFLICT (kind, dedupe_key) WHERE attempts = 0
        DO UPDATE SET run_at = least(jobs.run_at, excluded.run_at), payload = excluded.payload
    """,
}
_SETTLE = "UPDATE idempotency SET outcome = CAST(:outcome AS jsonb) WHERE caller = :caller AND key = :key"


@cache
def _statement(kinds: frozenset[Kind], *, settles: bool) -> TextClause:
    """Return one of fifteen statements; each stays prepared on its connection."""
    parts = [f"left_{kind.name.lower()} AS ({_INSERTS[kind]})" for kind in sorted(kinds)]
    last = _SETTLE if settles else "SELECT"
    return text(f"WITH {', '.join(parts)} {last}" if parts else last)
