"""Runs: the dates on which courses are taught, before and after the day on which the programme is looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from demo.courses import CoursePlan
from demo.descriptions import ON_SITE, phrases
from demo.providers import institutions
from demo.recipes import Keys, Recipe, at_local
from demo.schedules import Meetings, Schedule, days, first_day, meetings
from demo.words import inside, pick, upper_first
from rules.courses import CourseMode
from rules.publication import EVER_PUBLIC, PublicationState
from rules.runs import RunState

SEATS: dict[CourseMode, tuple[int, ...]] = {
    CourseMode.WEBINAR: (30, 40, 50, 60, 80, 100, 150, 200),
    CourseMode.SELF_PACED: (100, 150, 200),
    CourseMode.OFFLINE: (20, 20, 24, 25, 30, 36),
    CourseMode.MIXED: (20, 24, 30, 40, 50),
}

ON_SALE_DAYS = 75
"""Runs that start later than this are announced, not yet on sale."""

HORIZON_DAYS = 130
PAST_DAYS = 240
CANCELLED_SHARE = 0.03

WINDOW_DAYS = (60, 75, 90)
"""How long a self-paced course stays open."""


class RunRow(NamedTuple):
    """A row of ``runs``."""

    id: UUID
    course_id: UUID
    code: str
    starts_at: datetime
    ends_at: datetime
    region_id: UUID | None
    venue: str | None
    seats: int
    seats_taken: int
    state: RunState


class SessionRow(NamedTuple):
    """A row of ``sessions``."""

    id: UUID
    run_id: UUID
    position: int
    topic: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Syllabus:
    """What the meetings of a course are about, and when they are held; the same in each of its runs."""

    topics: list[str]
    meetings: Meetings


class Runs:
    """Makes the runs of courses and the sessions of runs."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._random = recipe.random("runs")
        self._keys: Keys = recipe.keys("runs")

    def of(self, course: CoursePlan) -> Iterator[tuple[RunRow, list[SessionRow]]]:
        """Return a course's runs by their start, each with its sessions; none for what the public never saw."""
        if course.row.state not in EVER_PUBLIC:
            return
        syllabus = self._syllabus(course)
        codes: set[str] = set()
        for offset in self._offsets(course):
            day = first_day(course.schedule, self._recipe.on + timedelta(days=offset))
            code = f"{day:%y%m%d}"
            if code not in codes:
                codes.add(code)
                yield self._run(course, syllabus, code, day)

    def _offsets(self, course: CoursePlan) -> list[int]:
        """Return on which days from today runs begin: known courses run more often, retired ones no more."""
        random, row = self._random, course.row
        assert row.published_at is not None
        age = min(PAST_DAYS, (self._recipe.now - row.published_at).days - 7)
        past = [-random.randint(12, age) for _ in range(random.choice((1, 1, 2)))] if age > 12 else []  # noqa: PLR2004
        current = [-random.randint(1, 5)] if age > 12 and random.random() < 1 / 4 else []  # noqa: PLR2004
        if row.state is PublicationState.RETIRED:
            return sorted(past)
        busy = random.choice((2, 2, 3, 4)) if course.rank < 1 / 4 else random.choice((1, 2, 2, 3))
        coming = [random.randint(2, HORIZON_DAYS) for _ in range(busy)]
        return sorted(past + current + coming)

    def _run(
        self, course: CoursePlan, syllabus: Syllabus | None, code: str, day: date
    ) -> tuple[RunRow, list[SessionRow]]:
        random, row, place = self._random, course.row, course.provider.place
        spans = self._spans(course, syllabus, day)
        starts_at, ends_at = spans[0][0], spans[-1][1]
        seats = random.choice(SEATS[row.mode])
        state, taken = self._state(course, starts_at, ends_at, seats)
        on_site = row.mode in ON_SITE
        announced = max(row.published_at or starts_at, starts_at - timedelta(days=random.randint(30, HORIZON_DAYS)))
        announced = min(announced, self._recipe.now)
        run = RunRow(
            id=self._keys.new(announced),
            course_id=row.id,
            code=code,
            starts_at=starts_at,
            ends_at=ends_at,
            region_id=place.id if on_site else None,
            venue=self._venue(course) if on_site else None,
            seats=seats,
            seats_taken=taken,
            state=state,
        )
        if syllabus is None:
            return run, []
        return run, [
            SessionRow(self._keys.new(announced), run.id, position, topic, *span)
            for position, (topic, span) in enumerate(zip(syllabus.topics, spans, strict=True), start=1)
        ]

    def _spans(self, course: CoursePlan, syllabus: Syllabus | None, day: date) -> list[tuple[datetime, datetime]]:
        """Return the meetings' begins and ends by the clocks of the institution; one long span without meetings."""
        zone = course.provider.place.zone
        if syllabus is None:
            last = day + timedelta(days=self._random.choice(WINDOW_DAYS))
            return [(at_local(day, 0, zone), at_local(last, 24 * 60, zone))]
        begins, ends = syllabus.meetings.begins, syllabus.meetings.begins + syllabus.meetings.minutes
        return [
            (at_local(meeting, begins, zone), at_local(meeting, ends, zone))
            for meeting in days(course.schedule, day, syllabus.meetings.number)
        ]

    def _state(self, course: CoursePlan, starts_at: datetime, ends_at: datetime, seats: int) -> tuple[RunState, int]:
        """Return a run's state at the recipe's moment, and the seats that are taken by then."""
        random, now = self._random, self._recipe.now
        if random.random() < CANCELLED_SHARE or (course.row.state is PublicationState.SUSPENDED and ends_at > now):
            return RunState.CANCELLED, 0
        if starts_at <= now:
            taken = round(seats * min(1.0, random.uniform(0.45, 1.1)))
            return (RunState.RUNNING if ends_at > now else RunState.FINISHED), taken
        wait_days = (starts_at - now).days
        if wait_days > ON_SALE_DAYS:
            return RunState.SCHEDULED, 0
        filled = random.uniform(0.1, 1.0) + 0.6 * (1 - course.rank) - 1.0 * wait_days / ON_SALE_DAYS
        taken = round(seats * min(1.0, max(0.0, filled)))
        return (RunState.FULL if taken == seats else RunState.OPEN_FOR_SALE), taken

    def _venue(self, course: CoursePlan) -> str:
        frames: list[str] = institutions()["venues"][course.row.mode]
        return self._random.choice(frames).format(
            n=self._random.randint(1, 4), letter=self._random.choice("ABC"), name=course.provider.row.name
        )

    def _syllabus(self, course: CoursePlan) -> Syllabus | None:
        """Return a beginning, the course's skills, and a test at the end; None for a course without meetings."""
        if course.schedule is Schedule.ANYTIME:
            return None
        random, row, frames = self._random, course.row, phrases()["session"]
        plan = meetings(random, row.mode, course.schedule, row.hours)
        others = [skill for skill in course.topic.skills if skill not in row.skills]
        skills = [*pick(random, row.skills, plan.number), *pick(random, others, plan.number)][: plan.number - 1]
        first = random.choice(frames["first"]).format(s=inside(skills[0]))
        middle = [random.choice(frames["middle"]).format(s=inside(s), S=upper_first(s)) for s in skills[1:]]
        return Syllabus([first, *middle, random.choice(frames["last"])], plan)
