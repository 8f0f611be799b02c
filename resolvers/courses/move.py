"""Courses move on: an institution sends a draft for review, takes it back, puts it on offer, and retires it."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import select, update
from typing_extensions import Doc

from models.courses import Course
from models.deciding import decide
from models.listings import Listing
from models.runs import Run
from models.writes import KEY, Write
from resolvers.courses.own import own_course, refused
from rules.courses import (
    CourseRefusal,
    refuse_publication,
    refuse_retirement,
    refuse_submission,
    refuse_withdrawal,
)
from rules.decisions import trial_decision
from rules.ids import CourseId
from rules.publication import PublicationState, Step
from rules.refusals import Refused
from rules.runs import OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitCourseInput:
    """Which draft is ready."""

    id: Annotated[CourseId, Doc("Which course.")]
    idempotency_key: Annotated[str, KEY]


async def submit_course(write: Write, wish: SubmitCourseInput) -> CourseId:
    """Send a draft, or what was changed as asked, to the programme office.

    Raises:
        Refused: with a CourseRefusal; nothing was written.
    """
    course = await own_course(write, wish.id)
    if refusal := refuse_submission(course.state, course.provider.state, sandbox=course.sandbox):
        raise refused(refusal, course, Step.SUBMIT)

    course.state = PublicationState.SUBMITTED
    course.submitted_at = write.now
    write.record("course.submitted", "course", course.id, {"revision": course.revision})
    if course.sandbox:
        _decide_on_trial(write, course)
    return CourseId(course.id)


def _decide_on_trial(write: Write, course: Course) -> None:
    """Decide as the course's own code says: on trial no officer looks, and each case can be had again."""
    if (trial := trial_decision(course.own_code)) is None:
        return
    decision, reasons = trial
    decide(write, course, decision, reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCourseInput:
    """Which course shall be a draft again."""

    id: Annotated[CourseId, Doc("Which course.")]
    idempotency_key: Annotated[str, KEY]


async def withdraw_course(write: Write, wish: WithdrawCourseInput) -> CourseId:
    """Take a course back from review, or from its approval, to write on.

    Raises:
        Refused: with a CourseRefusal; nothing was written.
    """
    course = await own_course(write, wish.id)
    if refusal := refuse_withdrawal(course.state):
        raise refused(refusal, course, Step.WITHDRAW)

    course.state = PublicationState.DRAFT
    course.submitted_at = None
    write.record("course.withdrawn", "course", course.id, {"revision": course.revision})
    return CourseId(course.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishCourseInput:
    """Which approved course goes on offer."""

    id: Annotated[CourseId, Doc("Which course.")]
    idempotency_key: Annotated[str, KEY]


async def publish_course(write: Write, wish: PublishCourseInput) -> CourseId:
    """Put an approved course on offer, for everybody to see.

    Raises:
        Refused: with a CourseRefusal; nothing was written.
    """
    course = await own_course(write, wish.id)
    if refusal := refuse_publication(course.state, course.provider.state, sandbox=course.sandbox):
        raise refused(refusal, course, Step.PUBLISH)

    course.state = PublicationState.PUBLISHED
    course.published_at = write.now
    course.confirmed_at = write.now
    write.record("course.published", "course", course.id, {"revision": course.revision})
    return CourseId(course.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireCourseInput:
    """Which course is offered no more."""

    id: Annotated[CourseId, Doc("Which course.")]
    idempotency_key: Annotated[str, KEY]


async def retire_course(write: Write, wish: RetireCourseInput) -> CourseId:
    """Take a course off for good, and off every marketplace's shelf. What it was stays to be looked up.

    No run can come meanwhile: whoever plans one waits for the course.

    Raises:
        Refused: with a CourseRefusal; nothing was written.
    """
    course = await own_course(write, wish.id)
    runs = (await write.session.scalars(select(Run.state).where(Run.course_id == course.id))).all()
    if refusal := refuse_retirement(course.state, tuple(runs)):
        if refusal is CourseRefusal.RUNS_NOT_OVER:
            raise Refused(refusal, "id", runs=sum(run not in OVER for run in runs))
        raise refused(refusal, course, Step.RETIRE)

    course.state = PublicationState.RETIRED
    shelves = await write.session.scalars(
        update(Listing)
        .where(Listing.course_id == course.id, Listing.state == PublicationState.PUBLISHED)
        .values(state=PublicationState.RETIRED)
        .returning(Listing.id)
    )
    write.record("course.retired", "course", course.id, {"revision": course.revision})
    for listing in shelves:
        write.emit("listing.retired", "listing", listing, {"course_id": course.id})
    return CourseId(course.id)
