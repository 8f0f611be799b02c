"""Many write, some in vain, and who numbers is killed again and again: who follows sees everything once, in order."""

import asyncio
import sys
from asyncio.subprocess import Process
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from models import events
from models.database import Database, NotWrittenError

if TYPE_CHECKING:
    from conftest import Until

ROOT = Path(__file__).parents[2]
WRITERS = 32
SUBJECTS = 5
KILLS = 5


class ChangedTheirMind(Exception):
    """A transaction that comes to nothing."""


async def test_every_committed_event_is_seen_once_and_in_order(
    fresh_database_url: str, database: Database, until: "Until"
) -> None:
    writing = Database(fresh_database_url, size=WRITERS, wait_s=10)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE subjects (id int PRIMARY KEY, changes int NOT NULL)"))
        await session.execute(
            text("INSERT INTO subjects SELECT n, 0 FROM generate_series(1, :n) AS n"), {"n": SUBJECTS}
        )
    stopping = asyncio.Event()
    seen: list[tuple[int, UUID, int]] = []
    following = asyncio.create_task(follow(database, seen))
    writers = [asyncio.create_task(write(writing, Random(seed), stopping)) for seed in range(WRITERS)]  # noqa: S311 - repeatable is the point

    for _ in range(KILLS):
        process = await start(fresh_database_url)
        before = len(seen)
        await until(lambda before=before: grown(seen, before))
        process.kill()
        await process.wait()
    stopping.set()
    committed = sum(await asyncio.gather(*writers))
    last = await start(fresh_database_url)
    await until(lambda: grown(seen, committed - 1))
    last.kill()
    await last.wait()
    following.cancel()
    await asyncio.wait([following])
    await writing.close()

    assert [seq for seq, _, _ in seen] == list(range(1, committed + 1))
    for subject in range(1, SUBJECTS + 1):
        changes = [change for _, id_, change in seen if id_.int == subject]
        assert changes == list(range(1, len(changes) + 1))


async def start(url: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.workers.process", url, "sequencer", cwd=ROOT
    )


async def grown(seen: list[tuple[int, UUID, int]], size: int) -> bool:
    return len(seen) > size


async def write(database: Database, chance: Random, stopping: asyncio.Event) -> int:
    """Change a subject again and again, and return how often that was committed."""
    committed = 0
    while not stopping.is_set():
        try:
            async with database.write() as session:
                await asyncio.sleep(chance.uniform(0, 0.4))  # a transaction that takes its time
                change = await session.scalar(
                    text("UPDATE subjects SET changes = changes + 1 WHERE id = :id RETURNING changes"),
                    {"id": (subject := chance.randint(1, SUBJECTS))},
                )
                events.emit(session, "subject.changed", "subject", UUID(int=subject), {"change": change})
                await asyncio.sleep(chance.uniform(0, 0.01))
                if chance.random() < 0.1:
                    raise ChangedTheirMind  # noqa: TRY301 - as what a transaction holds would
        except (ChangedTheirMind, NotWrittenError):  # the latter for who waited too long on a busy machine
            continue
        committed += 1
    return committed


async def follow(database: Database, seen: list[tuple[int, UUID, int]]) -> None:
    """Read by number, as everybody who follows does, until cancelled."""
    while True:
        async with database.read() as session:
            found = await events.after(session, seen[-1][0] if seen else 0, 100)
        seen.extend((each.seq or 0, each.subject_id, each.payload["change"]) for each in found)
        await asyncio.sleep(0.005)
