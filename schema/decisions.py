"""Decisions on courses as institutions and the programme office see them, and the mutations that decide."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.enums import describe
from engine.graph import Row
from engine.sources import column, mutation
from models import tables as rows
from resolvers import decisions as do
from rules.access import Scope
from rules.decisions import Decision, DecisionReason, DecisionRefusal
from schema.writes import UserError, Written, describe_refusals, showing

if TYPE_CHECKING:
    from schema.courses import Course

describe(
    Decision,
    "What the programme office decided on a course.",
    APPROVED="The institution may put it on offer.",
    CHANGES_REQUESTED="The institution shall change it and send it again.",
    SUSPENDED="It is taken off for now.",
    REINSTATED="It is on offer again.",
)
describe(
    DecisionReason,
    "Why it was decided so.",
    CONTENT_INCOMPLETE="Something lacks in what the course says of itself.",
    CONTENT_POOR="A learner would gain too little.",
    FREE_ELSEWHERE="The same is given for nothing elsewhere.",
    PRICE_TOO_HIGH="It costs more than it is worth, or more than the public pays.",
    CONFLICT_OF_INTEREST="Who sells it belongs to who teaches it.",
    WRONG_CATEGORY="It stands on the wrong shelf.",
    COMPLAINTS="Participants complained.",
    FRAUD_SUSPECTED="There are signs of fraud, which are being looked into.",
    OTHER="The note tells.",
)
describe_refusals(DecisionRefusal, "Why an officer may not decide this.")


@strawberry.type(description="What was decided on a course, and why. Its institution and the programme office read it.")
class CourseDecision(Row, table=rows.CourseDecision, visible=do.decisions_visible, scopes=(Scope.COURSES_READ,)):
    """A decision."""

    decision: Decision = column(rows.CourseDecision.decision, description="What was decided.")
    reasons: list[DecisionReason] = column(rows.CourseDecision.reasons, description="Why; a no has at least one.")
    note: str | None = column(rows.CourseDecision.note, description="More in words, in Indonesian.")
    revision: int = column(rows.CourseDecision.revision, description="The revision of the course that was read.")
    decided_at: datetime = column(rows.CourseDecision.decided_at, description="When.")


@strawberry.type(description="Why it was not decided.")
class DecisionError(UserError):
    """A refusal to decide."""

    code: DecisionRefusal = strawberry.field(description="The word to decide by.")


@strawberry.interface(description="The course as it is now, or `errors` that say why it was not decided on.")
class DecisionPayload:
    """What a decision comes to."""

    course: Annotated["Course", strawberry.lazy("schema.courses")] | None = strawberry.field(
        description="The course; null when `errors` say something."
    )
    errors: list[DecisionError] = strawberry.field(description="Why not; empty when it was decided.")


@strawberry.type(description="What approving came to.")
class ApproveCoursePayload(DecisionPayload):
    """An approval."""


@strawberry.type(description="What asking for changes came to.")
class RequestCourseChangesPayload(DecisionPayload):
    """A request for changes."""


@strawberry.type(description="What suspending came to.")
class SuspendCoursePayload(DecisionPayload):
    """A suspension."""


@strawberry.type(description="What reinstating came to.")
class ReinstateCoursePayload(DecisionPayload):
    """A reinstatement."""


DECIDED = Written(DecisionRefusal, showing("Course"))


@strawberry.type
class DecisionMutations:
    """What officers decide."""

    approve_course: ApproveCoursePayload | None = mutation(
        DECIDED.by(do.approve_course),
        scopes=(Scope.COURSES_REVIEW,),
        description="Approve a submitted course: its institution may put it on offer.",
    )
    request_course_changes: RequestCourseChangesPayload | None = mutation(
        DECIDED.by(do.request_course_changes),
        scopes=(Scope.COURSES_REVIEW,),
        description="Give a submitted course back to its institution to be changed.",
    )
    suspend_course: SuspendCoursePayload | None = mutation(
        DECIDED.by(do.suspend_course),
        scopes=(Scope.COURSES_REVIEW,),
        description="Take a course on offer off for now: nothing of it is sold meanwhile.",
    )
    reinstate_course: ReinstateCoursePayload | None = mutation(
        DECIDED.by(do.reinstate_course),
        scopes=(Scope.COURSES_REVIEW,),
        description="Put a suspended course on offer again.",
    )
