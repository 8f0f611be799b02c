"""Applications: who owns them, how they prove who they are, and what they may ask for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from models.people import NOW
from rules.access import Role
from rules.clients import AuthMethod, ClientKind, ClientState


class Client(Base):
    """An application that asks for tokens. The programme's own have neither organisation nor role."""

    __tablename__ = "clients"
    __table_args__ = (
        only("clients", "role", Role),
        only("clients", "kind", ClientKind),
        only("clients", "state", ClientState),
        only("clients", "auth_method", AuthMethod),
        CheckConstraint("role IN ('INSTITUTION', 'MARKETPLACE', 'PAYER')", name="clients_role_of_partner"),
        CheckConstraint("(organisation_id IS NULL) = (role IS NULL)", name="clients_role_with_organisation"),
        CheckConstraint("(kind = 'PUBLIC') = (auth_method = 'none')", name="clients_public_without_secret"),
        CheckConstraint("state <> CASE WHEN sandbox THEN 'LIVE' ELSE 'SANDBOX' END", name="clients_sandbox_fits_state"),
        # FAPI 2.0 Security Profile, section 5.3.2.1: confidential, by key, and every token bound to one.
        CheckConstraint(
            "NOT fapi2 OR (auth_method = 'private_key_jwt' AND dpop_required)", name="clients_fapi2_profile"
        ),
        UniqueConstraint("code", name="clients_code_unique"),
        Index("clients_by_organisation", "organisation_id", "id"),
        # People tell an organisation's applications apart by their names.
        Index(
            "clients_name_once",
            "organisation_id",
            "sandbox",
            "name",
            unique=True,
            postgresql_where=text("state <> 'REVOKED'"),
        ),
    )

    id: Mapped[UUIDKey]
    code: Mapped[str]
    """The ``client_id`` of OAuth."""
    name: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id", name="clients_organisation_fk"))
    role: Mapped[Role | None] = choice(Role)
    kind: Mapped[ClientKind] = choice(ClientKind)
    state: Mapped[ClientState] = choice(ClientState)
    sandbox: Mapped[bool] = mapped_column(Boolean)
    """Made for trials: stays one for ever, its secrets begin with ``bkl_test_`` and it touches test rows only."""
    auth_method: Mapped[AuthMethod] = choice(AuthMethod)
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dpop_required: Mapped[bool] = mapped_column(Boolean)
    fapi2: Mapped[bool] = mapped_column(Boolean)
    registration_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The registration access token by which the application manages itself (RFC 7592)."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    ended_at: Mapped[datetime | None]
    """Since when its tokens count no more: it was suspended or revoked."""
    last_used_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")


class ClientSecret(Base):
    """A secret of an application: two at most, so that one can follow the other without a gap."""

    __tablename__ = "client_secrets"
    __table_args__ = (
        CheckConstraint("slot IN (1, 2)", name="client_secrets_two_slots"),
        UniqueConstraint("client_id", "slot", name="client_secrets_slot_once"),
        UniqueConstraint("hash", name="client_secrets_hash_unique"),
    )

    id: Mapped[UUIDKey]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="client_secrets_client_fk"))
    slot: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str]
    """Its last four characters, by which people tell it from the other one."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship(lazy="raise")


class ClientKey(Base):
    """A public key of an application (JWK): two at most."""

    __tablename__ = "client_keys"
    __table_args__ = (
        CheckConstraint("slot IN (1, 2)", name="client_keys_two_slots"),
        UniqueConstraint("client_id", "slot", name="client_keys_slot_once"),
        UniqueConstraint("client_id", "kid", name="client_keys_kid_once"),
    )

    id: Mapped[UUIDKey]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="client_keys_client_fk"))
    slot: Mapped[int]
    kid: Mapped[str]
    jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_used_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship(lazy="raise")


class Invitation(Base):
    """Lets an organisation register one application (the initial access token of RFC 7591)."""

    __tablename__ = "invitations"
    __table_args__ = (
        only("invitations", "role", Role),
        CheckConstraint("role IN ('INSTITUTION', 'MARKETPLACE', 'PAYER')", name="invitations_role_of_partner"),
        UniqueConstraint("hash", name="invitations_hash_unique"),
        Index("invitations_by_organisation", "organisation_id", "id"),
    )

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id", name="invitations_organisation_fk"))
    role: Mapped[Role] = choice(Role)
    sandbox: Mapped[bool] = mapped_column(Boolean)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("clients.id", name="invitations_client_fk"))

    organisation: Mapped[Organisation] = relationship(lazy="raise")
    client: Mapped[Client | None] = relationship(lazy="raise")
