"""Runs: when and where a course is taught; planned, changed and called off, and moved on by time.

Locks are taken in one order: a course before its runs, runs by key.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Annotated
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, contains_eager, joinedload
from typing_extensions import Doc

from models import events
from models.base import belongs
from models.courses import Course
from models.database import Database
from models.regions import Region
from models.runs import Run, Session
from models.writes import KEY, Write
from rules.access import Role, Viewer
from rules.courses import ONLINE
from rules.ids import CourseId, RunId
from rules.publication import EVER_PUBLIC, PublicationState
from rules.refusals import Refusal, Refused, under
from rules.regions import RegionCode, RegionLevel
from rules.runs import (
    BEFORE_START,
    OVER,
    SALE_DAYS,
    UPCOMING,
    CancelReason,
    RunChanges,
    RunPlan,
    RunRefusal,
    RunState,
    SessionPlan,
    faults_of,
    refuse_cancellation,
    refuse_planning,
    refuse_run_edit,
    state_at,
)

BY_POSITION = (Session.position.asc(),)


class RunOrder(Enum):
    """Orders of runs."""

    SOONEST = (Run.starts_at.asc(), Run.id.asc())
    LATEST = (Run.starts_at.desc(), Run.id.desc())


def runs_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which runs the viewer may look up: for the public those that are or were on sale.

    A run that is on sale or later has a public course (``runs_of_public_course``); of those that were called off, some
    belong to drafts.
    """
    course = aliased(Course)
    of_course = select(course.id).where(course.id == Run.course_id)
    called_off = and_(Run.state == RunState.CANCELLED, of_course.where(course.state.in_(EVER_PUBLIC)).exists())
    public = or_(Run.state.not_in((RunState.SCHEDULED, RunState.CANCELLED)), called_off)
    if viewer.is_staff:
        return or_(public, of_course.where(~course.sandbox).exists())
    if viewer.role is Role.INSTITUTION:
        trial = course.sandbox if viewer.sandbox else ~course.sandbox
        return or_(public, of_course.where(belongs(course.provider_id, viewer.provider_id), trial).exists())
    return public


def runs_of(
    viewer: Viewer,
    upcoming: Annotated[bool, Doc("Only runs that have not begun and are not cancelled.")] = True,  # noqa: FBT002 - an argument of the graph
) -> Select[Run]:
    """Return the runs of a course; the edge joins them to all the courses of a level at once."""
    del viewer
    if upcoming:
        return select(Run).where(Run.state.in_(UPCOMING), Run.starts_at > func.now())
    return select(Run)


def sessions_of(viewer: Viewer) -> Select[Session]:
    """Return the meetings of a run."""
    del viewer
    return select(Session)


BROKEN = {
    "runs_code_once_per_course": Refusal(RunRefusal.CODE_TAKEN, ("code",)),
    "runs_place_fits_mode": Refusal(RunRefusal.PLACE_UNWANTED, ("region",)),
}
"""What it means when the database refuses: a twin of the same code, a mode that changed meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRunInput:
    """A new date of a course."""

    course: Annotated[CourseId, Doc("Which course.")]
    run: Annotated[RunPlan, Doc("When, where and for how many.")]
    idempotency_key: Annotated[str, KEY]


async def create_run(write: Write, wish: CreateRunInput) -> RunId:
    """Plan a run. It goes on sale by itself, when its time has come and its course is on offer.

    Raises:
        Refused: with all faults of the plan; nothing was written.
    """
    course = await _own_course(write, wish.course)
    if refusal := refuse_planning(course.state):
        raise Refused(refusal, "course", state=course.state)
    faults = under(("run",), faults_of(wish.run, write.now, online=ONLINE[course.mode]))
    if faults:
        raise Refused.of(faults)
    region = await _region(write, wish.run.region, "run")

    plan = wish.run
    run = Run(
        course_id=course.id,
        code=plan.code,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        region_id=region,
        venue=plan.venue,
        seats=plan.seats,
        seats_taken=0,
        state=_state(write, RunState.SCHEDULED, course, plan, 0),
    )
    write.session.add(run)
    await write.session.flush()
    await _schedule(write, run, plan)
    write.record("run.created", "run", run.id, {"course_id": course.id})
    return RunId(run.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRunInput:
    """What shall be otherwise in a run."""

    id: Annotated[RunId, Doc("Which run.")]
    changes: Annotated[RunChanges, Doc("What shall be otherwise.")]
    idempotency_key: Annotated[str, KEY]


async def edit_run(write: Write, wish: EditRunInput) -> RunId:
    """Change a run that has not begun. Its buyers wait here, so that no seat is sold that is taken away.

    Raises:
        Refused: with a RunRefusal; nothing was written.
    """
    run = await _held_run(write, wish.id, _own_runs(write.viewer))
    before = await _plan_of(write, run)
    after = wish.changes.of(before)
    if refusal := refuse_run_edit(run.state, run.seats_taken, before, after):
        raise Refused(
            refusal, "changes", state=run.state, possible=", ".join(BEFORE_START), seats_taken=run.seats_taken
        )
    faults = under(("changes",), faults_of(after, write.now, online=ONLINE[run.course.mode]))
    if faults:
        raise Refused.of(faults)
    region = run.region_id if after.region == before.region else await _region(write, after.region, "changes")

    if after.sessions != before.sessions:
        await write.session.execute(delete(Session).where(Session.run_id == run.id))
    run.starts_at, run.ends_at = after.starts_at, after.ends_at
    run.region_id, run.venue, run.seats = region, after.venue, after.seats
    run.state = _state(write, run.state, run.course, after, run.seats_taken)
    await write.session.flush()
    if after.sessions != before.sessions:
        await _schedule(write, run, after)
    write.record("run.edited", "run", run.id, {"course_id": run.course_id})
    return RunId(run.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRunInput:
    """Which run is not taught, and why."""

    id: Annotated[RunId, Doc("Which run.")]
    reason: Annotated[CancelReason, Doc("Why.")]
    idempotency_key: Annotated[str, KEY]


async def cancel_run(write: Write, wish: CancelRunInput) -> RunId:
    """Call a run off: its institution or an officer may until it is finished. Who follows pays back who paid.

    Raises:
        Refused: with a RunRefusal; nothing was written.
    """
    run = await _held_run(write, wish.id, _cancellable(write.viewer))
    if refusal := refuse_cancellation(run.state):
        possible = ", ".join(state for state in RunState if state not in OVER)
        raise Refused(refusal, "id", state=run.state, possible=possible)

    run.state = RunState.CANCELLED
    run.cancel_reason = wish.reason
    facts = {"course_id": run.course_id, "reason": wish.reason, "seats_taken": run.seats_taken}
    write.record("run.cancelled", "run", run.id, facts)
    return RunId(run.id)


def _own_runs(viewer: Viewer) -> ColumnElement[bool]:
    """Return which runs the viewer's institution may change, told by their course."""
    return and_(belongs(Course.provider_id, viewer.provider_id), Course.sandbox.is_(viewer.sandbox))


def _cancellable(viewer: Viewer) -> ColumnElement[bool]:
    return ~Course.sandbox if viewer.role is Role.OFFICER else _own_runs(viewer)


async def _own_course(write: Write, key: CourseId) -> Course:
    """Return a course of the viewer's institution. Its state and mode stay until the end of the transaction."""
    statement = select(Course).where(Course.id == key, _own_runs(write.viewer)).with_for_update(read=True)
    course = await write.session.scalar(statement)
    if course is None:
        raise Refused(RunRefusal.COURSE_NOT_FOUND, "course")
    return course


async def _held_run(write: Write, key: RunId, allowed: ColumnElement[bool]) -> Run:
    """Return a run, held until the end of the transaction; another's is as one that does not exist."""
    statement = (
        select(Run)
        .join(Run.course)
        .options(contains_eager(Run.course), joinedload(Run.region))
        .where(Run.id == key, allowed)
        .with_for_update(of=Run, key_share=True)
    )
    run = await write.session.scalar(statement)
    if run is None:
        raise Refused(RunRefusal.RUN_NOT_FOUND, "id")
    return run


async def _plan_of(write: Write, run: Run) -> RunPlan:
    sessions = await write.session.scalars(select(Session).where(Session.run_id == run.id).order_by(*BY_POSITION))
    return RunPlan(
        code=run.code,
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        seats=run.seats,
        region=run.region and run.region.code,
        venue=run.venue,
        sessions=[SessionPlan(topic=each.topic, starts_at=each.starts_at, ends_at=each.ends_at) for each in sessions],
    )


async def _region(write: Write, code: RegionCode | None, place: str) -> UUID | None:
    """Return the regency or city that has this code today."""
    if code is None:
        return None
    key = await write.session.scalar(
        select(Region.id).where(Region.code == code, Region.valid_to.is_(None), Region.level != RegionLevel.PROVINCE)
    )
    if key is None:
        raise Refused(RunRefusal.REGION_NOT_FOUND, place, "region")
    return key


def _state(write: Write, state: RunState, course: Course, plan: RunPlan, seats_taken: int) -> RunState:
    return state_at(
        state,
        course.state,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        seats=plan.seats,
        seats_taken=seats_taken,
        now=write.now,
    )


async def _schedule(write: Write, run: Run, plan: RunPlan) -> None:
    """Write the meetings, in one statement."""
    rows = [
        {
            "run_id": run.id,
            "position": position,
            "topic": meeting.topic,
            "starts_at": meeting.starts_at,
            "ends_at": meeting.ends_at,
        }
        for position, meeting in enumerate(plan.sessions or [], start=1)
    ]
    if rows:
        await write.session.execute(insert(Session), rows)


ADVANCED_MAX = 500
"""Runs that are moved in one transaction: a term's first morning is some of them."""
ADVANCE_EVERY_S = 60
EVENTS = {
    RunState.OPEN_FOR_SALE: "run.opened",
    RunState.FULL: "run.filled",
    RunState.RUNNING: "run.began",
    RunState.FINISHED: "run.finished",
}

_ON_SALE = and_(
    Run.state == RunState.SCHEDULED,
    Course.state == PublicationState.PUBLISHED,
    Run.starts_at <= func.now() + timedelta(days=SALE_DAYS),
    Run.starts_at > func.now(),
)
_BEGUN = Run.state != RunState.SCHEDULED
_STATE = case(
    (and_(_BEGUN, Run.ends_at <= func.now()), RunState.FINISHED.value),
    (and_(_BEGUN, Run.starts_at <= func.now()), RunState.RUNNING.value),
    (and_(or_(_BEGUN, _ON_SALE), Run.seats_taken < Run.seats), RunState.OPEN_FOR_SALE.value),
    (or_(_BEGUN, _ON_SALE), RunState.FULL.value),
    else_=RunState.SCHEDULED.value,
)
"""``rules.runs.state_at`` in SQL; a test holds the two against each other."""


async def advance_runs(database: Database) -> int:
    """Move runs to where time and seats have brought them, and return how many moved. Once is as good as twice."""
    moved = 0
    more = True
    while more:
        async with database.write() as session:
            number = await _advance(session)
        moved += number
        more = number == ADVANCED_MAX
    return moved


async def _advance(session: AsyncSession) -> int:
    due = (
        select(Run.id, _STATE.label("state"))
        .join(Course, Course.id == Run.course_id)
        .where(Run.state.not_in(OVER), cast(Run.state, Text) != _STATE)
        .order_by(Run.id)
        .limit(ADVANCED_MAX)
        .with_for_update(of=Run, key_share=True, skip_locked=True)
        .cte("due")
    )
    statement = (
        update(Run).where(Run.id == due.c.id).values(state=due.c.state).returning(Run.id, Run.course_id, Run.state)
    )
    rows = (await session.execute(statement, execution_options={"synchronize_session": False})).all()
    for key, course, state in rows:
        events.emit(session, EVENTS[state], "run", key, {"course_id": course})
    return len(rows)
