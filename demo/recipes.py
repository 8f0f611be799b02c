"""Recipes: what a made-up programme is made from. The same recipe makes the same rows, byte for byte."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from random import Random
from uuid import UUID

from asyncpg.pgproto import pgproto

from rules.regions import TimeZone

UTC_OFFSET_H = {TimeZone.WIB: 7, TimeZone.WITA: 8, TimeZone.WIT: 9}
"""Hours that a zone's clocks are ahead of UTC; Indonesia has no summer time."""

PROGRAMME_START = datetime(2020, 4, 11, 1, tzinfo=UTC)
"""When the programme took its first registrations; nothing is published earlier."""


VERSION_AND_VARIANT = 0x7 << 76 | 0b10 << 62
LOW_BITS = (1 << 62) - 1
"""Where UUIDv7 keeps its fixed bits, and the lower part of its random ones. Source: RFC 9562."""


@dataclass(frozen=True)
class Recipe:
    """A seed number, the day on which the programme is looked at, and a share of the full size."""

    seed: int
    on: date
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1:
            raise ValueError(f"The scale {self.scale} is out of range: give a share above 0 and up to 1.")

    @cached_property
    def now(self) -> datetime:
        """The moment that states and figures are true at: the beginning of the day, western time."""
        return at_local(self.on, 0, TimeZone.WIB)

    def random(self, concept: str) -> Random:
        """Return the stream of chance for one concept: a change in one leaves the others alone."""
        return Random(f"{self.seed}:{concept}")  # noqa: S311 - repeatable is the point; nothing secret is made of it

    def keys(self, concept: str) -> "Keys":
        """Return the maker of a concept's keys; other seeds and scales have other keys."""
        return Keys(self.random(f"keys of {concept} at {self.scale}"))

    def count(self, full: int, least: int = 1) -> int:
        """Return how many of ``full`` rows this scale has, at least ``least``."""
        return max(least, round(full * self.scale))


class Keys:
    """Makes keys in the form of UUIDv7: they sort by the time at which a row would have been made."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def new(self, at: datetime) -> UUID:
        """Return a new key of the instant ``at``."""
        milliseconds = int(at.timestamp() * 1000)
        chance = self._random.getrandbits(74)
        number = milliseconds << 80 | VERSION_AND_VARIANT | (chance >> 62) << 64 | chance & LOW_BITS
        return pgproto.UUID(number.to_bytes(16))  # equal to uuid.UUID, and made in a sixth of the time


def month_start(day: date) -> date:
    """Return the first day of a month: the demo is looked at from there unless told otherwise."""
    return day.replace(day=1)


@lru_cache(maxsize=16_384)  # sixty thousand meetings are on a few hundred days
def at_local(day: date, minutes: int, zone: TimeZone) -> datetime:
    """Return the instant at ``minutes`` after midnight on ``day`` by the clocks of ``zone``, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(minutes=minutes - 60 * UTC_OFFSET_H[zone])


def between(random: Random, first: datetime, last: datetime) -> datetime:
    """Return an instant between two others, in whole seconds; ``first`` when they are in the wrong order."""
    seconds = max(0, int((last - first).total_seconds()))
    return first + timedelta(seconds=int(random.random() * seconds))
