"""A write is done once for each key, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.errors import Code, Rejected
from models import events
from models.canonical import SHOWN_ONCE
from models.database import Database
from models.writes import Done, Write
from rules.access import ANONYMOUS, Viewer
from rules.callers import Caller
from rules.refusals import Refusal, Refused
from tests.models.marks import (
    INSTITUTION,
    NOTHING,
    ONE_OF_EACH,
    Mark,
    Why,
    counts,
    make,
    make_mark,
    marked,
    until_waiting,
)


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    async with marked(fresh_database_url) as database:
        yield database


async def test_a_write_leaves_an_event_an_audit_row_and_a_job(database: Database) -> None:
    done = await make(database, "a", Mark(1))

    assert await counts(database) == ONE_OF_EACH
    async with database.read() as session:
        audit = (await session.execute(text("SELECT * FROM audit_events"))).one()
        event = (await session.execute(text("SELECT * FROM events"))).one()
        job = (await session.execute(text("SELECT kind, payload FROM jobs"))).one()
        made_at = (await session.scalars(text("SELECT at FROM marks"))).one()
    assert (audit.action, audit.subject_type, audit.subject_id) == ("mark.made", "mark", done.result)
    assert (audit.person_id, audit.client_id, audit.organisation_id) == (UUID(int=1), UUID(int=2), UUID(int=3))
    assert (audit.role, audit.request_id, audit.address) == ("INSTITUTION", "request-1", "203.0.113.0/24")
    assert (event.kind, event.subject_id, event.payload, event.seq) == ("mark.made", done.result, {"points": 1}, None)
    assert tuple(job) == ("tell", {"mark": str(done.result)})
    assert audit.at == event.at == made_at


async def test_fifty_twins_have_one_effect_and_one_answer(database: Database) -> None:
    wishes = [Mark(1, {"a": 1, "b": 2}), Mark(1, {"b": 2, "a": 1})] * 25

    ended = await asyncio.gather(*(make(database, "a", wish) for wish in wishes))

    assert len({each.result for each in ended}) == 1
    assert sum(not each.replayed for each in ended) == 1
    assert await counts(database) == ONE_OF_EACH


async def test_a_key_that_was_used_for_another_wish_is_refused(database: Database) -> None:
    await make(database, "a", Mark(1))

    ended = [await make(database, "a", Mark(2)), await make(database, "a", Mark(1), operation="eraseMark")]

    for each in ended:
        assert each.refusals == (Refusal("CONFLICT", ("idempotencyKey",)),)
    assert await counts(database) == ONE_OF_EACH
    assert (await make(database, "a", Mark(1))).replayed


async def test_others_have_keys_of_their_own(database: Database) -> None:
    others = [
        Viewer(signed_in=True, person_id=UUID(int=1), client_id=UUID(int=2)),
        Viewer(signed_in=True, person_id=UUID(int=1), organisation_id=UUID(int=3)),
        Viewer(signed_in=True, client_id=UUID(int=2), organisation_id=UUID(int=3)),
        INSTITUTION,
    ]

    ended = [await make(database, "a", Mark(points), caller=Caller(who)) for points, who in enumerate(others)]

    assert len({each.result for each in ended}) == len(others)


async def test_twins_of_one_that_was_undone_do_it_once(fresh_database_url: str, database: Database) -> None:
    begun, broken = asyncio.Event(), asyncio.Event()

    async def break_first(write: Write, wish: Mark) -> UUID:
        mark = await make_mark(write, wish)
        if not begun.is_set():
            begun.set()
            await broken.wait()
            raise RuntimeError("a bug")
        return mark

    first = asyncio.create_task(make(database, "a", Mark(1), break_first))
    await begun.wait()
    twins = [asyncio.create_task(make(database, "a", Mark(1), break_first)) for _ in range(9)]
    await until_waiting(fresh_database_url, "INSERT INTO idempotency%", 9)
    broken.set()

    with pytest.raises(RuntimeError, match="a bug"):
        await first
    ended = await asyncio.gather(*twins)
    assert len({each.result for each in ended}) == 1
    assert sum(not each.replayed for each in ended) == 1
    assert await counts(database) == ONE_OF_EACH


async def test_a_refusal_undoes_what_was_written_and_is_given_again(database: Database) -> None:
    async def write_and_refuse(write: Write, wish: Mark) -> UUID:
        await make_mark(write, wish)
        raise Refused.of([Refusal(Why.TAKEN, ("points",)), Refusal(Why.NEGATIVE, ("rows", 3), {"points_min": 0})])

    ended = [await make(database, "a", Mark(1), write_and_refuse), await make(database, "a", Mark(1))]

    for each in ended:
        assert each.refusals == (Refusal("TAKEN", ("points",)), Refusal("NEGATIVE", ("rows", 3), {"points_min": 0}))
    assert await counts(database) == NOTHING | {"idempotency": 1}


async def test_refused_twins_are_given_one_reason_though_each_had_its_own(database: Database) -> None:
    reasons = count(1)

    async def refuse(write: Write, wish: Mark) -> UUID:
        await make_mark(write, wish)
        raise Refused(Why.TAKEN, "points", number=next(reasons))

    ended = await asyncio.gather(*(make(database, "a", Mark(1), refuse) for _ in range(20)))

    assert len({each.refusals[0].details["number"] for each in ended}) == 1
    assert (await make(database, "a", Mark(1))).refusals == ended[0].refusals
    assert await counts(database) == NOTHING | {"idempotency": 1}


async def test_a_broken_constraint_is_the_refusal_that_was_named_for_it(database: Database) -> None:
    taken = {"marks_points_once": Refusal(Why.TAKEN, ("points",))}
    await make(database, "a", Mark(1))

    ended = [await make(database, "b", Mark(1), constraints=taken) for _ in range(2)]

    assert [each.refusals for each in ended] == [(taken["marks_points_once"],)] * 2
    assert (await counts(database))["marks"] == 1


async def test_a_broken_constraint_without_a_name_is_a_bug_that_leaves_nothing(database: Database) -> None:
    await make(database, "a", Mark(1))

    with pytest.raises(Exception, match="marks_points_once"):
        await make(database, "b", Mark(1))

    assert await counts(database) == ONE_OF_EACH


async def test_what_a_savepoint_told_goes_with_it(database: Database) -> None:
    async def make_some(write: Write, wish: Mark) -> int:
        for points in range(wish.points):
            try:
                async with write.session.begin_nested():
                    await make_mark(write, Mark(points))
                    async with write.session.begin_nested():
                        write.note("mark.checked", "mark", None)
                    if points % 2:
                        raise Refused(Why.TAKEN)  # noqa: TRY301 - as a use case would
            except Refused:
                continue
        return wish.points

    await make(database, "a", Mark(4), make_some)

    assert await counts(database) == {"marks": 2, "events": 2, "audit_events": 4, "jobs": 2, "idempotency": 1}


async def test_events_of_one_write_keep_their_order(database: Database) -> None:
    async def tell_many(write: Write, wish: Mark) -> int:
        for number in range(wish.points):
            write.emit("mark.counted", "mark", UUID(int=1), {"number": number})
        return wish.points

    await make(database, "a", Mark(500), tell_many)

    async with database.read() as session:
        told = await session.scalars(text("SELECT CAST(payload ->> 'number' AS int) FROM events ORDER BY id"))
    assert list(told) == list(range(500))


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "\x00", "k" * 256])
async def test_what_is_no_key_is_rejected_before_any_work(key: str, database: Database) -> None:
    with pytest.raises(Rejected, match="1 to 255 printable") as rejected:
        await make(database, key, Mark(1))

    assert rejected.value.code is Code.BAD_USER_INPUT
    assert await counts(database) == NOTHING


async def test_nobody_writes(database: Database) -> None:
    with pytest.raises(Rejected) as rejected:
        await make(database, "a", Mark(1), caller=Caller(ANONYMOUS))

    assert rejected.value.code is Code.UNAUTHENTICATED


@dataclass(frozen=True, slots=True)
class Secret:
    """What a use case returns that makes a secret."""

    id: UUID
    made_at: datetime
    secret: str | None = field(metadata=SHOWN_ONCE)


async def test_a_secret_is_shown_once_and_kept_nowhere(database: Database) -> None:
    async def make_secret(write: Write, wish: Mark) -> Secret:
        del wish
        return Secret(UUID(int=7), write.now, "bkl_live_canary")

    first, again = [await make(database, "a", Mark(1), make_secret) for _ in range(2)]

    assert first.result.secret == "bkl_live_canary"  # noqa: S105
    assert again == Done(Secret(first.result.id, first.result.made_at, None), replayed=True)
    async with database.read() as session:
        assert "canary" not in str((await session.scalars(text("SELECT outcome FROM idempotency"))).all())


async def test_without_a_key_events_leave_with_their_transaction(database: Database) -> None:
    async with database.write() as session:
        events.emit(session, "mark.seen", "mark", UUID(int=1))
    with pytest.raises(RuntimeError):  # noqa: PT012 - leaving the block is what is tested
        async with database.write() as session:
            events.emit(session, "mark.seen", "mark", UUID(int=2))
            raise RuntimeError

    assert (await counts(database))["events"] == 1
