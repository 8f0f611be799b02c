"""Courses of the catalogue. A trigger holds ``courses_stay_public``: nothing that was public is a draft again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Computed, ForeignKey, Index, Numeric, Sequence, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from models.base import Base, UUIDKey, choice, only
from models.categories import Category
from models.providers import Provider
from rules.courses import HOURS_MAX, CourseLevel, CourseMode, Education
from rules.money import Rupiah
from rules.publication import PublicationState

ON_SALE = text("state = 'PUBLISHED'")
NEVER_PUBLIC = "NOT sandbox OR state NOT IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')"
"""What an application on trial writes is never public, so that no statement for the public has to know of it."""

CODES = Sequence("course_codes", metadata=Base.metadata)
"""Numbers of the programme's codes for courses that come in by the graph."""
NEXT_CODE = "('K-'::text || lpad((nextval('course_codes'::regclass))::text, 7, '0'::text))"
"""As PostgreSQL prints it: migrations are compared by text, since each evaluation gives another code."""


class Course(Base):
    """A training that an institution offers."""

    __tablename__ = "courses"
    __table_args__ = (
        only("courses", "mode", CourseMode),
        only("courses", "level", CourseLevel),
        only("courses", "state", PublicationState),
        only("courses", "education_min", Education),
        CheckConstraint(f"hours BETWEEN 1 AND {HOURS_MAX}", name="courses_hours_range"),
        CheckConstraint("price > 0", name="courses_price_positive"),
        # Permenko 11/2020, article 29: never dearer for the programme than for the public.
        CheckConstraint("price <= outside_price", name="courses_price_at_most_outside"),
        CheckConstraint("age_min BETWEEN 15 AND age_max", name="courses_age_range"),
        CheckConstraint("rating_sum BETWEEN rating_count AND 5 * rating_count", name="courses_rating_figures"),
        CheckConstraint("participant_count >= 0", name="courses_participants_not_negative"),
        CheckConstraint("state <> 'PUBLISHED' OR published_at IS NOT NULL", name="courses_published_has_time"),
        CheckConstraint("revision > 0", name="courses_revision_positive"),
        CheckConstraint(NEVER_PUBLIC, name="courses_sandbox_never_public"),
        UniqueConstraint("code", name="courses_code_unique"),
        Index("courses_own_code_once_per_provider", "provider_id", "own_code", "sandbox", unique=True),
        Index("courses_by_provider", "provider_id", "sandbox", "id"),
        Index(
            "courses_to_review",
            text("coalesce(submitted_at, '9999-01-01 00:00:00+00:00')"),
            "id",
            postgresql_where=text("state = 'SUBMITTED'"),
        ),
        Index("courses_by_popularity", text("participant_count DESC"), text("id DESC"), postgresql_where=ON_SALE),
        Index("courses_by_rating", text("rating_average DESC"), text("id DESC"), postgresql_where=ON_SALE),
        Index("courses_by_price", "price", "id", postgresql_where=ON_SALE),
        Index(
            "courses_by_newness",
            text("coalesce(published_at, '9999-01-01 00:00:00+00:00') DESC"),  # an order has no NULL
            text("id DESC"),
            postgresql_where=ON_SALE,
        ),
        Index(
            "courses_by_category_and_rating",
            "category_id",
            text("rating_average DESC"),
            text("id DESC"),
            postgresql_where=ON_SALE,
        ),
        Index(
            "courses_by_category_and_popularity",
            "category_id",
            text("participant_count DESC"),
            text("id DESC"),
            postgresql_where=ON_SALE,
        ),
        Index(
            "courses_by_provider_and_popularity",
            "provider_id",
            text("participant_count DESC"),
            text("id DESC"),
            postgresql_where=ON_SALE,
        ),
    )

    id: Mapped[UUIDKey]
    code: Mapped[str] = mapped_column(server_default=text(NEXT_CODE))
    """The programme's."""
    own_code: Mapped[str | None]
    """The institution's."""
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("providers.id", name="courses_provider_fk"))
    category_id: Mapped[UUID] = mapped_column(ForeignKey("categories.id", name="courses_category_fk"))
    title: Mapped[str]
    summary: Mapped[str]
    description: Mapped[str]
    mode: Mapped[CourseMode] = choice(CourseMode)
    level: Mapped[CourseLevel] = choice(CourseLevel)
    hours: Mapped[int]
    price: Mapped[Rupiah]
    outside_price: Mapped[Rupiah]
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    age_min: Mapped[int]
    age_max: Mapped[int]
    education_min: Mapped[Education] = choice(Education)
    state: Mapped[PublicationState] = choice(PublicationState)
    published_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    """When it was last sent for review."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts edits: a decision names the one that was read."""
    sandbox: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Written by an application on trial."""
    participant_count: Mapped[int]
    rating_count: Mapped[int]
    rating_sum: Mapped[int]
    rating_average: Mapped[float] = mapped_column(
        Numeric(3, 2, asdecimal=False),
        Computed(
            "CASE WHEN rating_count = 0 THEN 0 ELSE round(rating_sum::numeric / rating_count, 2) END", persisted=True
        ),
    )

    provider: Mapped[Provider] = relationship(lazy="raise")
    category: Mapped[Category] = relationship(lazy="raise")
