"""Payment partners: banks and e-wallets that pay the incentives."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from rules.organisations import PayerKind
from rules.publication import PublicationState


class Payer(Base):
    """The payment-partner role of an organisation."""

    __tablename__ = "payers"
    __table_args__ = (
        only("payers", "kind", PayerKind),
        only("payers", "state", PublicationState),
        UniqueConstraint("organisation_id", name="payers_once_per_organisation"),
        UniqueConstraint("code", name="payers_code_unique"),
    )

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id", name="payers_organisation_fk"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[PayerKind] = choice(PayerKind)
    state: Mapped[PublicationState] = choice(PublicationState)

    organisation: Mapped[Organisation] = relationship(lazy="raise")
