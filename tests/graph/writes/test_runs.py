"""Runs are planned, changed and called off; time moves them, in SQL as in the rules."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from resolvers.runs import advance_runs
from rules.publication import PublicationState
from rules.runs import RunState, state_at
from tests.graph.writes.world import INSTITUTION, MARKETPLACE, OFFICER, RIVAL, TRIAL, World, plan, together

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

PLACE = {"region": "32.73", "venue": "Jl. Asia Afrika 1"}


def soon(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def test_a_run_is_planned_with_its_schedule(world: World) -> None:
    run = await world.run(await world.draft())

    assert (run["state"], run["seats"], run["seatsLeft"]) == ("SCHEDULED", 30, 30)
    assert [(each["position"], each["topic"]) for each in run["sessions"]] == [(1, "Pengantar"), (2, "Praktik")]


@pytest.mark.parametrize(
    ("state", "days", "then"),
    [("PUBLISHED", 70, "OPEN_FOR_SALE"), ("PUBLISHED", 80, "SCHEDULED"), ("APPROVED", 70, "SCHEDULED")],
)
async def test_a_run_that_starts_soon_is_on_sale_at_once(world: World, state: str, days: int, then: str) -> None:
    course = await world.course(state)

    run = await world.run(course, startsAt=soon(days), endsAt=soon(days + 2), sessions=None)

    assert run["state"] == then


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"code": ""}, ("BAD_TEXT", ["run", "code"])),
        ({"startsAt": soon(-1)}, ("STARTS_IN_PAST", ["run", "startsAt"])),
        ({"endsAt": "2999-01-07T08:00:00+07:00"}, ("BAD_TIMES", ["run", "endsAt"])),
        ({"seats": 0}, ("BAD_SEATS", ["run", "seats"])),
        (PLACE, ("PLACE_UNWANTED", ["run", "region"])),
        ({"venue": "Aula"}, ("PLACE_MISSING", ["run", "region"])),
        ({"sessions": plan()["sessions"] * 60}, ("TOO_MANY_SESSIONS", ["run", "sessions"])),
        ({"sessions": plan()["sessions"][::-1]}, ("SESSIONS_OVERLAP", ["run", "sessions", "1", "startsAt"])),
        ({"startsAt": "2999-01-07T10:00:00+07:00"}, ("SESSION_OUTSIDE_RUN", ["run", "sessions", "0", "startsAt"])),
    ],
)
async def test_a_faulty_plan_is_refused_with_its_place(
    world: World, changes: dict[str, Any], refusal: tuple[str, list[str]]
) -> None:
    course = await world.draft()

    refused = await world.refusals(INSTITUTION, "createRun", course=course["id"], run=plan(**changes))

    assert refusal in refused


async def test_a_run_in_a_room_has_its_place(world: World) -> None:
    course = await world.draft(mode="OFFLINE")
    wish = {"course": course["id"]}

    assert await world.refusals(INSTITUTION, "createRun", **wish, run=plan()) == [("PLACE_MISSING", ["run", "region"])]
    for region in ("32", "32.99"):
        refused = await world.refusals(INSTITUTION, "createRun", **wish, run=plan(**PLACE | {"region": region}))
        assert refused == [("REGION_NOT_FOUND", ["run", "region"])]
    assert (await world.run(course, **PLACE))["venue"] == PLACE["venue"]


async def test_a_code_names_one_run_of_a_course(world: World) -> None:
    course = await world.draft()
    await world.run(course)

    refused = await world.refusals(INSTITUTION, "createRun", course=course["id"], run=plan())

    assert refused == [("CODE_TAKEN", ["run", "code"])]


@pytest.mark.parametrize("state", ["SUSPENDED", "RETIRED"])
async def test_what_is_not_taught_gets_no_run(world: World, state: str) -> None:
    course = await world.course(state)

    refused = await world.refusals(INSTITUTION, "createRun", course=course["id"], run=plan())

    assert refused == [("COURSE_NOT_TAUGHT", ["course"])]


async def test_a_run_that_nobody_bought_changes_in_all(world: World) -> None:
    course = await world.draft(mode="MIXED")
    run = await world.run(course)
    moved = {
        "startsAt": "2999-02-07T09:00:00+07:00",
        "endsAt": "2999-02-07T12:00:00+07:00",
        "seats": 10,
        "sessions": [
            {"topic": "Semua", "startsAt": "2999-02-07T09:00:00+07:00", "endsAt": "2999-02-07T12:00:00+07:00"}
        ],
        **PLACE,
    }

    edited = await world.done(INSTITUTION, "editRun", id=run["id"], changes=moved)

    assert (edited["seats"], edited["venue"]) == (10, PLACE["venue"])
    assert edited["sessions"] == [{"position": 1, "topic": "Semua", "startsAt": "2999-02-07T02:00:00+00:00"}]


async def test_dates_do_not_leave_their_schedule_behind(world: World) -> None:
    run = await world.run(await world.draft())

    refused = await world.refusals(
        INSTITUTION, "editRun", id=run["id"], changes={"endsAt": "2999-01-08T12:00:00+07:00"}
    )

    assert refused == [("SESSION_OUTSIDE_RUN", ["changes", "sessions", "1", "startsAt"])]


async def sold(world: World, course: Any, seats: int) -> Any:
    """Return a run of which so many seats are taken."""
    run = await world.run(course, code=f"S{next(world.numbers)}", startsAt=soon(9), endsAt=soon(10), sessions=None)
    connection: Connection = await asyncpg.connect(world.url)
    await connection.execute(
        "UPDATE runs SET seats_taken = $1 WHERE code = $2 AND course_id = (SELECT id FROM courses WHERE code = $3)",
        seats,
        run["code"],
        course["code"],
    )
    await connection.close()
    return run


async def test_who_has_a_seat_keeps_it_with_its_dates(world: World) -> None:
    course = await world.course("PUBLISHED")
    run = await sold(world, course, 12)

    def edit(**changes: Any) -> Any:
        return world.refusals(INSTITUTION, "editRun", id=run["id"], changes=changes)

    assert await edit(seats=11) == [("SEATS_BELOW_TAKEN", ["changes"])]
    assert await edit(endsAt=soon(20)) == [("SEATS_SOLD", ["changes"])]
    assert await edit(sessions=plan()["sessions"]) == [("SEATS_SOLD", ["changes"])]
    full = await world.done(INSTITUTION, "editRun", id=run["id"], changes={"seats": 12})
    assert (full["state"], full["seatsLeft"]) == ("FULL", 0)
    assert (await world.done(INSTITUTION, "editRun", id=run["id"], changes={"seats": 13}))["state"] == "OPEN_FOR_SALE"


async def test_a_run_is_called_off_by_its_institution_or_an_officer(world: World) -> None:
    course = await world.course("PUBLISHED")
    own, other = await sold(world, course, 3), await sold(world, course, 0)

    for who, run in ((INSTITUTION, own), (OFFICER, other)):
        cancelled = await world.done(who, "cancelRun", id=run["id"], reason="FORCE_MAJEURE")
        assert (cancelled["state"], cancelled["cancelReason"]) == ("CANCELLED", "FORCE_MAJEURE")
        assert await world.refusals(who, "cancelRun", id=run["id"], reason="FORCE_MAJEURE") == [("WRONG_STATE", ["id"])]
        changes = {"seats": 40}
        assert await world.refusals(INSTITUTION, "editRun", id=run["id"], changes=changes) == [
            ("WRONG_STATE", ["changes"])
        ]

    told = await world.row("SELECT payload FROM events WHERE kind = 'run.cancelled' ORDER BY id LIMIT 1")
    assert '"seats_taken": 3' in told["payload"]


async def test_anothers_run_is_as_one_that_is_not_there(world: World) -> None:
    course = await world.draft()
    run = await world.run(course)
    absent = run["id"][:-6] + "AAAAAA"

    for who, name, more in (
        (RIVAL, "editRun", {"changes": {"seats": 40}}),
        (RIVAL, "cancelRun", {"reason": "FORCE_MAJEURE"}),
        (TRIAL, "cancelRun", {"reason": "FORCE_MAJEURE"}),
        (OFFICER, "editRun", {"changes": {"seats": 40}}),
    ):
        other = await world.write(who, name, id=run["id"], **more)
        assert other == await world.write(who, name, id=absent, **more)
        assert [error["code"] for error in other["errors"]] == ["RUN_NOT_FOUND"]
    for who in (RIVAL, OFFICER):
        refused = await world.refusals(who, "createRun", course=course["id"], run=plan())
        assert refused == [("COURSE_NOT_FOUND", ["course"])]


async def test_a_run_and_the_retirement_of_its_course_at_once_do_not_both_happen(world: World) -> None:
    for _ in range(5):
        course = await world.course("PUBLISHED")

        planned, retired = await together(
            world.write(INSTITUTION, "createRun", course=course["id"], run=plan()),
            world.write(INSTITUTION, "retireCourse", id=course["id"]),
        )

        assert (planned["run"] is None) != (retired["course"] is None)


async def test_a_run_of_a_draft_is_seen_by_its_institution_and_the_programme_only(world: World) -> None:
    run = await world.run(await world.draft())
    await world.done(INSTITUTION, "cancelRun", id=run["id"], reason="VENUE_UNAVAILABLE")
    read = "query ($id: ID!) { node(id: $id) { ... on Run { code course { state } } } }"

    for who in (INSTITUTION, OFFICER):
        assert (await world.data(read, who, id=run["id"]))["node"] == {"code": "A1", "course": {"state": "DRAFT"}}
    for who in (RIVAL, MARKETPLACE, TRIAL):
        assert (await world.data(read, who, id=run["id"]))["node"] is None


DAY = timedelta(days=1)
SPANS = [(-9, -8), (-1, 1), (1, 2), (74, 76), (76, 77)]
"""Days from now to a run's start and end."""


async def test_time_moves_runs_in_sql_as_the_rules_say(server: Any, migrated_template: str, world: World) -> None:
    del server, migrated_template
    connection: Connection = await asyncpg.connect(world.url)
    now = await connection.fetchval("SELECT now()")
    made: dict[Any, RunState] = {}
    for state in ("APPROVED", "PUBLISHED", "SUSPENDED"):
        course = await world.course(state)
        key = await connection.fetchval("SELECT id FROM courses WHERE code = $1", course["code"])
        for (first, last), run, taken in itertools.product(SPANS, RunState, (0, 30)):
            if state == "APPROVED" and run not in (RunState.SCHEDULED, RunState.CANCELLED):
                continue
            starts_at, ends_at = now + first * DAY, now + last * DAY
            row = await connection.fetchval(
                "INSERT INTO runs (course_id, code, starts_at, ends_at, seats, seats_taken, state)"
                " VALUES ($1, $2, $3, $4, 30, $5, $6) RETURNING id",
                key,
                f"T{len(made)}",
                starts_at,
                ends_at,
                taken,
                run,
            )
            made[row] = state_at(
                run, PublicationState(state), starts_at=starts_at, ends_at=ends_at, seats=30, seats_taken=taken, now=now
            )

    moved = await advance_runs(world.database)

    found = {row["id"]: row["state"] for row in await connection.fetch("SELECT id, state FROM runs")}
    assert {key: found[key] for key in made} == made
    assert moved > 0
    assert await advance_runs(world.database) == 0
    kinds = await connection.fetch("SELECT DISTINCT kind FROM events WHERE subject_type = 'run' ORDER BY kind")
    assert {"run.opened", "run.filled", "run.began", "run.finished"} <= {row["kind"] for row in kinds}
    await connection.close()
