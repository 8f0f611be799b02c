"""Reads of applications: an organisation sees its own, the programme office all."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, and_, false, select
from typing_extensions import Doc

from models.base import among, belongs
from models.clients import Client, ClientKey, ClientSecret
from rules.access import PARTNERS, Viewer
from rules.clients import ClientState
from rules.ids import ClientId, OrganisationId

BY_SLOT = (ClientSecret.slot.asc(),)
BY_KEY_SLOT = (ClientKey.slot.asc(),)


class ClientOrder(Enum):
    """Orders of applications."""

    NEWEST = (Client.id.desc(),)
    NAME = (Client.name.asc(), Client.id.asc())


@dataclass(frozen=True, slots=True)
class ClientBy:
    """Names one application: by exactly one of its id and its `client_id`."""

    one_of = True

    id: Annotated[ClientId | None, Doc("The application's id in this graph.")] = None
    client_id: Annotated[str | None, Doc("The `client_id` by which it asks for tokens.")] = None


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """Narrows a list of applications; all that is given must hold."""

    organisation: Annotated[OrganisationId | None, Doc("Only applications of this organisation.")] = None
    states: Annotated[list[ClientState] | None, Doc("Only applications in one of these states.")] = None
    sandbox: Annotated[bool | None, Doc("Only applications on trial (true), or only others (false).")] = None


def clients_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which applications the viewer may see: a partner its own, and while on trial only those on trial."""
    if viewer.is_staff:
        return Client.id.is_not(None)
    if viewer.role not in PARTNERS:
        return false()
    own = belongs(Client.organisation_id, viewer.organisation_id)
    return and_(own, Client.sandbox.is_(True)) if viewer.sandbox else own


def secrets_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which secrets' descriptions the viewer may see: those of applications that it sees."""
    return select(Client.id).where(Client.id == ClientSecret.client_id, clients_visible(viewer)).exists()


def keys_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which keys the viewer may see: those of applications that it sees."""
    return select(Client.id).where(Client.id == ClientKey.client_id, clients_visible(viewer)).exists()


def client_by(viewer: Viewer, by: Annotated[ClientBy, Doc("Which application.")]) -> Select[Client]:
    """Return the application with this id or ``client_id``."""
    del viewer
    if by.id is not None:
        return select(Client).where(Client.id == by.id)
    return select(Client).where(Client.code == by.client_id)


def clients(
    viewer: Viewer,
    filter: Annotated[ClientFilter | None, Doc("Narrows the list.")] = None,  # noqa: A002 - the client's word
) -> Select[Client]:
    """Return the applications that the filter describes."""
    del viewer
    statement = select(Client)
    if filter is None:
        return statement
    if filter.organisation is not None:
        statement = statement.where(Client.organisation_id == filter.organisation)
    if filter.states is not None:
        statement = statement.where(among(Client.state, filter.states))
    if filter.sandbox is not None:
        statement = statement.where(Client.sandbox.is_(filter.sandbox))
    return statement


def secrets_of(viewer: Viewer) -> Select[ClientSecret]:
    """Return the secrets of an application."""
    del viewer
    return select(ClientSecret)


def keys_of(viewer: Viewer) -> Select[ClientKey]:
    """Return the keys of an application."""
    del viewer
    return select(ClientKey)
