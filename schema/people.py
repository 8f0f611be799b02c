"""People as they see themselves."""

from datetime import datetime
from typing import Any

import strawberry

from engine.enums import describe
from engine.graph import Row
from engine.pages import Connection
from engine.sources import batched, column, edge, listed, one, pages
from models import tables as rows
from resolvers import browser_sessions as sessions_do
from resolvers import consents as consents_do
from resolvers import people as do
from rules.access import Role, Scope
from rules.people import ContactKind, Locale
from schema.browser_sessions import BrowserSession
from schema.consents import Consent
from schema.organisations import Organisation

describe(ContactKind, "How a message reaches a person.", EMAIL="An e-mail address.", PHONE="A phone number.")


async def _names(run: Any, keys: list[Any]) -> list[str | None]:
    async with run.services.database.read() as db:
        return [each and each.name for each in await do.reached(db, run.services.keys, keys)]


async def _contacts(run: Any, keys: list[Any]) -> list[Any]:
    async with run.services.database.read() as db:
        return [do.masked(each) for each in await do.reached(db, run.services.keys, keys)]


async def _subjects(run: Any, keys: list[Any]) -> list[str | None]:
    return do.subjects_of(run.services.keys, run.viewer, keys)


@strawberry.type(description="How a person is reached: shown in part, enough to know one's own by.")
class Contact:
    """A contact."""

    kind: ContactKind = strawberry.field(description="By which way.")
    masked: str = strawberry.field(description="The address or number, most of it covered.")


@strawberry.type(description="A role that a person holds besides being a participant.")
class Post(Row, table=rows.Post, visible=do.posts_visible, scopes=(Scope.PROFILE_READ,)):
    """A post."""

    role: Role = column(rows.Post.role, description="The role.")
    organisation: Organisation | None = edge(
        rows.Post.organisation, description="The organisation for which it is held; null for the programme office."
    )
    created_at: datetime = column(rows.Post.created_at, description="Since when.")


@strawberry.type(
    description="The person who asks. Without an id: what names a person differs from one organisation to another."
)
class Person(Row, table=rows.Person, visible=do.people_visible, scopes=(Scope.PROFILE_READ,)):
    """Oneself."""

    subject: str = batched(
        _subjects,
        rows.Person.id,
        description="The `sub` of the tokens that the caller's organisation gets of the person.",
    )
    name: str | None = batched(_names, rows.Person.id, description="The name, if it is known.")
    contacts: list[Contact] = batched(_contacts, rows.Person.id, description="How the person is reached.")
    locale: Locale = column(rows.Person.locale, description="The language of pages and messages.")
    posts: list[Post] = listed(
        do.posts_of, on=rows.Post.person_id, order=do.BY_AGE, description="The roles that the person may act in."
    )
    sessions: Connection[BrowserSession] = pages(
        sessions_do.sessions_of,
        on=rows.BrowserSession.person_id,
        orders=sessions_do.BrowserSessionOrder,
        description="Where the person is signed in now.",
    )
    consents: Connection[Consent] = pages(
        consents_do.consents_of,
        on=rows.Consent.person_id,
        orders=consents_do.ConsentOrder,
        description="What the person has allowed applications to do, withdrawn consents as well.",
    )


@strawberry.type
class PersonQueries:
    """Reads of oneself."""

    me: Person | None = one(
        do.me, description="The person for whom the token speaks; null when an application speaks for itself."
    )
