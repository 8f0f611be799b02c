"""What every write of an institution's courses begins with: whose they are, the course under lock, what it says."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.errors import Code, Rejected
from models.courses import Course
from models.writes import Write
from rules.access import Viewer
from rules.courses import CourseContent, CourseRefusal
from rules.ids import CategoryId, CourseId
from rules.publication import Step, sources_of
from rules.refusals import Refusal, Refused

BROKEN = {
    "courses_own_code_once_per_provider": Refusal(CourseRefusal.OWN_CODE_TAKEN, ("ownCode",)),
    "courses_category_fk": Refusal(CourseRefusal.CATEGORY_NOT_FOUND, ("category",)),
    "runs_place_fits_mode": Refusal(CourseRefusal.RUNS_NEED_MODE, ("mode",)),
}
"""What it means when the database refuses."""


def institution_of(viewer: Viewer) -> UUID:
    """Return the institution for which the viewer writes.

    Raises:
        Rejected: FORBIDDEN, for none.
    """
    if viewer.provider_id is None:
        raise Rejected(Code.FORBIDDEN, "Only a training institution writes courses. Sign in for one.")
    return viewer.provider_id


async def own_course(write: Write, key: CourseId) -> Course:
    """Return a course of the viewer's institution, and hold it until the end of the transaction.

    Raises:
        Refused: COURSE_NOT_FOUND, for another institution's course as for what does not exist.
    """
    statement = (
        select(Course)
        .options(joinedload(Course.provider))
        .where(
            Course.id == key,
            Course.provider_id == institution_of(write.viewer),
            Course.sandbox.is_(write.viewer.sandbox),
        )
        .with_for_update(of=Course, key_share=True)
    )
    course = await write.session.scalar(statement)
    if course is None:
        raise Refused(CourseRefusal.COURSE_NOT_FOUND, "id")
    return course


def refused(refusal: CourseRefusal, course: Course, step: Step) -> Refused:
    """Return the refusal to take ``step``, with what one must know to act."""
    return Refused(refusal, "id", state=course.state, possible=sources_of(step))


def content_of(course: Course) -> CourseContent:
    """Return what a course says."""
    return CourseContent(
        title=course.title,
        summary=course.summary,
        description=course.description,
        category=CategoryId(course.category_id),
        mode=course.mode,
        level=course.level,
        hours=course.hours,
        price=course.price,
        outside_price=course.outside_price,
        skills=course.skills,
        age_min=course.age_min,
        age_max=course.age_max,
        education_min=course.education_min,
        own_code=course.own_code,
    )


def columns_of(content: CourseContent) -> dict[str, object]:
    """Return the columns that hold what a course says."""
    columns: dict[str, object] = {name: getattr(content, name) for name in CourseContent.__slots__}
    columns["category_id"] = columns.pop("category")
    return columns
