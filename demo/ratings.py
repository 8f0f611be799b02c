"""Ratings: stars with and without words, in proportion to how many took part."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from demo.courses import CoursePlan
from demo.recipes import Recipe, between
from demo.words import inside

DATA = Path(__file__).parent / "data" / "comments.toml"

FULL = 75_000
"""About so many ratings at full scale."""

MOST = 900
"""The catalogue keeps no more of one course: older ones left with the first platform."""

FIRST_DAYS = 20
"""Nobody has finished a course earlier than this after it was published."""

COMMENT_SHARE = 0.38
GOOD_STARS, BAD_STARS = 4, 3


class RatingRow(NamedTuple):
    """A row of ``ratings``; it names nobody."""

    id: UUID
    course_id: UUID
    stars: int
    comment: str | None
    rated_at: datetime


@cache
def sentences() -> dict[str, Any]:
    """Return the sentences of data/comments.toml."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def ratings(recipe: Recipe, courses: list[CoursePlan]) -> list[RatingRow]:
    """Return all ratings in the order of their keys, which is that of time."""
    random, keys = recipe.random("ratings"), recipe.keys("ratings")
    rows: list[RatingRow] = []
    for course, number in _numbers(recipe, courses):
        published = course.row.published_at
        assert published is not None
        first = published + timedelta(days=FIRST_DAYS)
        stars = random.choices((5, 4, 3, 2, 1), weights=star_weights(_quality(random)), k=number)
        for star in stars:
            rated_at = between(random, first, recipe.now)
            comment = _comment(random, course, star) if random.random() < COMMENT_SHARE else None
            rows.append(RatingRow(keys.new(rated_at), course.row.id, star, comment, rated_at))
    rows.sort(key=lambda row: row.id.int)
    return rows


def _numbers(recipe: Recipe, courses: list[CoursePlan]) -> Iterator[tuple[CoursePlan, int]]:
    """Return the courses that have ratings with their numbers; a larger course has more, but not in proportion."""
    latest = recipe.now - timedelta(days=FIRST_DAYS + 3)
    rated = [course for course in courses if course.row.published_at and course.row.published_at < latest]
    whole = sum(course.row.participant_count**0.8 for course in rated)
    total = recipe.count(FULL)
    for course in rated:
        share = total * course.row.participant_count**0.8 / whole
        if number := min(MOST, course.row.participant_count, round(share)):
            yield course, number


def _quality(random: Random) -> float:
    """Return the stars that a course earns on average: most are good, one in fifteen is not."""
    if random.random() < 1 / 15:
        return random.uniform(2.6, 3.9)
    return min(4.95, max(3.9, random.gauss(4.58, 0.19)))


def star_weights(quality: float) -> tuple[float, ...]:
    """Return the weights of five to one stars whose average is about ``quality``.

    Each star fewer is rarer by one ratio; a hundredth of all people give one star whatever happens.
    """
    lack = 5.0 - quality
    ratio = lack / (1 + lack) if lack < 1 else 0.5 + (lack - 1) * 0.5
    weights = [ratio**step for step in range(5)]
    return (*weights[:4], weights[4] + sum(weights) / 100)


def _comment(random: Random, course: CoursePlan, stars: int) -> str:
    """Return one to three sentences that fit the stars, the topic and the way of teaching."""
    bank, star, topic = sentences(), str(stars), course.topic
    mode: list[str] = [
        *(bank["mode_good"][course.row.mode] if stars >= GOOD_STARS else []),
        *(bank["mode_bad"][course.row.mode] if stars <= BAD_STARS else []),
    ]
    parts = [
        *([random.choice(bank["open"][star])] if random.random() < 0.7 else []),  # noqa: PLR2004
        *([random.choice(bank["middle"][star])] if random.random() < 0.65 else []),  # noqa: PLR2004
        *([random.choice(mode)] if random.random() < 0.2 else []),  # noqa: PLR2004
        *([random.choice(bank["close"][star])] if random.random() < 0.25 else []),  # noqa: PLR2004
    ]
    text = " ".join(parts or [random.choice(bank["open"][star])])
    return text.format(
        a=random.choice(topic.learn),
        outcome=random.choice(topic.outcome),
        s=inside(random.choice(course.row.skills[1:] or course.row.skills)),
    )
