"""A job is done after its cause is committed, at least once, by whoever is there."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from models import jobs
from models.database import Database
from models.leaving import hand_on
from rules.jobs import RETRIES_S, retry_in_s
from workers.jobs import Worker

if TYPE_CHECKING:
    from conftest import Until

ROOT = Path(__file__).parents[2]


async def queue(database: Database, kind: str, **options: Any) -> None:
    async with database.write() as session:
        jobs.enqueue(session, kind, options.pop("payload", None), **options)


async def table(database: Database) -> list[Any]:
    async with database.read() as session:
        found = await session.execute(text("SELECT *, run_at <= now() AS due FROM jobs ORDER BY id"))
        return list(found)


async def change(database: Database, statement: str, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(text(statement), values)


class Noted:
    """A handler that notes what it was given."""

    def __init__(self) -> None:
        self.payloads: list[Mapping[str, Any]] = []

    async def __call__(self, payload: Mapping[str, Any]) -> None:
        self.payloads.append(payload)


async def test_a_job_is_done_once_its_cause_is_committed(database: Database, working: Any, until: "Until") -> None:
    told = Noted()

    async with working(database, {"tell": told}):
        async with database.write() as session:
            jobs.enqueue(session, "tell", {"to": "A"})
            assert not told.payloads
        await until(lambda: empty(database))

    assert told.payloads == [{"to": "A"}]


async def empty(database: Database) -> bool:
    return not await table(database)


async def test_a_job_of_the_future_and_one_of_another_kind_wait(
    database: Database, working: Any, until: "Until"
) -> None:
    told = Noted()
    async with database.read() as session:
        tomorrow = await session.scalar(text("SELECT now() + interval '1 day'"))
    await queue(database, "tell", run_at=tomorrow)
    await queue(database, "sing")
    await queue(database, "tell", payload={"now": True})

    async with working(database, {"tell": told}):
        await until(lambda: holds(database, 2))

    assert told.payloads == [{"now": True}]
    assert [(job.kind, job.attempts) for job in await table(database)] == [("tell", 0), ("sing", 0)]


async def holds(database: Database, number: int) -> bool:
    return len(await table(database)) == number


async def test_who_is_killed_is_followed_when_his_lease_ends(
    fresh_database_url: str, database: Database, working: Any, until: "Until"
) -> None:
    await queue(database, "hang", payload={"to": "A"})
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.workers.process", fresh_database_url, "jobs", cwd=ROOT
    )
    await until(lambda: begun(database))
    victim.kill()
    await victim.wait()
    done = Noted()

    async with working(database, {"hang": done}):
        assert not done.payloads
        await until(lambda: empty(database))

    assert done.payloads == [{"to": "A"}]


async def begun(database: Database) -> bool:
    return any(job.attempts for job in await table(database))


async def test_what_fails_is_tried_again_later_and_then_dead(database: Database, working: Any, until: "Until") -> None:
    async def fail(payload: Mapping[str, Any]) -> None:
        raise ValueError(payload)

    await queue(database, "tell", payload={"secret": "canary"})
    async with working(database, {"tell": fail}):
        await until(lambda: failed(database))
        (job,) = await table(database)
        assert (job.attempts, job.due, job.dead_at, job.failure) == (1, False, None, "ValueError")

        await change(database, "UPDATE jobs SET run_at = now(), attempts = :last", last=len(RETRIES_S))
        await until(lambda: dead(database))
    (job,) = await table(database)
    assert job.attempts == len(RETRIES_S) + 1

    async with database.write() as session:
        assert await jobs.revive(session, "tell") == 1
    done = Noted()
    async with working(database, {"tell": done}):
        await until(lambda: empty(database))
    assert done.payloads == [{"secret": "canary"}]


async def failed(database: Database) -> bool:
    return any(job.failure for job in await table(database))


async def dead(database: Database) -> bool:
    return any(job.dead_at for job in await table(database))


def test_pauses_grow_and_end() -> None:
    pauses = [retry_in_s(attempts, 0.5) for attempts in range(1, len(RETRIES_S) + 2)]

    assert pauses[:-1] == pytest.approx(RETRIES_S)
    assert pauses[-1] is None
    assert [retry_in_s(1, 0.0), retry_in_s(1, 1.0)] == pytest.approx([4, 6])


async def test_waiting_jobs_of_one_key_are_one_with_the_newest_payload(database: Database) -> None:
    async with database.read() as session:
        tomorrow = await session.scalar(text("SELECT now() + interval '1 day'"))

    await queue(database, "index", payload={"version": 1}, dedupe_key="course 1")
    await queue(database, "index", payload={"version": 2}, dedupe_key="course 1", run_at=tomorrow)
    await queue(database, "index", payload={"version": 1}, dedupe_key="course 2")
    await queue(database, "other", payload={"version": 1}, dedupe_key="course 1")

    kept = [(job.kind, job.dedupe_key, job.payload["version"], job.due) for job in await table(database)]
    assert kept == [("index", "course 1", 2, True), ("index", "course 2", 1, True), ("other", "course 1", 1, True)]


async def test_a_job_that_has_begun_does_not_stand_for_a_new_one(database: Database) -> None:
    await queue(database, "index", dedupe_key="course 1")
    async with database.write() as session:
        (lease,) = await jobs.take(session, ["index"], 10, 60)

    await queue(database, "index", dedupe_key="course 1")

    assert [job.attempts for job in await table(database)] == [1, 0]
    async with database.write() as session:
        await jobs.finish(session, lease)
    assert [job.attempts for job in await table(database)] == [0]


async def test_a_job_waits_for_those_who_queue_it_too(database: Database) -> None:
    """Else it would run before it could see what they wrote, and nobody would do it again."""
    await queue(database, "index", dedupe_key="course 1")

    async with database.write() as writer:
        jobs.enqueue(writer, "index", dedupe_key="course 1")
        await hand_on(writer)  # now, instead of just before the commit
        async with database.write() as session:
            assert await jobs.take(session, ["index"], 10, 60) == []

    async with database.write() as session:
        assert len(await jobs.take(session, ["index"], 10, 60)) == 1


async def test_who_lost_his_lease_cannot_end_what_another_has_begun(database: Database) -> None:
    await queue(database, "tell")
    async with database.write() as session:
        (lost,) = await jobs.take(session, ["tell"], 1, 0)
    async with database.write() as session:
        (held,) = await jobs.take(session, ["tell"], 1, 60)

    for end in (jobs.finish, jobs.give_back):
        async with database.write() as session:
            await end(session, lost)
    async with database.write() as session:
        await jobs.fail(session, lost, "ValueError", None)

    (job,) = await table(database)
    assert (job.attempts, job.due, job.dead_at) == (held.attempts, False, None)


async def test_two_workers_share_the_work(database: Database, working: Any, until: "Until") -> None:
    told = Noted()
    async with database.write() as session:
        for number in range(100):
            jobs.enqueue(session, "tell", {"number": number})

    async with working(database, {"tell": told}), working(database, {"tell": told}):
        await until(lambda: empty(database))

    assert sorted(payload["number"] for payload in told.payloads) == list(range(100))


async def test_what_cannot_end_in_time_is_given_back(database: Database, working: Any, until: "Until") -> None:
    never = asyncio.Event()

    async def hang(payload: Mapping[str, Any]) -> None:
        del payload
        await never.wait()

    await queue(database, "tell")
    async with working(database, {"tell": hang}, grace_s=0.0):
        await until(lambda: begun(database))

    (job,) = await table(database)
    assert (job.attempts, job.due, job.failure) == (0, True, None)


async def test_a_job_gets_no_more_time_than_its_lease(database: Database, working: Any, until: "Until") -> None:
    never = asyncio.Event()

    async def hang(payload: Mapping[str, Any]) -> None:
        del payload
        await never.wait()

    await queue(database, "tell")
    async with working(database, {"tell": hang}, lease_s=0.2):
        await until(lambda: failed(database))

    assert (await table(database))[0].failure == "TimeoutError"


async def test_no_more_are_begun_than_there_is_room_for(database: Database, working: Any, until: "Until") -> None:
    going, most = 0, 0

    async def count(payload: Mapping[str, Any]) -> None:
        nonlocal going, most
        del payload
        going += 1
        most = max(most, going)
        await database.ping()
        going -= 1

    async with database.write() as session:
        for _ in range(20):
            jobs.enqueue(session, "tell")
    async with working(database, {"tell": count}, at_once=3):
        await until(lambda: empty(database))

    assert most == 3


async def test_what_is_repeated_is_there_once_and_due_again(database: Database, working: Any, until: "Until") -> None:
    told = Noted()

    async with (
        working(database, {"sweep": told}, repeated_s={"sweep": 3600}),
        working(database, {"sweep": told}, repeated_s={"sweep": 3600}),
    ):
        await until(lambda: done_and_not_due(database))

    (job,) = await table(database)
    assert (len(told.payloads), job.attempts, job.every_s) == (1, 0, 3600)
    await Worker(database, {"sweep": told}, repeated_s={"sweep": 60}).step()
    assert [each.every_s for each in await table(database)] == [60]


async def done_and_not_due(database: Database) -> bool:
    found = await table(database)
    return bool(found) and not found[0].due and not found[0].attempts


async def test_what_is_repeated_never_dies(database: Database) -> None:
    async with database.write() as session:
        await jobs.repeat(session, "sweep", 60)
        (lease,) = await jobs.take(session, ["sweep"], 1, 60)
        await jobs.fail(session, lease, "ValueError", None)

    (job,) = await table(database)
    assert (job.dead_at, job.due) == (None, False)


async def test_workers_outlive_an_outage(database: Database, working: Any, until: "Until") -> None:
    told = Noted()

    async with working(database, {"tell": told}):
        await queue(database, "tell")
        await until(lambda: empty(database))
        await change(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await queue(database, "tell")
        await until(lambda: empty(database))

    assert len(told.payloads) == 2
