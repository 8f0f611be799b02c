"""Grants: what a person allowed an application, and the codes and tokens issued under it.

A token is good as long as its grant is: to end a family of tokens, one row is changed.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.clients import Client
from models.people import NOW, Person, Post
from models.sign_ins import BrowserSession
from rules.clients import DeviceState, GrantEnd
from rules.people import Locale


class Consent(Base):
    """The receipt of a person's consent. Nothing but its withdrawal is ever written to it again."""

    __tablename__ = "consents"
    __table_args__ = (
        only("consents", "locale", Locale),
        Index("consents_by_person", "person_id", "id"),
        Index("consents_by_client", "client_id"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="consents_person_fk"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="consents_client_fk"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    text_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the words that the person read."""
    locale: Mapped[Locale] = choice(Locale)
    given_at: Mapped[datetime] = mapped_column(server_default=NOW)
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")
    client: Mapped[Client] = relationship(lazy="raise")


class Grant(Base):
    """What one application may do for one person, until it ends."""

    __tablename__ = "grants"
    __table_args__ = (
        only("grants", "end_reason", GrantEnd),
        Index("grants_by_person", "person_id", "id"),
        Index("grants_by_client", "client_id"),
        Index("grants_by_consent", "consent_id"),
        Index("grants_by_session", "browser_session_id"),
        # Every process asks each second which grants ended lately.
        Index("grants_by_end", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="grants_person_fk"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="grants_client_fk"))
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id", name="grants_post_fk"))
    """The post in which the person acts; NULL as a participant."""
    consent_id: Mapped[UUID | None] = mapped_column(ForeignKey("consents.id", name="grants_consent_fk"))
    browser_session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("browser_sessions.id", name="grants_browser_session_fk")
    )
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    audience: Mapped[list[str]] = mapped_column(ARRAY(Text))
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    authenticated_at: Mapped[datetime]
    dpop_thumbprint: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_used_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[GrantEnd | None] = choice(GrantEnd)

    person: Mapped[Person] = relationship(lazy="raise")
    client: Mapped[Client] = relationship(lazy="raise")
    post: Mapped[Post | None] = relationship(lazy="raise")
    consent: Mapped[Consent | None] = relationship(lazy="raise")
    browser_session: Mapped[BrowserSession | None] = relationship(lazy="raise")


class AuthorizationCode(Base):
    """A code between the consent page and the token endpoint; it is spent once."""

    __tablename__ = "authorization_codes"
    __table_args__ = (Index("authorization_codes_by_expiry", "expires_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.id", name="authorization_codes_grant_fk"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="authorization_codes_client_fk"))
    redirect_uri: Mapped[str]
    challenge: Mapped[str]
    nonce: Mapped[str | None]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dpop_thumbprint: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token, by its hash. A public client's is spent once; a bound confidential client's is not rotated."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("refresh_tokens_by_grant", "grant_id"),
        Index("refresh_tokens_by_expiry", "expires_at"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.id", name="refresh_tokens_grant_fk"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="refresh_tokens_client_fk"))
    dpop_thumbprint: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    successor_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the client was answered, so that a lost answer can be given again within seconds to the same key."""


class PushedRequest(Base):
    """An authorization request that was sent ahead (RFC 9126); it is spent when the person approves."""

    __tablename__ = "pushed_requests"
    __table_args__ = (Index("pushed_requests_by_expiry", "expires_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="pushed_requests_client_fk"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    dpop_thumbprint: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class DeviceRequest(Base):
    """A device that waits for a person to let it in elsewhere (RFC 8628)."""

    __tablename__ = "device_requests"
    __table_args__ = (
        only("device_requests", "state", DeviceState),
        UniqueConstraint("user_code_hash", name="device_requests_user_code_unique"),
        Index("device_requests_by_expiry", "expires_at"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", name="device_requests_client_fk"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    audience: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dpop_thumbprint: Mapped[str | None]
    state: Mapped[DeviceState] = choice(DeviceState)
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grants.id", name="device_requests_grant_fk"))
    interval_s: Mapped[int]
    polled_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class SpentProof(Base):
    """A one-time proof that was shown: the id of a client assertion or of a DPoP proof, hashed with who showed it."""

    __tablename__ = "spent_proofs"
    __table_args__ = (Index("spent_proofs_by_expiry", "expires_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]


class SigningKey(Base):
    """A key that signs tokens. It is published before it signs, and until the last token that it signed is dead."""

    __tablename__ = "signing_keys"
    __table_args__ = (Index("signing_keys_by_start", "signs_from"),)

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    signs_from: Mapped[datetime]
    published_until: Mapped[datetime]
