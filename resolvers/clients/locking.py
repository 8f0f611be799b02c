"""What all writes of applications share: the rows that they lock, in this order: organisation, application."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select

from models.clients import Client
from models.organisations import Organisation
from models.writes import Write
from resolvers.clients.reads import clients_visible
from rules.clients import CLIENTS_MAX, ClientRefusal, ClientState
from rules.refusals import Refusal, Refused

CONSTRAINTS: Mapping[str, Refusal] = {
    "clients_name_once": Refusal(ClientRefusal.NAME_TAKEN, ("name",)),
    "client_keys_kid_once": Refusal(ClientRefusal.KID_TAKEN, ("jwk",)),
}
"""Which refusal a broken constraint is."""


async def lock_client(write: Write, client_id: UUID) -> Client:
    """Return an application that the caller may see, locked.

    Raises:
        Refused: CLIENT_NOT_FOUND, for another organisation's as for what does not exist.
    """
    seen = select(Client).where(Client.id == client_id, clients_visible(write.viewer))
    client = await write.session.scalar(seen.with_for_update(key_share=True))
    if client is None:
        raise Refused(ClientRefusal.CLIENT_NOT_FOUND, "client")
    return client


async def make_room(write: Write, organisation_id: UUID) -> None:
    """See that an organisation may have one more application; those who want one wait for each other here.

    Raises:
        Refused: TOO_MANY_CLIENTS.
    """
    organisation = select(Organisation.id).where(Organisation.id == organisation_id)
    await write.session.execute(organisation.with_for_update(key_share=True))
    counted = select(func.count()).where(Client.organisation_id == organisation_id, Client.state != ClientState.REVOKED)
    if (await write.session.scalar(counted) or 0) >= CLIENTS_MAX:
        raise Refused(ClientRefusal.TOO_MANY_CLIENTS, clients_max=CLIENTS_MAX)
