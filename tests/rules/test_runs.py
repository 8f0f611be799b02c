"""What may be planned, what may change for those who have a seat, and what time does to a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.publication import PublicationState
from rules.regions import RegionCode
from rules.runs import (
    OVER,
    RunChanges,
    RunPlan,
    RunRefusal,
    RunState,
    SessionPlan,
    faults_of,
    refuse_cancellation,
    refuse_planning,
    refuse_run_edit,
    seats_left,
    state_at,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = NOW + timedelta(days=10)
HOUR = timedelta(hours=1)


def meeting(from_h: int, to_h: int, topic: str = "Pengantar") -> SessionPlan:
    return SessionPlan(topic=topic, starts_at=START + from_h * HOUR, ends_at=START + to_h * HOUR)


GOOD = RunPlan(
    code="A1",
    starts_at=START,
    ends_at=START + 48 * HOUR,
    seats=30,
    region=RegionCode("32.73"),
    venue="Jl. Asia Afrika 1",
    sessions=[meeting(0, 3), meeting(24, 27)],
)


def test_a_new_run_has_all_its_seats() -> None:
    assert seats_left(30, 0) == 30


def test_the_last_seat_taken_leaves_none() -> None:
    assert seats_left(30, 30) == 0


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_no_run_has_less_than_no_seat(seats: int, taken: int) -> None:
    assert seats_left(seats, taken) >= 0


@pytest.mark.parametrize("online", [False, None])
def test_a_good_plan_has_no_fault(*, online: bool | None) -> None:
    assert not list(faults_of(GOOD, NOW, online=online))


def test_what_is_online_has_no_place() -> None:
    assert not list(faults_of(replace(GOOD, region=None, venue=None), NOW, online=True))


@pytest.mark.parametrize(
    ("changes", "online", "code", "path"),
    [
        ({"code": ""}, False, RunRefusal.BAD_TEXT, ("code",)),
        ({"venue": "\x01"}, False, RunRefusal.BAD_TEXT, ("venue",)),
        ({"starts_at": NOW}, False, RunRefusal.STARTS_IN_PAST, ("startsAt",)),
        ({"ends_at": START, "sessions": None}, False, RunRefusal.BAD_TIMES, ("endsAt",)),
        ({"ends_at": START + timedelta(days=401)}, False, RunRefusal.BAD_TIMES, ("endsAt",)),
        ({"seats": 0}, False, RunRefusal.BAD_SEATS, ("seats",)),
        ({"seats": 10_001}, False, RunRefusal.BAD_SEATS, ("seats",)),
        ({"region": None, "venue": None}, False, RunRefusal.PLACE_MISSING, ("region",)),
        ({"venue": None}, None, RunRefusal.PLACE_MISSING, ("venue",)),
        ({}, True, RunRefusal.PLACE_UNWANTED, ("region",)),
        ({"sessions": [meeting(0, 1, " ")]}, False, RunRefusal.BAD_TEXT, ("sessions", 0, "topic")),
        ({"sessions": [meeting(1, 1)]}, False, RunRefusal.BAD_TIMES, ("sessions", 0, "endsAt")),
        ({"sessions": [meeting(-1, 1)]}, False, RunRefusal.SESSION_OUTSIDE_RUN, ("sessions", 0, "startsAt")),
        ({"sessions": [meeting(0, 49)]}, False, RunRefusal.SESSION_OUTSIDE_RUN, ("sessions", 0, "startsAt")),
        (
            {"sessions": [meeting(0, 3), meeting(2, 4)]},
            False,
            RunRefusal.SESSIONS_OVERLAP,
            ("sessions", 1, "startsAt"),
        ),
        ({"sessions": [meeting(0, 1)] * 101}, False, RunRefusal.TOO_MANY_SESSIONS, ("sessions",)),
    ],
)
def test_a_fault_of_a_plan_is_named_with_its_field(
    changes: dict[str, Any], *, online: bool | None, code: RunRefusal, path: tuple[str | int, ...]
) -> None:
    assert (code, path) in [(each.code, each.path) for each in faults_of(replace(GOOD, **changes), NOW, online=online)]


def test_a_meeting_may_follow_at_once() -> None:
    assert not list(faults_of(replace(GOOD, sessions=[meeting(0, 3), meeting(3, 4)]), NOW, online=False))


@pytest.mark.parametrize(
    ("course", "refusal"),
    [
        (PublicationState.DRAFT, None),
        (PublicationState.PUBLISHED, None),
        (PublicationState.SUSPENDED, RunRefusal.COURSE_NOT_TAUGHT),
        (PublicationState.RETIRED, RunRefusal.COURSE_NOT_TAUGHT),
    ],
)
def test_runs_are_planned_for_what_is_or_will_be_taught(course: PublicationState, refusal: RunRefusal | None) -> None:
    assert refuse_planning(course) is refusal


@pytest.mark.parametrize(
    ("state", "taken", "changes", "refusal"),
    [
        (RunState.SCHEDULED, 0, RunChanges(starts_at=START + HOUR), None),
        (RunState.OPEN_FOR_SALE, 0, RunChanges(region=RegionCode("32.75"), venue="Lain"), None),
        (RunState.OPEN_FOR_SALE, 5, RunChanges(seats=5), None),
        (RunState.OPEN_FOR_SALE, 5, RunChanges(seats=4), RunRefusal.SEATS_BELOW_TAKEN),
        (RunState.OPEN_FOR_SALE, 5, RunChanges(venue="Gedung sebelah"), None),
        (RunState.OPEN_FOR_SALE, 1, RunChanges(starts_at=START + HOUR), RunRefusal.SEATS_SOLD),
        (RunState.FULL, 30, RunChanges(sessions=[]), RunRefusal.SEATS_SOLD),
        (RunState.RUNNING, 0, RunChanges(seats=40), RunRefusal.WRONG_STATE),
        (RunState.CANCELLED, 0, RunChanges(seats=40), RunRefusal.WRONG_STATE),
    ],
)
def test_who_has_a_seat_keeps_dates_and_place(
    state: RunState, taken: int, changes: RunChanges, refusal: RunRefusal | None
) -> None:
    assert refuse_run_edit(state, taken, GOOD, changes.of(GOOD)) is refusal


@pytest.mark.parametrize("state", RunState)
def test_what_is_over_is_not_cancelled(state: RunState) -> None:
    assert refuse_cancellation(state) is (RunRefusal.WRONG_STATE if state in OVER else None)


SALE = START - timedelta(days=75)
R = RunState
P = PublicationState


@pytest.mark.parametrize(
    ("state", "course", "taken", "now", "then"),
    [
        (R.SCHEDULED, P.PUBLISHED, 0, SALE - timedelta(seconds=1), R.SCHEDULED),
        (R.SCHEDULED, P.PUBLISHED, 0, SALE, R.OPEN_FOR_SALE),
        (R.SCHEDULED, P.APPROVED, 0, SALE, R.SCHEDULED),
        (R.SCHEDULED, P.SUSPENDED, 0, SALE, R.SCHEDULED),
        (R.SCHEDULED, P.PUBLISHED, 0, START, R.SCHEDULED),
        (R.OPEN_FOR_SALE, P.PUBLISHED, 30, SALE, R.FULL),
        (R.FULL, P.PUBLISHED, 29, SALE, R.OPEN_FOR_SALE),
        (R.OPEN_FOR_SALE, P.SUSPENDED, 0, START, R.RUNNING),
        (R.FULL, P.PUBLISHED, 30, START, R.RUNNING),
        (R.RUNNING, P.PUBLISHED, 30, START + 47 * HOUR, R.RUNNING),
        (R.RUNNING, P.PUBLISHED, 30, START + 48 * HOUR, R.FINISHED),
        (R.OPEN_FOR_SALE, P.PUBLISHED, 0, START + 48 * HOUR, R.FINISHED),
        (R.CANCELLED, P.PUBLISHED, 0, START, R.CANCELLED),
        (R.FINISHED, P.PUBLISHED, 0, SALE, R.FINISHED),
    ],
)
def test_time_and_seats_move_a_run(state: R, course: P, taken: int, now: datetime, then: R) -> None:
    moved = state_at(state, course, starts_at=START, ends_at=START + 48 * HOUR, seats=30, seats_taken=taken, now=now)

    assert moved is then
