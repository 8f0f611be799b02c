"""People who sign in: what each may read of himself. Nobody reads of others here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import belongs
from models.people import Contact, Person, PersonKey, Post
from models.sealing import KeyRing, unseal_for
from rules.access import Viewer
from rules.contacts import Contact as Written
from rules.people import ContactKind

BY_AGE = (Post.id.asc(),)


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """How a person is reached, as far as it is shown: enough to know one's own by."""

    kind: ContactKind
    masked: str
    confirmed: bool


def people_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which people the viewer may see: himself."""
    return belongs(Person.id, viewer.person_id)


def posts_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which posts the viewer may see: his own."""
    return belongs(Post.person_id, viewer.person_id)


def me(viewer: Viewer) -> Select[Person]:
    """Return the person for whom the viewer's token speaks; none when an application speaks for itself."""
    return select(Person).where(people_visible(viewer))


def posts_of(viewer: Viewer) -> Select[Post]:
    """Return the posts of a person."""
    del viewer
    return select(Post)


async def names_of(db: AsyncSession, ring: KeyRing, people: Sequence[UUID]) -> list[str | None]:
    """Return the names of people, unsealed, in their order; None where none is known."""
    wanted = select(Person.id, Person.name_sealed, PersonKey.sealed).join(PersonKey, PersonKey.person_id == Person.id)
    rows = (await db.execute(wanted.where(Person.id.in_(people), Person.name_sealed.is_not(None)))).tuples()
    names = {
        person: unseal_for(ring.data_key(person, key), name or b"", f"people.name:{person}")
        for person, name, key in rows
    }
    return [names.get(person) for person in people]


async def contacts_of(db: AsyncSession, ring: KeyRing, people: Sequence[UUID]) -> list[list[MaskedContact]]:
    """Return how people are reached, masked, in their order."""
    wanted = select(Contact, PersonKey.sealed).join(PersonKey, PersonKey.person_id == Contact.person_id)
    rows = (await db.execute(wanted.where(Contact.person_id.in_(people)).order_by(Contact.kind))).tuples().all()
    found: dict[UUID, list[MaskedContact]] = {}
    for contact, key in rows:
        plain = unseal_for(ring.data_key(contact.person_id, key), contact.sealed, f"contacts.sealed:{contact.id}")
        masked = MaskedContact(contact.kind, Written(contact.kind, plain).masked, contact.confirmed_at is not None)
        found.setdefault(contact.person_id, []).append(masked)
    return [found.get(person, []) for person in people]


def subjects_of(ring: KeyRing, viewer: Viewer, people: Sequence[Any]) -> list[str | None]:
    """Return the name of each person for the viewer's organisation: the ``sub`` of the tokens that it gets of him.

    Two organisations cannot tell by it that they speak of one person.
    """
    sector = str(viewer.organisation_id) if viewer.organisation_id else "bekal"
    return [None if person is None else ring.subject(person, sector) for person in people]
