"""Connections: broken ones are replaced, waiting has an end, and the database's refusals have codes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest

from engine.errors import Code
from engine.pool import STATEMENT_BYTES_MAX, STATEMENTS_MAX, Pool, Unreachable
from engine.run import Ask, Engine
from engine.selects import Statement
from tests.engine.duel import CURSOR_KEY
from tests.engine.library.graph import build
from tests.engine.library.reads import Viewer
from tests.engine.library.tables import ARRAY_TYPES

QUESTION = Ask("{ books(first: 1) { totalCount } }")


@pytest.fixture
async def pool(library_url: str) -> AsyncIterator[Pool]:
    pool = Pool(library_url, size=1, acquire_timeout_s=0.05, statement_timeout_s=0.2, array_types=ARRAY_TYPES)
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture
def engine(pool: Pool) -> Engine:
    return Engine(build(), pool, cursor_key=CURSOR_KEY, viewer=Viewer())


async def code_of(engine: Engine, ask: Ask = QUESTION) -> str | None:
    answer = await engine.answer(ask, Viewer(librarian=True), "req-1")
    errors = orjson.loads(answer.body).get("errors")
    return errors[0]["extensions"]["code"] if errors else None


async def lost(connection: Any) -> None:
    """Wait until a connection has noticed that the server has closed it."""
    noticed = asyncio.Event()
    connection.add_termination_listener(lambda _connection: noticed.set())
    async with asyncio.timeout(5):
        await noticed.wait()


async def test_a_connection_that_was_lost_while_idle_fails_no_request(
    pool: Pool, engine: Engine, library_url: str
) -> None:
    async with pool.connection() as connection:
        (pid,) = (await connection.fetch("select pg_backend_pid()"))[0]
    other = await asyncpg.connect(library_url)
    noticed = asyncio.create_task(lost(connection))
    await asyncio.sleep(0)
    await other.execute("select pg_terminate_backend($1)", pid)
    await other.close()
    await noticed

    assert await code_of(engine) is None


async def test_a_connection_that_breaks_in_use_is_replaced(pool: Pool, engine: Engine) -> None:
    async with pool.connection() as connection:
        connection.terminate()  # type: ignore[attr-defined]

    assert await code_of(engine) is None


async def test_who_waits_too_long_for_a_connection_is_told_to_come_again(pool: Pool, engine: Engine) -> None:
    async with pool.connection():
        assert await code_of(engine) == "UNAVAILABLE"

    assert await code_of(engine) is None


async def test_who_waits_is_served_in_turn(pool: Pool) -> None:
    served: list[int] = []

    async def use(number: int) -> None:
        async with pool.connection() as connection:
            served.append(number)
            await connection.fetch("select 1")

    await asyncio.gather(*(use(number) for number in range(8)))

    assert served == list(range(8))


async def test_one_who_gives_up_waiting_leaves_no_gap(pool: Pool, engine: Engine) -> None:
    async with pool.connection():
        waiting = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert await code_of(engine) is None


async def test_a_request_that_is_cancelled_gives_its_connection_back(engine: Engine) -> None:
    running = asyncio.create_task(engine.answer(QUESTION, Viewer(), "req-1"))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert await code_of(engine) is None


async def test_a_statement_that_takes_too_long_has_a_code_of_its_own(pool: Pool, engine: Engine) -> None:
    plan = "select pg_sleep(5), array[]::record[], 0"
    planned = engine._plan

    def slow(*arguments: Any) -> Any:
        made = planned(*arguments)
        made.statement = Statement(plan, ())
        return made

    engine._plan = slow  # type: ignore[method-assign]
    try:
        assert await code_of(engine) == "TIMEOUT"
    finally:
        engine._plan = planned  # type: ignore[method-assign]

    await pool.ping()


async def test_a_pool_only_reads(pool: Pool) -> None:
    async with pool.connection() as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.fetch("delete from loans")


async def test_a_database_that_is_not_there_is_said_at_once_and_by_code(caplog: pytest.LogCaptureFixture) -> None:
    pool = Pool("postgresql://127.0.0.1:1/nowhere")

    refusals: list[Unreachable] = []
    for _ in range(3):
        with pytest.raises(Unreachable) as refusal:
            await pool.open()
        refusals.append(refusal.value)

    assert {refused.code for refused in refusals} == {Code.UNAVAILABLE}
    assert refusals[0].public == "cannot be reached (ConnectionRefusedError)"
    assert [record.levelname for record in caplog.records] == ["ERROR"], "an outage is logged once, not by request"


async def test_new_connections_decode_every_type_in_nested_records(library_url: str) -> None:
    pool = Pool(library_url, size=1, array_types=ARRAY_TYPES)
    engine = Engine(build(), pool, cursor_key=CURSOR_KEY, viewer=Viewer())
    document = "{ shelves { firstBooks { tags marks copies stamps isbn weight depth boughtAt printedOn } } }"

    assert await code_of(engine, Ask(document)) is None

    await pool.close()


async def test_a_connection_keeps_a_bounded_number_of_statements_and_no_very_long_one(pool: Pool) -> None:
    long = f"select 1 as {'a' * 60}, '{'b' * STATEMENT_BYTES_MAX}'"
    async with pool.connection() as connection:
        await connection.fetch(long)
        for number in range(STATEMENTS_MAX + 20):
            await connection.fetch(f"select {number}")

        kept = [row[0] for row in await connection.fetch("select statement from pg_prepared_statements")]

    assert len(kept) <= STATEMENTS_MAX + 1  # the one that asks is there too
    assert f"select {STATEMENTS_MAX + 19}" in kept
    assert long not in kept
