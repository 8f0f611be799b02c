"""Ratings: what participants say of a course. A trigger keeps the course's figures exact."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey
from models.courses import Course

STARS_MAX = 5


class Rating(Base):
    """One participant's stars and words; it names nobody."""

    __tablename__ = "ratings"
    __table_args__ = (
        CheckConstraint(f"stars BETWEEN 1 AND {STARS_MAX}", name="ratings_stars_range"),
        Index("ratings_by_course_newest", "course_id", text("rated_at DESC"), text("id DESC")),
        Index("ratings_by_course_best", "course_id", text("stars DESC"), text("id DESC")),
    )

    id: Mapped[UUIDKey]
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", name="ratings_course_fk"))
    stars: Mapped[int]
    comment: Mapped[str | None]
    rated_at: Mapped[datetime]

    course: Mapped[Course] = relationship(lazy="raise")
