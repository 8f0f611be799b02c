"""When connections break, locks last and pools are empty, a write says what became of it, and is done once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.errors import Code
from models.database import ConnectionLostError, Database, NotWrittenError
from models.writes import Done, InProgressError, Write
from tests.models.marks import NOTHING, ONE_OF_EACH, Mark, counts, make, make_mark, marked

KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    async with marked(fresh_database_url) as database:
        yield database


async def test_a_connection_that_is_killed_is_replaced_and_the_write_done_once(database: Database) -> None:
    runs: list[UUID] = []

    async def die_first(write: Write, wish: Mark) -> UUID:
        runs.append(mark := await make_mark(write, wish))
        if len(runs) == 1:
            await write.session.execute(text(KILL))
        return mark

    done = await make(database, "a", Mark(1), die_first)

    assert len(runs) == 2
    assert done == Done(runs[1])
    assert await counts(database) == ONE_OF_EACH


async def test_a_write_whose_connections_are_all_killed_leaves_nothing(database: Database) -> None:
    async def die(write: Write, wish: Mark) -> UUID:
        mark = await make_mark(write, wish)
        await write.session.execute(text(KILL))
        return mark

    with pytest.raises(ConnectionLostError, match="nothing was done"):
        await make(database, "a", Mark(1), die)

    assert await counts(database) == NOTHING


async def test_a_commit_of_unknown_outcome_is_found_out(fresh_database_url: str, database: Database) -> None:
    async with CuttingProxy(fresh_database_url) as proxy:
        beyond = Database(proxy.url, size=2, wait_s=5)
        await beyond.ping()
        proxy.armed = True

        done = await make(beyond, "a", Mark(1))

        assert proxy.cuts == 1
        assert done.replayed
        assert await counts(database) == ONE_OF_EACH
        await beyond.close()


class CuttingProxy:
    """Stands before PostgreSQL. When armed, it cuts the first connection that commits, in place of the good news."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._copying: set[asyncio.Task[None]] = set()
        self.armed = False
        self.cuts = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        who = self._target.username or "postgres"
        self.url = f"postgresql://{who}@127.0.0.1:{port}{self._target.path}?sslmode=disable"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._copying)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        options = parse_qs(self._target.query)
        if "host" in options:
            path = f"{options['host'][0]}/.s.PGSQL.{options.get('port', ['5432'])[0]}"
            server, to_server = await asyncio.open_unix_connection(path)
        else:
            server, to_server = await asyncio.open_connection(self._target.hostname, self._target.port or 5432)
        for source, target in ((client, to_server), (server, to_client)):
            task = asyncio.create_task(self._copy(source, target, told=source is server))
            self._copying.add(task)

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, told: bool) -> None:
        try:
            while data := await source.read(1 << 16):
                if told and self.armed and b"COMMIT" in data:
                    self.armed = False
                    self.cuts += 1
                    target.transport.abort()
                    return
                target.write(data)
        except OSError:
            pass
        finally:
            target.close()


async def test_who_waits_too_long_for_a_twin_is_told_so(fresh_database_url: str, database: Database) -> None:
    hasty = Database(fresh_database_url, statement_timeout_s=0.2)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def take_long(write: Write, wish: Mark) -> UUID:
        begun.set()
        await ended.wait()
        return await make_mark(write, wish)

    first = asyncio.create_task(make(database, "a", Mark(1), take_long))
    await begun.wait()
    with pytest.raises(InProgressError) as told:
        await make(hasty, "a", Mark(1))
    ended.set()
    done = await first

    assert told.value.code is Code.UNAVAILABLE
    assert (await make(hasty, "a", Mark(1))).result == done.result
    await hasty.close()


async def test_a_row_that_somebody_holds_is_not_waited_for_long(database: Database) -> None:
    await make(database, "a", Mark(1))

    async def change(write: Write, wish: Mark) -> int:
        await write.session.execute(text("SELECT FROM marks FOR UPDATE"))
        return wish.points

    async with database.write() as session:
        await session.execute(text("SELECT FROM marks FOR UPDATE"))
        with pytest.raises(NotWrittenError, match="Somebody else is changing the same"):
            await make(database, "b", Mark(1), change)

    assert await make(database, "b", Mark(1), change) == Done(1)


async def test_a_deadlock_is_run_anew(database: Database) -> None:
    for points in (1, 2):
        await make(database, f"mark {points}", Mark(points))
    met = asyncio.Barrier(2)
    runs: list[int] = []

    async def lock_both(write: Write, wish: Mark) -> int:
        first = len(runs) < 2
        runs.append(wish.points)
        for number, points in enumerate((wish.points, 3 - wish.points)):
            await write.session.execute(text("SELECT FROM marks WHERE points = :points FOR UPDATE"), {"points": points})
            if first and not number:
                await met.wait()
        return wish.points

    ended = await asyncio.gather(*(make(database, f"{points}", Mark(points), lock_both) for points in (1, 2)))

    assert ended == [Done(1), Done(2)]
    assert len(runs) == 3


async def test_reads_change_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        async with database.read() as session:
            await session.execute(text("INSERT INTO marks VALUES (uuidv7(), 1, now())"))


async def test_an_outage_is_told_as_such() -> None:
    nowhere = Database("postgresql://bekal@127.0.0.1:1/bekal")

    with pytest.raises(NotWrittenError, match="cannot be reached; nothing was done"):
        await make(nowhere, "a", Mark(1))

    await nowhere.close()


async def test_a_busy_pool_is_told_as_such(fresh_database_url: str) -> None:
    small = Database(fresh_database_url, size=1, wait_s=0.05)

    async with small.write() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(NotWrittenError, match="busy"):
            await small.ping()

    await small.ping()
    await small.close()
