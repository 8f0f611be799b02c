"""Courses are written many at once: an institution's whole catalogue, known by its own codes.

However many rows there are, the statements are as many: one to lock, one to look, one each to add and to change.
"""

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from typing_extensions import Doc

from models.base import any_of
from models.categories import Category
from models.courses import Course
from models.providers import Provider
from models.runs import Run
from models.writes import KEY, Write
from resolvers.courses.own import columns_of, content_of, institution_of
from resolvers.courses.write import EDITABLE
from rules.courses import ONLINE, ROWS_MAX, CourseContent, CourseRefusal, faults_of, refuse_edit
from rules.ids import CourseId
from rules.refusals import Refusal, Refused, under


class RowOutcome(enum.StrEnum):
    """What came of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertCoursesInput:
    """A catalogue, or a part of it."""

    rows: Annotated[
        list[CourseContent],
        Doc(f"At most {ROWS_MAX}, each known by `ownCode`: a new one becomes a draft, a known one says this from now."),
    ]
    dry_run: Annotated[bool, Doc("Only tell what would come of each row.")] = False
    idempotency_key: Annotated[str, KEY]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of one row, or would come of it."""

    outcome: RowOutcome
    course_id: CourseId | None = None
    refusals: tuple[Refusal, ...] = ()


async def upsert_courses(write: Write, wish: UpsertCoursesInput) -> tuple[RowResult, ...]:
    """Write all rows that are good, tell why the others are not, and confirm those that say nothing new.

    Writers of one institution wait for each other, so that its codes are known.

    Raises:
        Refused: TOO_MANY_ROWS; nothing was written.
    """
    if not 1 <= len(wish.rows) <= ROWS_MAX:
        raise Refused(CourseRefusal.TOO_MANY_ROWS, "rows", rows_max=ROWS_MAX)
    institution = institution_of(write.viewer)
    await write.session.execute(select(Provider.id).where(Provider.id == institution).with_for_update(key_share=True))
    known = await _known(write, institution, wish.rows)
    faulty = _faults(wish.rows, await _categories(write, wish.rows))
    bound = await _bound_by_runs(write, wish.rows, known)

    results = [
        _judge(index, row, known.get(row.own_code or ""), faults, bound)
        for index, (row, faults) in enumerate(zip(wish.rows, faulty, strict=True))
    ]
    if wish.dry_run:
        return tuple(results)
    made = await _create(write, institution, _rows(wish.rows, results, RowOutcome.CREATED))
    await _change(write, _rows(wish.rows, results, RowOutcome.UPDATED))
    await _confirm(write, [row.course_id for row in results if row.outcome is RowOutcome.UNCHANGED])
    return tuple(
        _with_key(index, result, made.get(row.own_code or ""))
        for index, (row, result) in enumerate(zip(wish.rows, results, strict=True))
    )


async def _known(write: Write, institution: UUID, rows: Sequence[CourseContent]) -> dict[str, Course]:
    """Return the institution's courses that rows are about, by its codes, and hold them."""
    statement = (
        select(Course)
        .where(
            Course.provider_id == institution,
            Course.sandbox.is_(write.viewer.sandbox),
            any_of(Course.own_code, [row.own_code for row in rows if row.own_code]),
        )
        .order_by(Course.id)
        .with_for_update(key_share=True)
    )
    return {course.own_code or "": course for course in await write.session.scalars(statement)}


async def _categories(write: Write, rows: Sequence[CourseContent]) -> frozenset[UUID]:
    """Return those of the rows' categories that exist."""
    wanted = sorted({row.category for row in rows})
    return frozenset(await write.session.scalars(select(Category.id).where(any_of(Category.id, wanted))))


async def _bound_by_runs(
    write: Write, rows: Sequence[CourseContent], known: Mapping[str, Course]
) -> frozenset[tuple[UUID, bool]]:
    """Return which courses whose mode would change have runs in a place (True) or in none (False)."""
    moving = [course.id for row in rows if (course := known.get(row.own_code or "")) and course.mode is not row.mode]
    if not moving:
        return frozenset()
    placed = Run.region_id.is_not(None)
    found = await write.session.execute(select(Run.course_id, placed).where(any_of(Run.course_id, moving)).distinct())
    return frozenset((course_id, is_placed) for course_id, is_placed in found)


def _faults(rows: Sequence[CourseContent], categories: frozenset[UUID]) -> list[list[Refusal]]:
    """Return what is wrong with each row by itself or beside the others."""
    times = Counter(row.own_code for row in rows)
    faulty: list[list[Refusal]] = []
    for row in rows:
        faults = list(faults_of(row))
        if row.own_code is None:
            faults.append(Refusal(CourseRefusal.OWN_CODE_MISSING, ("ownCode",)))
        elif times[row.own_code] > 1:
            faults.append(Refusal(CourseRefusal.OWN_CODE_TWICE, ("ownCode",)))
        if row.category not in categories:
            faults.append(Refusal(CourseRefusal.CATEGORY_NOT_FOUND, ("category",)))
        faulty.append(faults)
    return faulty


def _judge(
    index: int,
    row: CourseContent,
    course: Course | None,
    faults: list[Refusal],
    bound: frozenset[tuple[UUID, bool]],
) -> RowResult:
    key = CourseId(course.id) if course else None
    if not faults and course:
        before = content_of(course)
        if row == before:
            return RowResult(RowOutcome.UNCHANGED, key)
        if refusal := refuse_edit(course.state, before, row):
            faults = [Refusal(refusal, (), {"state": course.state, "possible": EDITABLE, "price_max": before.price})]
        elif (course.id, ONLINE[row.mode]) in bound:  # placed, and it shall be online; or in none, and it shall not
            faults = [Refusal(CourseRefusal.RUNS_NEED_MODE, ("mode",))]
    if faults:
        return RowResult(RowOutcome.REFUSED, key, tuple(under(("rows", index), faults)))
    return RowResult(RowOutcome.UPDATED if course else RowOutcome.CREATED, key)


def _rows(
    rows: Sequence[CourseContent], results: Sequence[RowResult], outcome: RowOutcome
) -> list[tuple[CourseId | None, CourseContent]]:
    return [(result.course_id, row) for row, result in zip(rows, results, strict=True) if result.outcome is outcome]


COLUMNS = {
    "own_code": "text",
    "title": "text",
    "summary": "text",
    "description": "text",
    "category_id": "uuid",
    "mode": "text",
    "level": "text",
    "hours": "integer",
    "price": "bigint",
    "outside_price": "bigint",
    "skills": "text[]",
    "age_min": "integer",
    "age_max": "integer",
    "education_min": "text",
}
_NAMES = ", ".join(COLUMNS)
_TOLD = f"""
    jsonb_to_recordset(CAST(:rows AS jsonb))
        AS told (id uuid, {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
"""
_INSERT = text(f"""
    INSERT INTO courses ({_NAMES}, provider_id, sandbox, state, confirmed_at, participant_count, rating_count,
        rating_sum)
    SELECT {_NAMES}, :provider_id, :sandbox, 'DRAFT', :now, 0, 0, 0 FROM {_TOLD}
    ON CONFLICT (provider_id, own_code, sandbox) DO NOTHING
    RETURNING id, own_code
""").columns(Course.id, Course.own_code)  # noqa: S608 - our own names
_UPDATE = text(f"""
    UPDATE courses SET ({_NAMES}) = ROW (told.{_NAMES.replace(", ", ", told.")}),
        revision = revision + 1, confirmed_at = :now
    FROM {_TOLD} WHERE courses.id = told.id
""")  # noqa: S608 - our own names


def _told(rows: Sequence[tuple[CourseId | None, CourseContent]]) -> str:
    # Keys may be the driver's own kind of UUID, which orjson does not know.
    return orjson.dumps([{"id": key, **columns_of(row)} for key, row in rows], default=str).decode()


async def _create(
    write: Write, institution: UUID, rows: Sequence[tuple[CourseId | None, CourseContent]]
) -> dict[str, CourseId]:
    """Write drafts, and return their keys by the institution's codes; a code that was just taken is left out."""
    if not rows:
        return {}
    values = {
        "rows": _told(rows),
        "provider_id": institution,
        "sandbox": write.viewer.sandbox,
        "now": write.now,
    }
    made = {code: CourseId(key) for key, code in await write.session.execute(_INSERT, values)}
    for key in made.values():
        write.record("course.created", "course", key, {"provider_id": institution})
    return made


async def _change(write: Write, rows: Sequence[tuple[CourseId | None, CourseContent]]) -> None:
    if rows:
        await write.session.execute(_UPDATE, {"rows": _told(rows), "now": write.now})
    for key, _ in rows:
        assert key is not None
        write.record("course.edited", "course", key)


async def _confirm(write: Write, keys: Sequence[CourseId | None]) -> None:
    if keys:
        await write.session.execute(
            update(Course).where(any_of(Course.id, keys)).values(confirmed_at=write.now),
            execution_options={"synchronize_session": False},
        )


def _with_key(index: int, result: RowResult, made: CourseId | None) -> RowResult:
    if result.outcome is not RowOutcome.CREATED:
        return result
    if made is None:
        taken = Refusal(CourseRefusal.OWN_CODE_TAKEN, ("rows", index, "ownCode"))
        return RowResult(RowOutcome.REFUSED, None, (taken,))
    return RowResult(RowOutcome.CREATED, made)
