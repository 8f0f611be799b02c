"""Popularity: few courses have very many participants, most have few."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from demo.recipes import Recipe
from rules.courses import CourseMode

TOP = 66_666
"""Participants of the most popular course; the figure of natural make-up on a platform of 2020."""

SKEW = 0.64
"""The power by which figures fall with the rank; the ten largest courses of the same platform lie on this line."""

TAIL = 1_500
"""The rank around which courses turn from well known to hardly known, at full scale."""


ROOM = {CourseMode.SELF_PACED: 1.6, CourseMode.WEBINAR: 1.0, CourseMode.MIXED: 0.35, CourseMode.OFFLINE: 0.2}
"""How many people a way of teaching has room for, compared with a webinar."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The participants of a course, and its place from 0 (the most popular) towards 1."""

    count: int
    rank: float


@dataclass(frozen=True, slots=True)
class Pull:
    """What draws people to a course: since when it is there, how sought after its topic is, and who teaches how."""

    published_at: datetime | None
    mode: CourseMode
    demand: float
    size: float


def participants(recipe: Recipe, courses: list[Pull]) -> list[Figure]:
    """Return the figures of courses, in their order; nobody has taken part in what was never published."""
    random = recipe.random("popularity")
    year = timedelta(days=365)

    def pull(course: Pull) -> float:
        chance = random.lognormvariate(0, 0.9)
        if course.published_at is None:
            return 0.0
        age = max(0.02, (recipe.now - course.published_at) / year)
        return chance * course.demand**1.4 * course.size**0.4 * min(1.5, age) * ROOM[course.mode]

    pulls = [pull(course) for course in courses]
    order = sorted(range(len(courses)), key=lambda index: (-pulls[index], index))
    figures = [Figure(0, 1.0)] * len(courses)
    for place, index in enumerate(order):
        if pulls[index] > 0:
            rank = place + 1
            usual = TOP * rank**-SKEW * exp((1 - rank) / (TAIL * recipe.scale))
            shy = 1.0 if place == 0 else random.uniform(0.9, 1.0)
            figures[index] = Figure(int(usual * shy), place / len(courses))
    return figures
