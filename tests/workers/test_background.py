"""A process numbers events, does jobs and keeps house while it runs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from models import events, expiry, jobs
from models.database import Database
from models.grants import SpentProof
from models.idempotency import KEPT_DAYS, Idempotency
from workers.background import background
from workers.housekeeping import CHORES, forget

if TYPE_CHECKING:
    from conftest import Until


SPENT = """
INSERT INTO spent_proofs (hash, expires_at)
SELECT sha256(n::text::bytea), now() - interval '1 day' FROM generate_series(1, 3) AS n
"""


async def count(database: Database, condition: str) -> int:
    async with database.read() as session:
        return (await session.scalars(text(f"SELECT count(*) FROM {condition}"))).one()  # noqa: S608


async def test_all_that_is_to_be_done_is_done(database: Database, until: "Until") -> None:
    told: list[Mapping[str, Any]] = []

    async def tell(payload: Mapping[str, Any]) -> None:
        told.append(payload)

    async with background(database, {"tell": tell}):
        async with database.write() as session:
            events.emit(session, "mark.made", "mark", UUID(int=1))
            jobs.enqueue(session, "tell", {"to": "A"})

        async def all_done() -> bool:
            undone = await count(database, "jobs WHERE run_at <= now() OR attempts > 0")
            unnumbered = await count(database, "events WHERE seq IS NULL")
            return bool(told) and not undone and not unnumbered

        await until(all_done)

    assert told == [{"to": "A"}]
    assert await count(database, "jobs WHERE failure IS NOT NULL") == 0
    assert await count(database, "jobs WHERE every_s IS NOT NULL") == len(CHORES)


async def test_keys_are_forgotten_when_their_time_is_over_however_many(database: Database) -> None:
    number = expiry.BATCH * 2 + 3
    async with database.write() as session:
        await session.execute(
            text(
                "INSERT INTO idempotency (caller, key, operation, digest, outcome, at)"
                " SELECT uuidv7(), 'a', 'makeMark', sha256(''), '{}', now() - make_interval(days => :days)"
                " FROM generate_series(1, :number)"
            ),
            [{"days": KEPT_DAYS + 1, "number": number}, {"days": KEPT_DAYS - 1, "number": 5}],
        )

    await forget(database, Idempotency.at, timedelta(days=KEPT_DAYS))

    assert await count(database, "idempotency") == 5


async def test_what_somebody_holds_is_left_for_the_next_time(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text(SPENT))

    async with database.write() as session:
        await session.execute(text("SELECT FROM spent_proofs LIMIT 1 FOR UPDATE"))
        await forget(database, SpentProof.expires_at, timedelta(0))
    held = await count(database, "spent_proofs")
    await forget(database, SpentProof.expires_at, timedelta(0))

    assert (held, await count(database, "spent_proofs")) == (1, 0)
