"""Marks: the least use case there is, for tests of what all of them have in common."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from models.database import Database
from models.writes import Write, once
from rules.access import Role, Viewer
from rules.callers import Caller
from rules.refusals import Refused

INSTITUTION = Viewer(
    signed_in=True, role=Role.INSTITUTION, person_id=UUID(int=1), client_id=UUID(int=2), organisation_id=UUID(int=3)
)
CALLER = Caller(INSTITUTION, "request-1", "203.0.113.0/24")


MARKS = "CREATE TABLE marks (id uuid PRIMARY KEY, points integer CONSTRAINT marks_points_once UNIQUE, at timestamptz)"


class Why(StrEnum):
    NEGATIVE = "NEGATIVE"
    TAKEN = "TAKEN"


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wished: a mark of so many points, with labels in any order."""

    points: int
    labels: dict[str, int] = field(default_factory=dict[str, int])


@asynccontextmanager
async def marked(url: str) -> AsyncGenerator[Database]:
    """Open a database and make a table of marks."""
    database = Database(url, size=10, wait_s=10)
    async with database.write() as session:
        await session.execute(text(MARKS))
    yield database
    await database.close()


async def make_mark(write: Write, wish: Mark) -> UUID:
    if wish.points < 0:
        raise Refused(Why.NEGATIVE, "points", points_min=0)
    mark = uuid4()
    await write.session.execute(
        text("INSERT INTO marks VALUES (:id, :points, :at)"), {"id": mark, "points": wish.points, "at": write.now}
    )
    write.record("mark.made", "mark", mark, {"points": wish.points})
    write.enqueue("tell", {"mark": mark})
    return mark


async def make(
    database: Database, key: str, wish: Mark, use_case: Any = make_mark, caller: Caller = CALLER, **options: Any
) -> Any:
    return await once(database, caller, key, wish, use_case, operation=options.pop("operation", "makeMark"), **options)


async def counts(database: Database) -> dict[str, int]:
    """Return how many rows writes have left in each table."""
    async with database.read() as session:
        tables = ("marks", "events", "audit_events", "jobs", "idempotency")
        return {name: (await session.scalars(text(f"SELECT count(*) FROM {name}"))).one() for name in tables}  # noqa: S608


ONE_OF_EACH = dict.fromkeys(("marks", "events", "audit_events", "jobs", "idempotency"), 1)
NOTHING = dict.fromkeys(ONE_OF_EACH, 0)


async def until_waiting(url: str, statement: str, number: int) -> None:
    """Return when so many wait for a lock in a statement that begins so."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND ltrim(query, E' \\n') LIKE :statement"
    )
    watcher = Database(url, size=1)
    async with asyncio.timeout(20):
        found = 0
        while found < number:
            async with watcher.read() as session:
                found = (await session.scalars(waiting, {"statement": statement})).one()
    await watcher.close()
