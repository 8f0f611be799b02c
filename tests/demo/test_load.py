"""The demo programme in a real database: its own rules hold, and loading twice changes nothing."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import date

import asyncpg
import pytest

from demo.load import DemoConflictError, DemoCounts, load_demo
from demo.programme import TABLES, programme
from demo.recipes import Recipe

DAY = date(2026, 11, 1)
SCALE = 0.02


async def contents(database_url: str) -> dict[str, str]:
    """Return a digest of every table that the demo touches, row versions included."""
    connection = await asyncpg.connect(database_url)
    try:
        return {
            table: await connection.fetchval(
                f"SELECT md5(string_agg(t::text || xmin::text, '|' ORDER BY t::text)) FROM {table} AS t"  # noqa: S608
            )
            for table in (*TABLES, "regions", "categories", "region_successions")
        }
    finally:
        await connection.close()


async def test_every_constraint_and_trigger_takes_the_demo(fresh_database_url: str) -> None:
    counts = await load_demo(fresh_database_url, on=DAY, scale=SCALE)

    assert counts.loaded
    made = {made.table: made.rows for made in programme(Recipe(1, DAY, SCALE))}
    assert {table: getattr(counts, table) for table in TABLES} == {table: len(rows) for table, rows in made.items()}


async def test_a_course_carries_the_figures_of_its_ratings(seeded_database_url: str) -> None:
    connection = await asyncpg.connect(seeded_database_url)
    try:
        wrong = await connection.fetchval(
            """
            SELECT count(*) FROM courses
            JOIN (SELECT course_id, count(*) AS number, sum(stars) AS total FROM ratings GROUP BY course_id) AS figures
                ON figures.course_id = courses.id
            WHERE (rating_count, rating_sum) <> (number, total)
            """
        )
        rated = await connection.fetchval("SELECT count(*) FROM courses WHERE rating_count > 0")
    finally:
        await connection.close()

    assert wrong == 0
    assert rated > 50


async def test_loading_twice_changes_nothing_even_on_another_day(fresh_database_url: str) -> None:
    await load_demo(fresh_database_url, on=DAY, scale=SCALE)
    before = await contents(fresh_database_url)

    again = await load_demo(fresh_database_url, on=date(2027, 1, 1), scale=SCALE)

    assert not again.loaded
    assert again.courses == 120
    assert await contents(fresh_database_url) == before


async def test_two_loaders_at_once_load_one_demo(fresh_database_url: str) -> None:
    counts = await asyncio.gather(*(load_demo(fresh_database_url, on=DAY, scale=SCALE) for _ in range(2)))

    assert sorted(each.loaded for each in counts) == [False, True]
    assert {each.courses for each in counts} == {120}


async def test_another_seed_is_refused_with_what_to_do(fresh_database_url: str) -> None:
    await load_demo(fresh_database_url, on=DAY, scale=SCALE)
    before = await contents(fresh_database_url)

    with pytest.raises(DemoConflictError, match="empty database"):
        await load_demo(fresh_database_url, seed=2, on=DAY, scale=SCALE)

    assert await contents(fresh_database_url) == before


async def test_a_load_that_breaks_leaves_nothing(fresh_database_url: str) -> None:
    def break_at_ratings(table: str, done: int, total: int) -> None:
        del done, total
        if table == "ratings":
            raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="terminal"):
        await load_demo(fresh_database_url, on=DAY, scale=SCALE, progress=break_at_ratings)

    assert set((await contents(fresh_database_url)).values()) == {None}


async def test_a_load_that_is_cancelled_leaves_nothing(fresh_database_url: str) -> None:
    load: asyncio.Task[DemoCounts] | None = None

    def cancel_at_ratings(table: str, done: int, total: int) -> None:
        del done, total
        if table == "ratings":
            assert load
            load.cancel()

    load = asyncio.create_task(load_demo(fresh_database_url, on=DAY, scale=SCALE, progress=cancel_at_ratings))
    with pytest.raises(asyncio.CancelledError):
        await load

    assert set((await contents(fresh_database_url)).values()) == {None}


LOAD_AND_HANG = """
import asyncio, sys
from datetime import date
from demo.load import load_demo

def hang_at_ratings(table, done, total):
    if table == "ratings":
        print("hanging", flush=True)
        sys.stdin.read()

asyncio.run(load_demo(sys.argv[1], on=date(2026, 11, 1), scale=0.02, progress=hang_at_ratings))
"""


async def test_a_load_that_is_killed_leaves_nothing(fresh_database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOAD_AND_HANG, fresh_database_url, stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == b"hanging\n"
    finally:
        process.kill()
        await process.communicate()

    assert set((await contents(fresh_database_url)).values()) == {None}
    assert (await load_demo(fresh_database_url, on=DAY, scale=SCALE)).loaded


async def test_progress_reaches_the_end_of_every_table(fresh_database_url: str) -> None:
    told: dict[str, tuple[int, int]] = {}

    def note(table: str, done: int, total: int) -> None:
        told[table] = (done, total)

    await load_demo(fresh_database_url.replace("postgresql://", "postgresql+asyncpg://"), on=DAY, scale=SCALE,
                    progress=note)  # fmt: skip

    assert list(told) == list(TABLES)
    assert all(done == total > 0 for done, total in told.values())
