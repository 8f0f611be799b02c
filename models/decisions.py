"""Decisions of the programme office on courses. Rows are only ever added; triggers hold ``course_decisions_kept``.

Who decided stands in the audit: partners learn what and why.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Choice, UUIDKey, choice, only
from models.courses import Course
from rules.decisions import Decision, DecisionReason

REASONS = ", ".join(f"'{reason.value}'" for reason in DecisionReason)


class CourseDecision(Base):
    """What was decided on one revision of a course, and why."""

    __tablename__ = "course_decisions"
    __table_args__ = (
        only("course_decisions", "decision", Decision),
        CheckConstraint(f"reasons <@ ARRAY[{REASONS}]", name="course_decisions_reasons_known"),
        CheckConstraint(
            "decision NOT IN ('CHANGES_REQUESTED', 'SUSPENDED') OR cardinality(reasons) > 0",
            name="course_decisions_no_has_reason",
        ),
        Index("course_decisions_by_course", "course_id", "id"),
    )

    id: Mapped[UUIDKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", name="course_decisions_course_fk"))
    decision: Mapped[Decision] = choice(Decision)
    reasons: Mapped[list[DecisionReason]] = mapped_column(ARRAY(Choice(DecisionReason)))
    note: Mapped[str | None]
    revision: Mapped[int]
    decided_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    course: Mapped[Course] = relationship(lazy="raise")
