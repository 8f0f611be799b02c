"""Legal entities and the ownership graph between them. Their roles are providers, marketplaces and payers."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.regions import Region
from rules.organisations import Ownership

if TYPE_CHECKING:
    from models.marketplaces import Marketplace
    from models.payers import Payer
    from models.providers import Provider


class Organisation(Base):
    """A legal entity that takes part in the programme."""

    __tablename__ = "organisations"
    __table_args__ = (
        only("organisations", "ownership", Ownership),
        Index("organisations_by_region", "region_id"),
    )

    id: Mapped[UUIDKey]
    legal_name: Mapped[str]
    ownership: Mapped[Ownership] = choice(Ownership)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id", name="organisations_region_fk"))

    region: Mapped[Region] = relationship(lazy="raise")
    provider: Mapped["Provider | None"] = relationship(lazy="raise", viewonly=True, uselist=False)
    marketplace: Mapped["Marketplace | None"] = relationship(lazy="raise", viewonly=True, uselist=False)
    payer: Mapped["Payer | None"] = relationship(lazy="raise", viewonly=True, uselist=False)


class Shareholding(Base):
    """A share that one organisation holds in another; the edges of the ownership graph.

    A trigger holds ``shareholdings_at_most_whole``: the shares in one organisation are 100 % or less.
    """

    __tablename__ = "shareholdings"
    __table_args__ = (
        CheckConstraint("owner_id <> owned_id", name="shareholdings_not_itself"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="shareholdings_share_range"),
        Index("shareholdings_by_owned", "owned_id"),
    )

    owner_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", name="shareholdings_owner_fk"), primary_key=True
    )
    owned_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id", name="shareholdings_owned_fk"), primary_key=True
    )
    share_bp: Mapped[int]

    owner: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[owner_id])
    owned: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[owned_id])
