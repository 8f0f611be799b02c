"""Schedules: on which days and at which hours a course meets."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from rules.courses import CourseMode

SATURDAY = 5


class Schedule(StrEnum):
    """The habit of a course."""

    DAY = "DAY"
    EVENING = "EVENING"
    WEEKEND = "WEEKEND"
    ANYTIME = "ANYTIME"


USUAL: dict[CourseMode, dict[Schedule, int]] = {
    CourseMode.WEBINAR: {Schedule.DAY: 4, Schedule.EVENING: 4, Schedule.WEEKEND: 3},
    CourseMode.OFFLINE: {Schedule.DAY: 6, Schedule.EVENING: 1, Schedule.WEEKEND: 3},
    CourseMode.MIXED: {Schedule.DAY: 4, Schedule.EVENING: 1, Schedule.WEEKEND: 4},
    CourseMode.SELF_PACED: {Schedule.ANYTIME: 1},
}

MEETING_H: dict[CourseMode, float] = {CourseMode.WEBINAR: 3.0, CourseMode.OFFLINE: 6.0, CourseMode.MIXED: 4.5}
EVENING_H = 2.5
"""Usual lengths of a meeting, in hours: after work people are tired."""

MEETINGS_MIN, MEETINGS_MAX = 2, 6
MORNING_H, MORNING_MAX_H = 9, 8
"""Days begin at eight or nine and end by five; what is longer than the meetings is homework."""

EVENING_DAYS = (0, 2, 4)


@dataclass(frozen=True, slots=True)
class Meetings:
    """How many meetings, how long, and when they begin (minutes after local midnight)."""

    number: int
    minutes: int
    begins: int


def choose(random: Random, mode: CourseMode) -> Schedule:
    """Return a schedule that courses of this mode have."""
    usual = USUAL[mode]
    return random.choices(list(usual), weights=list(usual.values()))[0]


def meetings(random: Random, mode: CourseMode, schedule: Schedule, hours: int) -> Meetings:
    """Return how ``hours`` of teaching are cut into meetings, in steps of half an hour."""
    usual = EVENING_H if schedule is Schedule.EVENING else MEETING_H[mode]
    number = min(MEETINGS_MAX, max(MEETINGS_MIN, round(hours / usual)))
    halves = max(3, min(round(2 * hours / number), round(2 * usual + 1)))
    if schedule is Schedule.EVENING:
        begins = random.choice((18 * 60 + 30, 19 * 60))
    elif halves <= 2 * 4 and random.random() < 1 / 3:
        begins = 13 * 60
    else:
        begins = random.choice((8 * 60, 9 * 60, 9 * 60))
    return Meetings(number, 30 * halves, begins)


def first_day(schedule: Schedule, wanted: date) -> date:
    """Return the first day not before ``wanted`` on which a run of this schedule may begin."""
    day = wanted
    while not _meets_on(schedule, day) or (schedule is Schedule.DAY and day.weekday() > 2):  # noqa: PLR2004
        day += timedelta(days=1)
    return day


def days(schedule: Schedule, first: date, number: int) -> list[date]:
    """Return the days of ``number`` meetings from ``first`` on."""
    found: list[date] = []
    day = first
    while len(found) < number:
        if _meets_on(schedule, day):
            found.append(day)
        day += timedelta(days=1)
    return found


def _meets_on(schedule: Schedule, day: date) -> bool:
    if schedule is Schedule.WEEKEND:
        return day.weekday() >= SATURDAY
    if schedule is Schedule.EVENING:
        return day.weekday() in EVENING_DAYS
    return schedule is Schedule.ANYTIME or day.weekday() < SATURDAY
