"""Decisions on courses, as all who make them write them down: an officer, and a trial's own code."""

from collections.abc import Iterable

from models.courses import Course
from models.decisions import CourseDecision
from models.writes import Write
from rules.decisions import STEPS, Decision, DecisionReason


def decide(
    write: Write, course: Course, decision: Decision, reasons: Iterable[DecisionReason], note: str | None = None
) -> None:
    """Bring a locked course to where ``decision`` leads, and keep what was decided on which revision, and why."""
    course.state = STEPS[decision].value.target
    write.session.add(
        CourseDecision(
            course_id=course.id,
            decision=decision,
            reasons=list(dict.fromkeys(reasons)),
            note=note,
            revision=course.revision,
        )
    )
    trial = {"sandbox": True} if course.sandbox else {}
    write.record(f"course.{decision.lower()}", "course", course.id, {"revision": course.revision, **trial})
