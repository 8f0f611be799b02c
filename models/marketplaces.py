"""Marketplaces (platform digital): they sell courses against the training balance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from rules.links import Url
from rules.publication import PublicationState


class Marketplace(Base):
    """The marketplace role of an organisation."""

    __tablename__ = "marketplaces"
    __table_args__ = (
        only("marketplaces", "state", PublicationState),
        CheckConstraint("state <> 'PUBLISHED' OR published_at IS NOT NULL", name="marketplaces_published_has_time"),
        UniqueConstraint("organisation_id", name="marketplaces_once_per_organisation"),
        UniqueConstraint("code", name="marketplaces_code_unique"),
        Index("marketplaces_by_name", "name", "id"),
    )

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id", name="marketplaces_organisation_fk"))
    code: Mapped[str]
    name: Mapped[str]
    website: Mapped[Url]
    state: Mapped[PublicationState] = choice(PublicationState)
    published_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise")
