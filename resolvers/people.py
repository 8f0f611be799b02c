"""People who sign in: what each may read of himself. Nobody reads of others here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import belongs
from models.people import Person, Post, Reached, reach
from models.sealing import KeyRing
from rules.access import Viewer
from rules.people import ContactKind

BY_AGE = (Post.id.asc(),)


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """How a person is reached, as far as it is shown: enough to know one's own by."""

    kind: ContactKind
    masked: str


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


async def reached(db: AsyncSession, ring: KeyRing, people: Sequence[UUID]) -> list[Reached | None]:
    """Return what is sealed about people, opened, in their order. There is one at most: oneself."""
    return [await reach(db, ring, person) for person in people]


def masked(person: Reached | None) -> list[MaskedContact]:
    """Return how a person is reached, most of it covered."""
    return [MaskedContact(each.kind, each.masked) for each in (person.contacts if person else ())]


def subjects_of(ring: KeyRing, viewer: Viewer, people: Sequence[Any]) -> list[str | None]:
    """Return the name of each person for the viewer's organisation: the ``sub`` of the tokens that it gets of him.

    Two organisations cannot tell by it that they speak of one person.
    """
    sector = str(viewer.organisation_id) if viewer.organisation_id else "bekal"
    return [None if person is None else ring.subject(person, sector) for person in people]
