"""Training institutions (lembaga pelatihan): they teach, and redeem vouchers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from models.regions import Region
from rules.organisations import ProviderType
from rules.publication import PublicationState


class Provider(Base):
    """The training-institution role of an organisation."""

    __tablename__ = "providers"
    __table_args__ = (
        only("providers", "type", ProviderType),
        only("providers", "state", PublicationState),
        CheckConstraint("state <> 'PUBLISHED' OR published_at IS NOT NULL", name="providers_published_has_time"),
        UniqueConstraint("organisation_id", name="providers_once_per_organisation"),
        UniqueConstraint("code", name="providers_code_unique"),
        Index("providers_by_name", "name", "id"),
        Index("providers_by_region", "region_id"),
    )

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id", name="providers_organisation_fk"))
    code: Mapped[str]
    name: Mapped[str]
    type: Mapped[ProviderType] = choice(ProviderType)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id", name="providers_region_fk"))
    about: Mapped[str]
    state: Mapped[PublicationState] = choice(PublicationState)
    published_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise")
    region: Mapped[Region] = relationship(lazy="raise")
