"""``python -m benchmarks.writes``: what a write costs beside a bare transaction with one INSERT.

The write is the least there is: a row, one event, one line of the audit, under a key. Ratios count; the figures
themselves are those of one machine, whose cores the database, this program and everybody else share.
"""

import asyncio
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import uvloop
from sqlalchemy import event, text

from api.migrations import upgrade
from api.services import EmbeddedServices
from models.database import Database
from models.writes import Write, once
from rules.access import Viewer
from rules.callers import Caller
from rules.refusals import Refused

FOLDER = Path(__file__).parent.parent / ".bekal" / "bench"

AT_ONCE = 8
"""Writers, each with a connection: about what one process of a server has."""

CALLER = Caller(Viewer(signed_in=True, person_id=UUID(int=1)), "bench", "203.0.113.0/24")
INSERT = "INSERT INTO marks (id, points) VALUES ($1, 1)"
CLAIM = """
INSERT INTO idempotency (caller, key, operation, digest) VALUES ($1, $2, 'makeMark', sha256($3))
ON CONFLICT DO NOTHING RETURNING now()
"""
LEAVE = """
WITH event AS (
    INSERT INTO events (kind, subject_type, subject_id, payload) VALUES ('mark.made', 'mark', $1, '{}')
), audit AS (
    INSERT INTO audit_events (action, person_id, subject_type, subject_id, details, request_id, address)
    VALUES ('mark.made', $2, 'mark', $1, '{}', 'bench', '203.0.113.0/24')
)
UPDATE idempotency SET outcome = jsonb_build_object('done', $1) WHERE caller = $2 AND key = $3
"""

Form = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wished."""

    points: int


async def make_mark(write: Write, wish: Mark) -> UUID:
    """Be the least of all use cases."""
    if wish.points < 0:
        raise Refused("NEGATIVE", "points")
    mark = uuid4()
    await write.session.execute(
        text("INSERT INTO marks (id, points) VALUES (:id, :points)"), {"id": mark, "points": wish.points}
    )
    write.record("mark.made", "mark", mark)
    return mark


async def main(rounds: int, seconds: float) -> None:
    """Measure all forms in turns, and print the medians."""
    with EmbeddedServices.start(FOLDER, valkey=False) as engines:
        url = await _fresh(engines.database_url)
        pool = await asyncpg.create_pool(url, min_size=AT_ONCE, max_size=AT_ONCE)
        database = Database(url, size=AT_ONCE, wait_s=30)
        forms = _forms(pool, database)
        statements = {name: await _count(database, form) for name, form in forms.items()}
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in forms}
        for _ in range(rounds):
            for name, form in forms.items():
                samples[name].append(await _sample(form, seconds))
        await pool.close()
        await database.close()
    _tell(samples, statements)


def _forms(pool: "asyncpg.Pool[asyncpg.Record]", database: Database) -> dict[str, Form]:
    keys = count()

    async def bare() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(INSERT, uuid4())

    async def by_hand() -> None:
        """Do all that the runner does, with every statement known beforehand."""
        mark, key, caller = uuid4(), f"hand {next(keys)}", UUID(int=1)
        async with pool.acquire() as connection, connection.transaction():
            await connection.fetchval(CLAIM, caller, key, b"{}")
            async with connection.transaction():
                await connection.execute(INSERT, mark)
            await connection.execute(LEAVE, mark, caller, key)

    async def run(key: str, points: int) -> object:
        return await once(database, CALLER, key, Mark(points), make_mark, operation="makeMark")

    return {
        "a bare INSERT": bare,
        "by hand, as safe": by_hand,
        "once": lambda: run(f"key {next(keys)}", 1),
        "once, refused": lambda: run(f"key {next(keys)}", -1),
        "once, replayed": lambda: run("the same", 1),
    }


async def _sample(form: Form, seconds: float) -> tuple[float, float]:
    """Return writes per second, and microseconds of this process's time for each."""
    done, ends_at = 0, perf_counter() + seconds

    async def write() -> None:
        nonlocal done
        while perf_counter() < ends_at:
            await form()
            done += 1

    began, cpu = perf_counter(), process_time()
    await asyncio.gather(*(write() for _ in range(AT_ONCE)))
    return done / (perf_counter() - began), (process_time() - cpu) / done * 1e6


async def _count(database: Database, form: Form) -> int:
    """Return how many statements a write sends, those that begin and end transactions included."""
    sent = 0

    def add(*_: Any) -> None:
        nonlocal sent
        sent += 1

    engine = database._engine.sync_engine  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    names = ("before_cursor_execute", "begin", "commit", "rollback")  # savepoints go through a cursor
    await form()
    for name in names:
        event.listen(engine, name, add)
    await form()
    for name in names:
        event.remove(engine, name, add)
    return sent


async def _fresh(database_url: str) -> str:
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP DATABASE IF EXISTS bekal_writes WITH (FORCE)")
    await connection.execute("CREATE DATABASE bekal_writes")
    await connection.close()
    url = urlunsplit(urlsplit(database_url)._replace(path="/bekal_writes"))
    await asyncio.to_thread(upgrade, url)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE marks (id uuid PRIMARY KEY, points integer)")
    await connection.close()
    return url


def _tell(samples: dict[str, list[tuple[float, float]]], statements: dict[str, int]) -> None:
    bare = samples["a bare INSERT"]
    print(f"{AT_ONCE} writers, {len(bare)} rounds; medians")
    print(f"{'form':18} {'writes/s':>9} {'of bare':>8} {'CPU us':>7} {'of bare':>8} {'statements':>11}")
    for name, taken in samples.items():
        rate, cpu = (statistics.median(each[index] for each in taken) for index in range(2))
        share = statistics.median(mine[0] / its[0] for mine, its in zip(taken, bare, strict=True))
        times = statistics.median(mine[1] / its[1] for mine, its in zip(taken, bare, strict=True))
        print(f"{name:18} {rate:9.0f} {share:8.2f} {cpu:7.0f} {times:8.1f} {statements[name] or '':>11}")


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m benchmarks.writes", description="What a write costs beside a bare INSERT.")
    parser.add_argument("--rounds", type=int, default=5, metavar="COUNT")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="COUNT", help="for each form in each round")
    options = parser.parse_args()
    sys.exit(uvloop.run(main(options.rounds, options.seconds)))
