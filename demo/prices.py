"""Prices: plausible rupiah that follow the hours, the level and the way of teaching."""

from random import Random

from rules.courses import CourseLevel, CourseMode
from rules.money import Rupiah

PRICE_MIN, PRICE_MAX = 24_000, 1_500_000
"""The cheapest and the dearest course of the programme's first year, in rupiah."""

MODE_FACTOR = {
    CourseMode.SELF_PACED: 0.55,
    CourseMode.WEBINAR: 0.95,
    CourseMode.MIXED: 1.2,
    CourseMode.OFFLINE: 1.35,
}
LEVEL_FACTOR = {CourseLevel.BEGINNER: 0.9, CourseLevel.INTERMEDIATE: 1.15, CourseLevel.ADVANCED: 1.5}

SCALE_HOURS = 15
"""A usual length. An hour of a longer course is cheaper: the price grows with the power 0.85 of the hours."""

STEPS = ((100_000, 1_000), (500_000, 5_000), (PRICE_MAX, 25_000))
"""Up to which price it moves in which steps."""


def price(random: Random, rate: int, hours: int, mode: CourseMode, level: CourseLevel) -> Rupiah:
    """Return what a course costs; ``rate`` is rupiah for an hour of a usual course."""
    length = SCALE_HOURS * (hours / SCALE_HOURS) ** 0.85
    raw = rate * length * MODE_FACTOR[mode] * LEVEL_FACTOR[level] * random.lognormvariate(0, 0.22)
    rounded = stepped(raw)
    # One price in four is a thousand short of the round number, as on any market.
    charming = rounded - 1_000 if rounded > STEPS[0][0] and random.random() < 1 / 4 else rounded
    return Rupiah(min(PRICE_MAX, max(PRICE_MIN, charming)))


def outside_price(random: Random, inside: Rupiah) -> Rupiah:
    """Return what the public pays for the same course: as much, or more."""
    if random.random() < 1 / 3:
        return inside
    return Rupiah(max(inside, stepped(inside * random.uniform(1.05, 1.6))))


def stepped(amount: float) -> int:
    """Return ``amount`` rounded to the steps that prices of its size have."""
    step = next((step for limit, step in STEPS if amount < limit), STEPS[-1][1])
    return round(amount / step) * step
