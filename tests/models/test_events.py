"""Events are numbered without a gap, in an order in which no cause follows its effect."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from models import events
from models.database import Database
from models.leaving import hand_on

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

SUBJECT = UUID(int=1)
OLD = """
INSERT INTO events (kind, subject_type, subject_id, payload, at)
VALUES ('mark.made', 'mark', uuidv7(), '{}', now() - interval '90 seconds')
"""


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    database = Database(fresh_database_url, wait_s=10)
    yield database
    await database.close()


async def tell(database: Database, *kinds: str) -> None:
    async with database.write() as session:
        for kind in kinds:
            events.emit(session, kind, "mark", SUBJECT)


async def number(database: Database, most: int = events.BATCH_MAX) -> int:
    async with database.write() as session:
        return await events.number(session, most)


async def read(database: Database, seq: int = 0, limit: int = 100) -> list[tuple[int | None, str]]:
    async with database.read() as session:
        return [(each.seq, each.kind) for each in await events.after(session, seq, limit)]


async def test_what_was_committed_is_numbered_and_read_by_its_number(database: Database) -> None:
    await tell(database, "mark.made", "mark.seen")
    assert await read(database) == []

    assert await number(database) == 2
    await tell(database, "mark.gone")
    assert await number(database) == 1

    assert await read(database) == [(1, "mark.made"), (2, "mark.seen"), (3, "mark.gone")]
    assert await read(database, 1, 1) == [(2, "mark.seen")]
    assert await number(database) == 0


async def test_what_is_not_committed_holds_nobody_back(database: Database) -> None:
    async with database.write() as session:
        events.emit(session, "mark.late", "mark", SUBJECT)
        await hand_on(session)  # now, instead of just before the commit
        await tell(database, "mark.soon")
        assert await number(database) == 1
    assert await number(database) == 1

    assert await read(database) == [(1, "mark.soon"), (2, "mark.late")]


async def test_numbers_go_on_when_old_events_are_gone(database: Database) -> None:
    await tell(database, "mark.made")
    await number(database)
    async with database.write() as session:
        await session.execute(text("DELETE FROM events"))

    await tell(database, "mark.seen")
    await number(database)

    assert await read(database) == [(2, "mark.seen")]


async def test_one_process_numbers_at_a_time_and_others_do_not_wait(database: Database) -> None:
    await tell(database, "mark.made", "mark.seen")

    async with database.write() as session:
        assert await events.number(session, 1) == 1
        assert await number(database) == 0

    assert await number(database) == 1
    assert await read(database) == [(1, "mark.made"), (2, "mark.seen")]


async def test_no_number_is_given_twice(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    insert = "INSERT INTO events (seq, kind, subject_type, subject_id, payload) VALUES (7, 'a.b', 'a', $1, '{}')"
    await connection.execute(insert, SUBJECT)

    with pytest.raises(asyncpg.UniqueViolationError, match=r"events_\d{4}_\d{2}_seq"):
        await connection.execute(insert, SUBJECT)

    await connection.close()


async def test_how_long_events_have_waited_is_known(database: Database) -> None:
    async with database.read() as session:
        assert await events.oldest_unnumbered_s(session) == 0.0
    async with database.write() as session:
        await session.execute(text(OLD))

    async with database.read() as session:
        assert 90 <= await events.oldest_unnumbered_s(session) < 120


async def test_parts_are_there_for_this_month_and_three_more(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)

    made_again = await connection.fetchval("SELECT make_partitions(3)")
    made = await connection.fetchval("SELECT make_partitions(5)")
    months = await connection.fetch(
        "SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
    )

    now = datetime.now(UTC)
    wanted = [(now.year + (now.month - 1 + ahead) // 12, (now.month - 1 + ahead) % 12 + 1) for ahead in range(6)]
    assert (made_again, made) == (0, 4)
    assert [row["part"] for row in months] == [f"events_{year}_{month:02}" for year, month in wanted]
    await connection.close()


async def test_parts_are_made_beside_a_writer(fresh_database_url: str) -> None:
    writer, maker = [await asyncpg.connect(fresh_database_url) for _ in range(2)]
    async with writer.transaction():
        await writer.execute(OLD)
        await maker.execute("SET lock_timeout = '2s'")

        assert await maker.fetchval("SELECT make_partitions(6)") == 6

    await writer.close()
    await maker.close()


async def test_an_event_is_in_the_part_of_its_month_whatever_the_sessions_time_zone(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url, server_settings={"timezone": "Asia/Jakarta"})
    await connection.execute("SELECT make_partitions(4)")

    bounds = await connection.fetchval(
        """
        SELECT bool_and(pg_get_expr(relpartbound, oid) LIKE '%' || uuid7_floor(to_date(right(relname, 7), 'YYYY_MM')
            ::timestamp AT TIME ZONE 'UTC') || '%')
        FROM pg_class WHERE relispartition AND relkind = 'r'
        """
    )

    assert bounds
    await connection.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - UTC follows
async def test_the_first_key_of_an_instant_is_the_same_in_sql(at: datetime, connection: "Connection") -> None:
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    floor = await connection.fetchval("SELECT uuid7_floor($1)", at)

    assert str(floor) == str(UUID(int=milliseconds << 80 | 0x7000_8000_0000_0000_0000))
