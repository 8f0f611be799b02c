"""Rules over two tables hold when both sides are written at once: the second writer waits, looks again, is refused."""

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import Rows

    Connection = asyncpg.Connection[asyncpg.Record]

LIST = """
INSERT INTO listings (marketplace_id, course_id, commission_bp, url, state, listed_at)
SELECT marketplaces.id, courses.id, 500, 'https://pasar.example/1', 'DRAFT', now() FROM marketplaces, courses
"""
BUY = """
INSERT INTO shareholdings
SELECT marketplaces.organisation_id, providers.organisation_id, 6000 FROM marketplaces, providers
"""
TAKE_OVER = """
UPDATE providers SET organisation_id = (SELECT organisation_id FROM marketplaces)
"""
MOVE = "UPDATE runs SET region_id = (SELECT id FROM regions LIMIT 1), venue = 'Aula'"
GO_ONLINE = "UPDATE courses SET mode = 'WEBINAR'"
MEET = """
INSERT INTO sessions (run_id, position, topic, starts_at, ends_at) SELECT id, 1, 'Akhir', starts_at, ends_at FROM runs
"""
SHORTEN = "UPDATE runs SET ends_at = ends_at - interval '1 minute'"

PAIRS = [
    ("listings_not_own_courses", LIST, BUY),
    ("listings_not_own_courses", BUY, LIST),
    ("listings_not_own_courses", LIST, TAKE_OVER),
    ("listings_not_own_courses", TAKE_OVER, LIST),
    ("runs_place_fits_mode", MOVE, GO_ONLINE),
    ("runs_place_fits_mode", GO_ONLINE, MOVE),
    ("sessions_inside_run", MEET, SHORTEN),
    ("sessions_inside_run", SHORTEN, MEET),
]
PAIR_IDS = [
    "listed, then bought",
    "bought, then listed",
    "listed, then taken over",
    "taken over, then listed",
    "placed, then online",
    "online, then placed",
    "meeting, then shortened",
    "shortened, then meeting",
]


@pytest.fixture
async def writers(fresh_database_url: str, rows_of: "type[Rows]") -> "AsyncIterator[tuple[Connection, Connection]]":
    """Two connections to a database with a marketplace and a run of a mixed course; no rule is broken yet."""
    first = await asyncpg.connect(fresh_database_url)
    second = await asyncpg.connect(fresh_database_url)
    rows = rows_of(first)
    await rows.add("marketplaces")
    await rows.add("runs", course_id=await rows.add("courses", mode="MIXED"))
    yield first, second
    await first.close()
    await second.close()


async def until_it_waits(watcher: "Connection", writer: "Connection") -> None:
    """Return as soon as ``writer`` waits for a lock of ``watcher``."""
    async with asyncio.timeout(20):
        while not await watcher.fetchval(  # noqa: ASYNC110  the server sends no word when somebody starts to wait
            "SELECT pg_backend_pid() = ANY (pg_blocking_pids($1))", writer.get_server_pid()
        ):
            await asyncio.sleep(0)


@pytest.mark.parametrize(("constraint", "earlier", "later"), PAIRS, ids=PAIR_IDS)
async def test_the_later_writer_is_refused(
    constraint: str, earlier: str, later: str, writers: "tuple[Connection, Connection]"
) -> None:
    first, second = writers
    transaction = first.transaction()
    await transaction.start()
    await first.execute(earlier)

    waiting = asyncio.create_task(second.execute(later))
    await until_it_waits(first, second)
    await transaction.commit()

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await waiting
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(("constraint", "earlier", "later"), PAIRS, ids=PAIR_IDS)
async def test_the_later_writer_goes_on_when_the_earlier_gives_up(
    constraint: str, earlier: str, later: str, writers: "tuple[Connection, Connection]"
) -> None:
    del constraint
    first, second = writers
    transaction = first.transaction()
    await transaction.start()
    await first.execute(earlier)

    waiting = asyncio.create_task(second.execute(later))
    await until_it_waits(first, second)
    await transaction.rollback()

    assert await waiting in {"INSERT 0 1", "UPDATE 1"}


async def test_two_marketplaces_list_at_once_without_waiting(writers: "tuple[Connection, Connection]") -> None:
    first, second = writers
    transaction = first.transaction()
    await transaction.start()
    await first.execute(LIST)

    other = await second.fetchval(
        "INSERT INTO organisations (legal_name, ownership, region_id)"
        " SELECT 'Pasar lain', 'PRIVATE', id FROM regions LIMIT 1 RETURNING id"
    )
    shop = await second.fetchval(
        "INSERT INTO marketplaces (organisation_id, code, name, website, state)"
        " VALUES ($1, 'LAIN', 'Lain', 'https://lain.example', 'DRAFT') RETURNING id",
        other,
    )
    await second.execute("SET lock_timeout = '5s'")
    await second.execute(f"{LIST} WHERE marketplaces.id = $1", shop)
    await transaction.commit()

    assert await first.fetchval("SELECT count(*) FROM listings") == 2
