"""Runs: a course at its dates, with seats and a schedule.

Triggers hold ``runs_place_fits_mode`` (an OFFLINE course is taught in a region, a WEBINAR or SELF_PACED one in none)
and ``sessions_inside_run``; and ``runs_of_public_course``: only what was published is sold or taught.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.courses import Course
from models.regions import Region
from rules.runs import CancelReason, RunState


class Run(Base):
    """One time that a course is taught."""

    __tablename__ = "runs"
    __table_args__ = (
        only("runs", "state", RunState),
        only("runs", "cancel_reason", CancelReason),
        CheckConstraint("cancel_reason IS NULL OR state = 'CANCELLED'", name="runs_reason_when_cancelled"),
        CheckConstraint("ends_at > starts_at", name="runs_time_order"),
        CheckConstraint("seats > 0", name="runs_seats_positive"),
        CheckConstraint("seats_taken BETWEEN 0 AND seats", name="runs_seats_not_oversold"),
        CheckConstraint("(region_id IS NULL) = (venue IS NULL)", name="runs_venue_with_region"),
        UniqueConstraint("course_id", "code", name="runs_code_once_per_course"),
        Index("runs_by_course_and_start", "course_id", "starts_at", "id"),
        # Finds when a course is taught next without reading its past: the order SOONEST asks it of every course.
        Index("runs_upcoming", "course_id", "starts_at", postgresql_where=text("state IN ('OPEN_FOR_SALE', 'FULL')")),
        Index("runs_by_region", "region_id", "course_id"),
        Index("runs_to_advance", "ends_at", postgresql_where=text("state NOT IN ('FINISHED', 'CANCELLED')")),
    )

    id: Mapped[UUIDKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", name="runs_course_fk"))
    code: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id", name="runs_region_fk"))
    venue: Mapped[str | None]
    seats: Mapped[int]
    seats_taken: Mapped[int]
    state: Mapped[RunState] = choice(RunState)
    cancel_reason: Mapped[CancelReason | None] = choice(CancelReason)

    course: Mapped[Course] = relationship(lazy="raise")
    region: Mapped[Region | None] = relationship(lazy="raise")


class Session(Base):
    """One meeting of a run; ``position`` counts from 1."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="sessions_time_order"),
        CheckConstraint("position BETWEEN 1 AND 998", name="sessions_position_range"),
        UniqueConstraint("run_id", "position", name="sessions_position_once_per_run"),
    )

    id: Mapped[UUIDKey]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", name="sessions_run_fk"))
    position: Mapped[int]
    topic: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    run: Mapped[Run] = relationship(lazy="raise")
