"""Courses are written: new ones as drafts, and what may still change of others."""

from dataclasses import dataclass
from typing import Annotated

from typing_extensions import Doc

from models.courses import Course
from models.writes import KEY, Write
from resolvers.courses.own import columns_of, content_of, institution_of, own_course
from rules.courses import CourseChanges, CourseContent, CourseRefusal, faults_of, refuse_edit
from rules.ids import CourseId
from rules.publication import WRITABLE, PublicationState
from rules.refusals import Refused, under

EDITABLE = ", ".join((*WRITABLE, PublicationState.PUBLISHED, PublicationState.SUSPENDED))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCourseInput:
    """A new draft."""

    course: Annotated[CourseContent, Doc("What it says.")]
    idempotency_key: Annotated[str, KEY]


async def create_course(write: Write, wish: CreateCourseInput) -> CourseId:
    """Write a draft, which only the institution and the programme office see.

    Raises:
        Refused: with all faults of the content; nothing was written.
    """
    if faults := under(("course",), faults_of(wish.course)):
        raise Refused.of(faults)
    course = Course(
        **columns_of(wish.course),
        provider_id=institution_of(write.viewer),
        sandbox=write.viewer.sandbox,
        state=PublicationState.DRAFT,
        confirmed_at=write.now,
        participant_count=0,
        rating_count=0,
        rating_sum=0,
    )
    write.session.add(course)
    await write.session.flush()
    write.record("course.created", "course", course.id, {"provider_id": course.provider_id})
    return CourseId(course.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCourseInput:
    """What shall be otherwise in a course."""

    id: Annotated[CourseId, Doc("Which course.")]
    changes: Annotated[CourseChanges, Doc("What shall be otherwise.")]
    revision: Annotated[
        int | None, Doc("The course's `revision` that you read; given, an edit by somebody else is not written over.")
    ] = None
    idempotency_key: Annotated[str, KEY]


async def edit_course(write: Write, wish: EditCourseInput) -> CourseId:
    """Change a course, and confirm all that stays.

    Raises:
        Refused: with a CourseRefusal; nothing was written.
    """
    course = await own_course(write, wish.id)
    before = content_of(course)
    after = wish.changes.of(before)
    if wish.revision not in (None, course.revision):
        raise Refused(CourseRefusal.EDITED_SINCE, "revision", revision=course.revision)
    if refusal := refuse_edit(course.state, before, after):
        raise Refused(refusal, "changes", state=course.state, possible=EDITABLE, price_max=before.price)
    if faults := under(("changes",), faults_of(after)):
        raise Refused.of(faults)

    for name, value in columns_of(after).items():
        setattr(course, name, value)
    course.confirmed_at = write.now
    course.revision += after != before
    write.record("course.edited", "course", course.id, {"revision": course.revision})
    return CourseId(course.id)
