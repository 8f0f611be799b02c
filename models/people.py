"""People who sign in. What names or reaches them is sealed under their own key and found by keyed hash."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from rules.access import Role
from rules.people import ContactKind, Locale, PersonState

NOW = text("now()")


class Person(Base):
    """A natural person with a way to sign in."""

    __tablename__ = "people"
    __table_args__ = (only("people", "state", PersonState), only("people", "locale", Locale))

    id: Mapped[UUIDKey]
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None]
    locale: Mapped[Locale] = choice(Locale)
    state: Mapped[PersonState] = choice(PersonState)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class PersonKey(Base):
    """The key under which one person's data is sealed, itself sealed under a version of the installation's key.

    A table of its own, so that it can be left out of long-lived dumps: without it, what is sealed is noise.
    """

    __tablename__ = "person_keys"
    __table_args__ = (CheckConstraint("version BETWEEN 1 AND 255", name="person_keys_version_range"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="person_keys_person_fk"), primary_key=True)
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Contact(Base):
    """An e-mail address or phone number of a person: one of each kind."""

    __tablename__ = "contacts"
    __table_args__ = (
        only("contacts", "kind", ContactKind),
        UniqueConstraint("person_id", "kind", name="contacts_one_of_a_kind"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="contacts_person_fk"))
    kind: Mapped[ContactKind] = choice(ContactKind)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")


class ContactIndex(Base):
    """Finds a contact by the keyed hash of its normal form; one row for each live version of the index key."""

    __tablename__ = "contact_indexes"
    __table_args__ = (
        CheckConstraint("length(hash) = 17", name="contact_indexes_hash_length"),
        Index("contact_indexes_by_contact", "contact_id"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", name="contact_indexes_contact_fk", ondelete="CASCADE")
    )


class Post(Base):
    """A role that a person holds besides being a participant: for an organisation, or in the programme office."""

    __tablename__ = "posts"
    __table_args__ = (
        only("posts", "role", Role),
        CheckConstraint("role <> 'PARTICIPANT'", name="posts_role_not_participant"),
        CheckConstraint(
            "(role IN ('OFFICER', 'AUDITOR')) = (organisation_id IS NULL)", name="posts_organisation_fits_role"
        ),
        UniqueConstraint("person_id", "role", "organisation_id", name="posts_once", postgresql_nulls_not_distinct=True),
        Index("posts_by_organisation", "organisation_id"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", name="posts_person_fk"))
    role: Mapped[Role] = choice(Role)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id", name="posts_organisation_fk"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    person: Mapped[Person] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
