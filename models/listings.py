"""Listings: a marketplace offers an institution's course for a commission."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.courses import NEVER_PUBLIC, Course
from models.marketplaces import Marketplace
from rules.links import Url
from rules.money import COMMISSION_CAP_BP
from rules.publication import PublicationState


class Listing(Base):
    """A course on a marketplace's shelf.

    Triggers here and on ownership hold ``listings_not_own_courses``, and one ``listings_of_public_course``.
    """

    __tablename__ = "listings"
    __table_args__ = (
        only("listings", "state", PublicationState),
        CheckConstraint(f"commission_bp BETWEEN 0 AND {COMMISSION_CAP_BP}", name="listings_commission_capped"),
        CheckConstraint(NEVER_PUBLIC, name="listings_sandbox_never_public"),
        Index("listings_once_per_marketplace", "course_id", "marketplace_id", "sandbox", unique=True),
        Index("listings_by_marketplace", "marketplace_id", "course_id"),
    )

    id: Mapped[UUIDKey]
    marketplace_id: Mapped[UUID] = mapped_column(ForeignKey("marketplaces.id", name="listings_marketplace_fk"))
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", name="listings_course_fk"))
    commission_bp: Mapped[int]
    url: Mapped[Url]
    state: Mapped[PublicationState] = choice(PublicationState)
    listed_at: Mapped[datetime]
    sandbox: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Offered by an application on trial."""

    marketplace: Mapped[Marketplace] = relationship(lazy="raise")
    course: Mapped[Course] = relationship(lazy="raise")
