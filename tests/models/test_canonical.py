"""The same wish has the same digest, however it is written; what was stored comes back as it was."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from models.canonical import digest_of, kept, restored
from rules.ids import CourseId


class Mode(StrEnum):
    """How."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a wish."""

    course_id: CourseId
    starts_at: datetime
    mode: Mode | None
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish of all kinds of values."""

    rows: tuple[Row, ...]
    names: dict[str, int]
    on: date
    dry_run: bool
    idempotency_key: str


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INSTANTS = st.datetimes(timezones=st.just(UTC))
ROWS = st.builds(
    Row, st.uuids().map(CourseId), INSTANTS, st.none() | st.sampled_from(Mode), st.frozensets(WORDS, max_size=4)
)
WISHES = st.builds(
    Wish,
    st.lists(ROWS, max_size=3).map(tuple),
    st.dictionaries(WORDS, st.integers(-(2**53), 2**53)),
    st.dates(),
    st.booleans(),
    WORDS,
)


@given(WISHES, st.integers(-12, 12), WORDS)
def test_order_zone_and_key_are_no_part_of_a_wish(wish: Wish, hours: int, key: str) -> None:
    zone = timezone(timedelta(hours=hours))
    margin = timedelta(days=1)
    rows = tuple(
        replace(
            row,
            starts_at=row.starts_at.astimezone(zone)
            if datetime.min.replace(tzinfo=UTC) + margin < row.starts_at < datetime.max.replace(tzinfo=UTC) - margin
            else row.starts_at,
            labels=frozenset(sorted(row.labels, reverse=True)),
        )
        for row in wish.rows
    )
    same = replace(wish, rows=rows, names=dict(reversed(wish.names.items())), idempotency_key=key)

    assert digest_of(same) == digest_of(wish)


CHANGES = {
    "rows": st.lists(ROWS, max_size=3).map(tuple),
    "names": st.dictionaries(WORDS, st.integers(0, 9)),
    "on": st.dates(),
    "dry_run": st.booleans(),
}


@given(WISHES, st.data())
def test_any_change_changes_the_digest(wish: Wish, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    value: Any = data.draw(CHANGES[name])

    changed = replace(wish, **{name: value})

    assert (digest_of(changed) == digest_of(wish)) is (changed == wish)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a use case returns."""

    course_id: CourseId
    seen: list[UUID | None]
    mode: Mode
    at: datetime
    on: date | None
    count: int
    share: float
    words: tuple[str, ...]
    facts: dict[str, int]
    inner: "Inner | None"


@dataclass(frozen=True, slots=True)
class Inner:
    """A part of it."""

    ok: bool


OUTCOMES = st.builds(
    Outcome,
    st.uuids().map(CourseId),
    st.lists(st.none() | st.uuids(), max_size=3),
    st.sampled_from(Mode),
    INSTANTS,
    st.none() | st.dates(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(WORDS, max_size=3).map(tuple),
    st.dictionaries(WORDS, st.integers(0, 9), max_size=3),
    st.none() | st.builds(Inner, st.booleans()),
)


@given(OUTCOMES)
def test_an_outcome_comes_back_as_it_was(outcome: Outcome) -> None:
    assert restored(Outcome, orjson.loads(orjson.dumps(kept(outcome)))) == outcome


@given(st.lists(OUTCOMES, max_size=2).map(tuple))
def test_a_list_of_outcomes_comes_back_as_it_was(outcomes: tuple[Outcome, ...]) -> None:
    assert restored(tuple[Outcome, ...], orjson.loads(orjson.dumps(kept(outcomes)))) == outcomes
