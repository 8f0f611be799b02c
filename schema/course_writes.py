"""What institutions write of their courses, one by one and many at once."""

from types import SimpleNamespace
from typing import Any

import strawberry

from engine.enums import describe
from engine.sources import Ref, mutation, several
from resolvers.courses import move, own, upsert, write
from rules.access import Scope
from rules.courses import ROWS_MAX, CourseRefusal
from schema.courses import Course
from schema.writes import UserError, Written, describe_refusals, showing, told

describe_refusals(CourseRefusal, "Why an institution may not do this with a course.")
describe(
    upsert.RowOutcome,
    "What came of a row.",
    CREATED="There is a new draft.",
    UPDATED="The course says this from now.",
    UNCHANGED="The course said this already; it is confirmed.",
    REFUSED="Nothing was written; `errors` tell why.",
)


@strawberry.type(description="Why a course was not written so.")
class CourseError(UserError):
    """A refusal of what an institution writes."""

    code: CourseRefusal = strawberry.field(description="The word to decide by.")


@strawberry.interface(description="The course as it is now, or `errors` that say why nothing was written.")
class CoursePayload:
    """What a write of a course comes to."""

    course: Course | None = strawberry.field(description="The course; null when `errors` say something.")
    errors: list[CourseError] = strawberry.field(description="Why not; empty when it was done.")


@strawberry.type(description="What writing a draft came to.")
class CreateCoursePayload(CoursePayload):
    """A draft."""


@strawberry.type(description="What editing came to.")
class EditCoursePayload(CoursePayload):
    """An edit."""


@strawberry.type(description="What submitting came to.")
class SubmitCoursePayload(CoursePayload):
    """A submission."""


@strawberry.type(description="What withdrawing came to.")
class WithdrawCoursePayload(CoursePayload):
    """A withdrawal."""


@strawberry.type(description="What publishing came to.")
class PublishCoursePayload(CoursePayload):
    """A publication."""


@strawberry.type(description="What retiring came to.")
class RetireCoursePayload(CoursePayload):
    """A retirement."""


@strawberry.type(description="What came of one row of a bulk write.")
class CourseRowResult:
    """A row's result."""

    outcome: upsert.RowOutcome = strawberry.field(description="What came of it; on a dry run, what would.")
    course: Course | None = strawberry.field(description="The course, when there is one now.")
    errors: list[CourseError] = several(description="Why it was refused; else empty.", at_most=5)


@strawberry.type(description="What came of each row, or `errors` that say why none was looked at.")
class UpsertCoursesPayload:
    """What a bulk write comes to."""

    results: list[CourseRowResult] = several(description="One for each row, in their order.", at_most=ROWS_MAX)
    errors: list[CourseError] = strawberry.field(description="Why no row was looked at; else empty.")


def _results(rows: tuple[upsert.RowResult, ...] | None) -> dict[str, Any]:
    results = [
        SimpleNamespace(
            outcome=row.outcome,
            course=row.course_id and Ref("Course", row.course_id),
            errors=told(CourseRefusal, row.refusals),
        )
        for row in rows or ()
    ]
    return {"results": results}


WRITTEN = Written(CourseRefusal, showing("Course"), own.BROKEN)


@strawberry.type
class CourseMutations:
    """What institutions write."""

    create_course: CreateCoursePayload | None = mutation(
        WRITTEN.by(write.create_course, place="course"),
        scopes=(Scope.COURSES_WRITE,),
        description="Write a draft, which only the institution and the programme office see.",
    )
    edit_course: EditCoursePayload | None = mutation(
        WRITTEN.by(write.edit_course, place="changes"),
        scopes=(Scope.COURSES_WRITE,),
        description="Change a course and confirm the rest. Once it was reviewed it only becomes cheaper.",
    )
    submit_course: SubmitCoursePayload | None = mutation(
        WRITTEN.by(move.submit_course),
        scopes=(Scope.COURSES_WRITE,),
        description="Send a draft, or what was changed as asked, to the programme office.",
    )
    withdraw_course: WithdrawCoursePayload | None = mutation(
        WRITTEN.by(move.withdraw_course),
        scopes=(Scope.COURSES_WRITE,),
        description="Take a course back from review, or from its approval, to write on.",
    )
    publish_course: PublishCoursePayload | None = mutation(
        WRITTEN.by(move.publish_course),
        scopes=(Scope.COURSES_WRITE,),
        description="Put an approved course on offer, for everybody to see.",
    )
    retire_course: RetireCoursePayload | None = mutation(
        WRITTEN.by(move.retire_course),
        scopes=(Scope.COURSES_WRITE,),
        description="Take a course off for good, and off every shelf. What it was can still be looked up.",
    )
    upsert_courses: UpsertCoursesPayload | None = mutation(
        Written(CourseRefusal, _results, own.BROKEN).by(upsert.upsert_courses, place="rows"),
        scopes=(Scope.COURSES_WRITE,),
        description="Write many courses at once, known by the institution's own codes. Good rows are written, each "
        "other one tells why it was not.",
    )
