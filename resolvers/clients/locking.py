"""What all writes of applications share: the rows that they lock, in this order: organisation, application."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select

from models.clients import Client
from models.organisations import Organisation
from models.writes import Write
from resolvers.clients.reads import clients_visible
from rules.clients import CLIENTS_MAX, ClientRefusal, ClientState, refuse_change
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


async def lock_own_client(write: Write, client_id: UUID) -> Client:
    """Return an application of the caller's own organisation that may still be changed, locked.

    The programme office sees every application, and ends what must end; but who can add a secret or say where answers
    go can speak as the organisation, so that is the organisation's alone.

    Raises:
        Refused: CLIENT_NOT_FOUND, NOT_A_PARTNER for the office, WRONG_STATE for what is revoked.
    """
    client = await lock_client(write, client_id)
    if write.viewer.organisation_id is None:
        raise Refused(ClientRefusal.NOT_A_PARTNER, "client")
    if refusal := refuse_change(client.state):
        raise Refused(refusal, "client", state=client.state.value)
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
