"""Signing in: attempts under way, sessions of browsers, second factors, and the counters that slow guessing down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.people import NOW, Person
from rules.people import Locale


class SignIn(Base):
    """A sign-in under way, found by the hash of a cookie: the password was right, another proof is to come."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("sign_ins_by_expiry", "expires_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="sign_ins_person_fk"))
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What has been proven so far, as ``rules.people.Method``."""
    return_to: Mapped[str]
    """The path on this server where the browser goes afterwards."""
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the next proof answers: the key of the code that was sent, or what a passkey must sign."""
    expires_at: Mapped[datetime]


class OneTimeCode(Base):
    """A code that was sent to a person. Its hash is keyed; it is spent, or tried too often, or expires."""

    __tablename__ = "one_time_codes"
    __table_args__ = (
        CheckConstraint("tries BETWEEN 0 AND 5", name="one_time_codes_tries_range"),
        Index("one_time_codes_by_person", "person_id", "sent_at"),
        Index("one_time_codes_by_contact", "contact_id"),
        Index("one_time_codes_by_expiry", "expires_at"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="one_time_codes_person_fk"))
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", name="one_time_codes_contact_fk", ondelete="CASCADE")
    )
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]


class PasswordLink(Base):
    """A link that lets whoever reads messages at a contact set a password, once. The person may not exist yet."""

    __tablename__ = "password_links"
    __table_args__ = (only("password_links", "locale", Locale), Index("password_links_by_expiry", "expires_at"))

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    contact_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    locale: Mapped[Locale] = choice(Locale)
    return_to: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """How often something was tried, by the keyed hash of what is counted: an account from a device, a phone number."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("attempts_by_expiry", "expires_at"),
        {"postgresql_with": {"fillfactor": 85}},
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    blocked_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class Device(Base):
    """A browser that a person has signed in with before: strangers' failures do not slow it down.

    Found by the hash of its cookie and the person, since several people may share a browser.
    """

    __tablename__ = "devices"
    __table_args__ = (Index("devices_by_person", "person_id"), Index("devices_by_age", "last_seen_at"))

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="devices_person_fk"))
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)


class BrowserSession(Base):
    """A browser in which a person is signed in, found by the hash of its cookie."""

    __tablename__ = "browser_sessions"
    __table_args__ = (
        UniqueConstraint("hash", name="browser_sessions_hash_unique"),
        Index("browser_sessions_by_person", "person_id", "created_at"),
        Index("browser_sessions_by_expiry", "expires_at"),
    )

    id: Mapped[UUIDKey]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="browser_sessions_person_fk"))
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    device: Mapped[str]
    """Browser and system in a few words, as the browser says."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    authenticated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")


class Passkey(Base):
    """A passkey (WebAuthn credential) of a member of staff."""

    __tablename__ = "passkeys"
    __table_args__ = (
        UniqueConstraint("credential_id", name="passkeys_credential_unique"),
        Index("passkeys_by_person", "person_id"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="passkeys_person_fk"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_used_at: Mapped[datetime | None]


class Authenticator(Base):
    """The authenticator application of a member of staff (TOTP, RFC 6238). No code counts twice: see ``last_step``."""

    __tablename__ = "authenticators"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="authenticators_person_fk"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    confirmed_at: Mapped[datetime | None]
