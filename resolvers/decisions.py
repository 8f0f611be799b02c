"""Decisions on courses: what an officer decides, on the revision that he read, and who may read it."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import aliased
from typing_extensions import Doc

from models.base import belongs
from models.courses import Course
from models.deciding import decide
from models.decisions import CourseDecision
from models.writes import KEY, Write
from rules.access import Role, Viewer
from rules.decisions import (
    NOTE_MAX,
    STEPS,
    Decision,
    DecisionReason,
    DecisionRefusal,
    refuse_decision,
    refuse_reasons,
)
from rules.ids import CourseId
from rules.publication import sources_of
from rules.refusals import Refused

NEWEST_FIRST = (CourseDecision.id.desc(),)
REVISION = Doc("The course's `revision` that you read: nobody decides on what he has not seen.")
NOTE = Doc(f"More in words, at most {NOTE_MAX:,} characters, in Indonesian; the institution reads it.")


def decisions_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which decisions the viewer may see: those on his institution's courses, and all for the programme."""
    if viewer.is_staff:
        return CourseDecision.id.is_not(None)
    if viewer.role is not Role.INSTITUTION:
        return false()
    course = aliased(Course)
    own = select(course.id).where(
        course.id == CourseDecision.course_id, belongs(course.provider_id, viewer.provider_id)
    )
    return own.exists()


def decisions_of(viewer: Viewer) -> Select[CourseDecision]:
    """Return the decisions on a course."""
    del viewer
    return select(CourseDecision)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveCourseInput:
    """Which course is good."""

    id: Annotated[CourseId, Doc("Which course.")]
    revision: Annotated[int, REVISION]
    note: Annotated[str | None, NOTE] = None
    idempotency_key: Annotated[str, KEY]


async def approve_course(write: Write, wish: ApproveCourseInput) -> CourseId:
    """Let the institution put a course on offer, when it likes.

    Raises:
        Refused: with a DecisionRefusal; nothing was written.
    """
    return await _decide(write, Decision.APPROVED, wish, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCourseChangesInput:
    """Which course shall be otherwise, and why."""

    id: Annotated[CourseId, Doc("Which course.")]
    revision: Annotated[int, REVISION]
    reasons: Annotated[list[DecisionReason], Doc("Why, at least one.")]
    note: Annotated[str | None, NOTE] = None
    idempotency_key: Annotated[str, KEY]


async def request_course_changes(write: Write, wish: RequestCourseChangesInput) -> CourseId:
    """Give a course back to its institution to be changed.

    Raises:
        Refused: with a DecisionRefusal; nothing was written.
    """
    return await _decide(write, Decision.CHANGES_REQUESTED, wish, tuple(wish.reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendCourseInput:
    """Which course is taken off for now, and why."""

    id: Annotated[CourseId, Doc("Which course.")]
    revision: Annotated[int, REVISION]
    reasons: Annotated[list[DecisionReason], Doc("Why, at least one.")]
    note: Annotated[str | None, NOTE] = None
    idempotency_key: Annotated[str, KEY]


async def suspend_course(write: Write, wish: SuspendCourseInput) -> CourseId:
    """Take a course off for now; nothing of it is sold meanwhile.

    Raises:
        Refused: with a DecisionRefusal; nothing was written.
    """
    return await _decide(write, Decision.SUSPENDED, wish, tuple(wish.reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstateCourseInput:
    """Which course is on offer again."""

    id: Annotated[CourseId, Doc("Which course.")]
    revision: Annotated[int, REVISION]
    note: Annotated[str | None, NOTE] = None
    idempotency_key: Annotated[str, KEY]


async def reinstate_course(write: Write, wish: ReinstateCourseInput) -> CourseId:
    """Put a suspended course on offer again.

    Raises:
        Refused: with a DecisionRefusal; nothing was written.
    """
    return await _decide(write, Decision.REINSTATED, wish, ())


Wish = ApproveCourseInput | RequestCourseChangesInput | SuspendCourseInput | ReinstateCourseInput


async def _decide(write: Write, decision: Decision, wish: Wish, reasons: tuple[DecisionReason, ...]) -> CourseId:
    """Decide once: a second officer waits for the first one, and then meets another state."""
    if refusal := refuse_reasons(decision, reasons, wish.note):
        raise Refused(refusal, "reasons" if refusal is DecisionRefusal.REASON_MISSING else "note", length_max=NOTE_MAX)
    course = await write.session.scalar(
        select(Course).where(Course.id == wish.id, ~Course.sandbox).with_for_update(key_share=True)
    )
    if course is None:
        raise Refused(DecisionRefusal.COURSE_NOT_FOUND, "id")
    if refusal := refuse_decision(decision, course.state, read=wish.revision, revision=course.revision):
        field = "revision" if refusal is DecisionRefusal.EDITED_SINCE else "id"
        possible = sources_of(STEPS[decision])
        raise Refused(refusal, field, state=course.state, possible=possible, revision=course.revision)

    decide(write, course, decision, reasons, wish.note)
    return CourseId(course.id)
