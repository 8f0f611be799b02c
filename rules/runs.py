"""Runs: a course at its dates, with its seats. What may be planned, what may change, and what time does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from typing_extensions import Doc

from rules.publication import PublicationState
from rules.refusals import Refusal
from rules.regions import RegionCode
from rules.texts import is_text


class RunState(StrEnum):
    """The life of a run (domain rule: any state before FINISHED may become CANCELLED)."""

    SCHEDULED = "SCHEDULED"
    OPEN_FOR_SALE = "OPEN_FOR_SALE"
    FULL = "FULL"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


def seats_left(seats: int, seats_taken: int) -> int:
    """Return how many seats are still free, never below zero."""
    return max(0, seats - seats_taken)


UPCOMING = (RunState.OPEN_FOR_SALE, RunState.FULL)
"""States of a run that the public may still look forward to."""

BEFORE_START = (RunState.SCHEDULED, *UPCOMING)
"""States of a run that has not begun: it may change."""

OVER = (RunState.FINISHED, RunState.CANCELLED)
"""States from which a run does not move any more."""

SALE_DAYS = 75
"""A run goes on sale so many days before it starts."""
SEATS_MAX = 10_000
"""A larger figure is a typing error."""
SESSIONS_MAX = 100
"""Meetings of one run."""
CODE_MAX, TOPIC_MAX, VENUE_MAX = 32, 200, 300
"""Characters."""
RUN_DAYS_MAX = 400
"""From a run's first to its last day; a longer one is a typing error."""


class RunRefusal(StrEnum):
    """Why a run may not be planned, changed or cancelled. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    COURSE_NOT_FOUND = "COURSE_NOT_FOUND"
    COURSE_NOT_TAUGHT = "COURSE_NOT_TAUGHT"
    RUN_NOT_FOUND = "RUN_NOT_FOUND"
    REGION_NOT_FOUND = "REGION_NOT_FOUND"
    WRONG_STATE = "WRONG_STATE"
    SEATS_SOLD = "SEATS_SOLD"
    CODE_TAKEN = "CODE_TAKEN"
    PLACE_MISSING = "PLACE_MISSING"
    PLACE_UNWANTED = "PLACE_UNWANTED"
    STARTS_IN_PAST = "STARTS_IN_PAST"
    BAD_TIMES = "BAD_TIMES"
    BAD_SEATS = "BAD_SEATS"
    SEATS_BELOW_TAKEN = "SEATS_BELOW_TAKEN"
    TOO_MANY_SESSIONS = "TOO_MANY_SESSIONS"
    SESSION_OUTSIDE_RUN = "SESSION_OUTSIDE_RUN"
    SESSIONS_OVERLAP = "SESSIONS_OVERLAP"
    BAD_TEXT = "BAD_TEXT"


class CancelReason(StrEnum):
    """Why a run is not taught."""

    TOO_FEW_PARTICIPANTS = "TOO_FEW_PARTICIPANTS"
    TEACHER_UNAVAILABLE = "TEACHER_UNAVAILABLE"
    VENUE_UNAVAILABLE = "VENUE_UNAVAILABLE"
    FORCE_MAJEURE = "FORCE_MAJEURE"
    PROGRAMME_DECISION = "PROGRAMME_DECISION"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """One meeting of a run."""

    topic: Annotated[str, Doc(f"What it is about, in Indonesian, at most {TOPIC_MAX} characters.")]
    starts_at: Annotated[datetime, Doc("When it begins.")]
    ends_at: Annotated[datetime, Doc("When it ends.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """When, where and for how many a course is taught."""

    code: Annotated[str, Doc(f"Names the run within its course, at most {CODE_MAX} characters.")]
    starts_at: Annotated[datetime, Doc("When it begins.")]
    ends_at: Annotated[datetime, Doc("When it ends.")]
    seats: Annotated[int, Doc("How many can take part.")]
    region: Annotated[RegionCode | None, Doc("Where: a regency's or city's code. None for what is online.")] = None
    venue: Annotated[str | None, Doc("The address; goes with `region`.")] = None
    sessions: Annotated[list[SessionPlan] | None, Doc("The schedule, in the order of time.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """What shall be otherwise. What is left out or null stays as it is."""

    starts_at: Annotated[datetime | None, Doc("When it begins.")] = None
    ends_at: Annotated[datetime | None, Doc("When it ends.")] = None
    seats: Annotated[int | None, Doc("How many can take part; never fewer than have a seat.")] = None
    region: Annotated[RegionCode | None, Doc("Where: a regency's or city's code.")] = None
    venue: Annotated[str | None, Doc("The address.")] = None
    sessions: Annotated[list[SessionPlan] | None, Doc("The whole schedule anew.")] = None

    def of(self, plan: RunPlan) -> RunPlan:
        """Return ``plan`` with these changes."""
        given = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return replace(plan, **given)


def faults_of(plan: RunPlan, now: datetime, *, online: bool | None) -> Iterator[Refusal]:
    """Return all that is wrong with a plan at ``now`` (UTC), each with its field.

    ``online``: whether the course is taught without a place (True), in a place (False) or either way (None).
    """
    if not is_text(plan.code, length_max=CODE_MAX):
        yield Refusal(RunRefusal.BAD_TEXT, ("code",), {"length_max": CODE_MAX})
    if plan.venue is not None and not is_text(plan.venue, length_max=VENUE_MAX):
        yield Refusal(RunRefusal.BAD_TEXT, ("venue",), {"length_max": VENUE_MAX})
    if plan.starts_at <= now:
        yield Refusal(RunRefusal.STARTS_IN_PAST, ("startsAt",))
    if not timedelta(0) < plan.ends_at - plan.starts_at <= timedelta(days=RUN_DAYS_MAX):
        yield Refusal(RunRefusal.BAD_TIMES, ("endsAt",), {"days_max": RUN_DAYS_MAX})
    if not 1 <= plan.seats <= SEATS_MAX:
        yield Refusal(RunRefusal.BAD_SEATS, ("seats",), {"seats_max": SEATS_MAX})
    if (plan.region is None) != (plan.venue is None) or (online is False and plan.region is None):
        yield Refusal(RunRefusal.PLACE_MISSING, ("region" if plan.region is None else "venue",))
    if online and plan.region is not None:
        yield Refusal(RunRefusal.PLACE_UNWANTED, ("region",))
    yield from _session_faults(plan, plan.sessions or [])


def _session_faults(plan: RunPlan, sessions: Sequence[SessionPlan]) -> Iterator[Refusal]:
    if len(sessions) > SESSIONS_MAX:
        yield Refusal(RunRefusal.TOO_MANY_SESSIONS, ("sessions",), {"sessions_max": SESSIONS_MAX})
        return
    before = plan.starts_at
    for index, session in enumerate(sessions):
        where = ("sessions", index)
        if not is_text(session.topic, length_max=TOPIC_MAX):
            yield Refusal(RunRefusal.BAD_TEXT, (*where, "topic"), {"length_max": TOPIC_MAX})
        if session.ends_at <= session.starts_at:
            yield Refusal(RunRefusal.BAD_TIMES, (*where, "endsAt"), {"days_max": RUN_DAYS_MAX})
        if session.starts_at < plan.starts_at or session.ends_at > plan.ends_at:
            yield Refusal(RunRefusal.SESSION_OUTSIDE_RUN, (*where, "startsAt"))
        elif session.starts_at < before:
            yield Refusal(RunRefusal.SESSIONS_OVERLAP, (*where, "startsAt"))
        before = max(before, session.ends_at)


def refuse_planning(course: PublicationState) -> RunRefusal | None:
    """Return why no run of a course may be planned, or None. Drafts may have some: they wait until it is published."""
    gone = (PublicationState.SUSPENDED, PublicationState.RETIRED)
    return RunRefusal.COURSE_NOT_TAUGHT if course in gone else None


def refuse_run_edit(state: RunState, seats_taken: int, before: RunPlan, after: RunPlan) -> RunRefusal | None:
    """Return why a run may not become ``after``, or None.

    Whoever has a seat bought these dates in this place: then only the number of seats and the address within the
    region may change; for all else the run is cancelled, and who paid is paid back.
    """
    if state not in BEFORE_START:
        return RunRefusal.WRONG_STATE
    if after.seats < seats_taken:
        return RunRefusal.SEATS_BELOW_TAKEN
    if seats_taken and replace(after, seats=before.seats, venue=before.venue) != before:
        return RunRefusal.SEATS_SOLD
    return None


def refuse_cancellation(state: RunState) -> RunRefusal | None:
    """Return why a run may not be cancelled, or None. Domain rule: any before FINISHED."""
    return RunRefusal.WRONG_STATE if state in OVER else None


def state_at(
    state: RunState,
    course: PublicationState,
    *,
    starts_at: datetime,
    ends_at: datetime,
    seats: int,
    seats_taken: int,
    now: datetime,
) -> RunState:
    """Return the state that a run comes to be in at ``now`` (UTC) by time and seats alone.

    A run of a course that is not on offer stays SCHEDULED: nobody could buy it, and nobody hears of it. One that was
    never on sale before it began is not taught, but only people cancel. ``resolvers.runs.advance`` says the same in
    SQL.
    """
    if state in OVER:
        return state
    if state is not RunState.SCHEDULED and now >= ends_at:
        return RunState.FINISHED
    if state is not RunState.SCHEDULED and now >= starts_at:
        return RunState.RUNNING
    if state is RunState.SCHEDULED:
        on_sale = course is PublicationState.PUBLISHED and now >= starts_at - timedelta(days=SALE_DAYS)
        if not on_sale or now >= starts_at:
            return state
    return RunState.OPEN_FOR_SALE if seats_taken < seats else RunState.FULL
