"""People who sign in. What names or reaches them is sealed under their own key and found by keyed hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UUIDKey, choice, only
from models.organisations import Organisation
from models.sealing import DataKey, KeyRing, seal_for, unseal_for
from rules import contacts as rules
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


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who will be able to sign in."""

    contacts: tuple[rules.Contact, ...]
    """Proven to be the person's own: whoever reads messages there can set the password."""
    name: str | None = None
    locale: Locale = Locale.INDONESIAN
    password_hash: str | None = None
    posts: tuple[tuple[Role, UUID | None], ...] = ()
    """Roles, with the organisation for which a partner's person acts."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What is sealed about a person, opened."""

    person_id: UUID
    name: str | None
    contacts: tuple[rules.Contact, ...]
    locale: Locale


class ContactTakenError(Exception):
    """Somebody else is reached there. Leave the transaction: what was written in it is not whole."""


async def add_person(session: AsyncSession, keys: KeyRing, wish: NewPerson) -> UUID:
    """Add a person, sealed under a key of his own, and return his key.

    Raises:
        ContactTakenError: one of the contacts is another person's.
    """
    assert len({contact.kind for contact in wish.contacts}) == len(wish.contacts), "one contact of each kind"
    person_id, *contact_ids = await _new_keys(session, 1 + len(wish.contacts))
    key, sealed_key = keys.new_data_key(person_id)
    person = Person(
        id=person_id,
        name_sealed=sealed_name(key, person_id, wish.name),
        password_hash=wish.password_hash,
        locale=wish.locale,
        state=PersonState.ACTIVE,
    )
    session.add(person)
    await session.flush()
    session.add(PersonKey(person_id=person_id, version=keys.version, sealed=sealed_key))
    session.add_all(Post(person_id=person_id, role=role, organisation_id=place) for role, place in wish.posts)
    indexes: list[dict[str, bytes | UUID]] = []
    for contact_id, contact in zip(contact_ids, wish.contacts, strict=True):
        sealed = seal_for(key, contact.value, _contact_place(contact_id))
        session.add(
            Contact(id=contact_id, person_id=person_id, kind=contact.kind, sealed=sealed, confirmed_at=func.now())
        )
        indexes += [{"hash": each, "contact_id": contact_id} for each in contact_indexes(keys, contact)]
    await session.flush()
    if indexes:
        taken = insert(ContactIndex).values(indexes).on_conflict_do_nothing().returning(ContactIndex.hash)
        if len((await session.scalars(taken)).all()) < len(indexes):
            raise ContactTakenError
    return person_id


async def person_at(session: AsyncSession, keys: KeyRing, contact: rules.Contact) -> Person | None:
    """Return who is reached at ``contact``, blocked ones too; None when nobody is."""
    statement = (
        select(Person)
        .join(Contact, Contact.person_id == Person.id)
        .join(ContactIndex, ContactIndex.contact_id == Contact.id)
        .where(ContactIndex.hash.in_(contact_indexes(keys, contact)))
    )
    return (await session.scalars(statement)).one_or_none()


async def reach(session: AsyncSession, keys: KeyRing, person_id: UUID) -> Reached | None:
    """Return a person's name and contacts; None when his key, and with it all that, is gone."""
    statement = (
        select(Person, PersonKey.sealed, Contact)
        .join(PersonKey, PersonKey.person_id == Person.id)
        .outerjoin(Contact, Contact.person_id == Person.id)
        .where(Person.id == person_id)
        .order_by(Contact.kind)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return None
    person, sealed_key, _ = rows[0]
    key = keys.data_key(person_id, sealed_key)
    name = None if person.name_sealed is None else unseal_for(key, person.name_sealed, _name_place(person_id))
    held = (contact for _, _, contact in rows if contact is not None)  # pyright: ignore[reportUnnecessaryComparison]
    contacts = tuple(
        rules.Contact(contact.kind, unseal_for(key, contact.sealed, _contact_place(contact.id))) for contact in held
    )
    return Reached(person_id, name, contacts, person.locale)


def contact_indexes(keys: KeyRing, contact: rules.Contact) -> list[bytes]:
    """Return the keyed hashes by which a contact is found."""
    return keys.indexes(contact.value.encode(), contact.kind.value.lower())


def sealed_name(key: DataKey, person_id: UUID, name: str | None) -> bytes | None:
    """Return a name as it is stored."""
    return None if name is None else seal_for(key, name, _name_place(person_id))


def _name_place(person_id: UUID) -> str:
    return f"people.name:{person_id}"


def _contact_place(contact_id: UUID) -> str:
    return f"contacts.sealed:{contact_id}"


async def _new_keys(session: AsyncSession, count: int) -> Sequence[UUID]:
    """Return keys of rows to come: what is sealed is sealed for the row that it will be in."""
    return (await session.scalars(select(func.uuidv7()).select_from(func.generate_series(1, count)))).all()
