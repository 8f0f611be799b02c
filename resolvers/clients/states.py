"""The life of applications: the office lets them go live and suspends them; their organisations give them up."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from typing_extensions import Doc

from models.clients import Client
from models.endings import end_grants
from models.grants import Grant
from models.writes import Write
from resolvers.clients.locking import lock_client, make_room
from resolvers.clients.write import settings_of, settle
from rules.clients import CODE_BYTES, ClientRefusal, ClientState, GrantEnd, new_code, refuse_move, running
from rules.ids import ClientId
from rules.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInput:
    """An application, and the key of the deed."""

    client: Annotated[ClientId, Doc("Which application.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


async def approve_client(write: Write, wish: ClientInput) -> ClientId:
    """Make the live twin of an application on trial, which stays for trials, and return the twin.

    The twin has the same settings, a ``client_id`` of its own, and neither secrets nor keys yet: what opens test rows
    never opens live ones.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    trial = await lock_client(write, wish.client)
    if trial.state is not ClientState.SANDBOX or trial.organisation_id is None:
        raise Refused(ClientRefusal.WRONG_STATE, "client", state=trial.state.value)
    await make_room(write, trial.organisation_id)

    twin = Client(
        code=new_code(secrets.token_bytes(CODE_BYTES)),
        organisation_id=trial.organisation_id,
        role=trial.role,
        kind=trial.kind,
        state=ClientState.LIVE,
        sandbox=False,
        auth_method=trial.auth_method,
        dpop_required=trial.dpop_required,
        fapi2=trial.fapi2,
    )
    settle(twin, settings_of(trial))
    write.session.add(twin)
    await write.session.flush()
    write.record("client.approved", "client", twin.id, {"trial_id": trial.id}, concerns=twin.organisation_id)
    return ClientId(twin.id)


async def suspend_client(write: Write, wish: ClientInput) -> ClientId:
    """Stop an application within seconds, until it is resumed. What people granted it is kept.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    client = await lock_client(write, wish.client)
    _refuse(client, ClientState.SUSPENDED)
    client.state, client.ended_at = ClientState.SUSPENDED, write.now
    write.record("client.suspended", "client", client.id, concerns=client.organisation_id)
    return ClientId(client.id)


async def resume_client(write: Write, wish: ClientInput) -> ClientId:
    """Let a suspended application go on.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    client = await lock_client(write, wish.client)
    if client.state is not ClientState.SUSPENDED:
        raise Refused(ClientRefusal.WRONG_STATE, "client", state=client.state.value)
    client.state, client.ended_at = running(sandbox=client.sandbox), None
    write.record("client.resumed", "client", client.id, concerns=client.organisation_id)
    return ClientId(client.id)


async def revoke_client(write: Write, wish: ClientInput) -> ClientId:
    """Stop an application for ever, with all that people granted it.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    client = await lock_client(write, wish.client)
    _refuse(client, ClientState.REVOKED)
    client.state, client.ended_at = ClientState.REVOKED, write.now
    await write.session.flush()
    ended = await end_grants(write.session, GrantEnd.CLIENT_ENDED, write.now, Grant.client_id == client.id)
    write.record("client.revoked", "client", client.id, {"grants": len(ended)}, concerns=client.organisation_id)
    return ClientId(client.id)


def _refuse(client: Client, to: ClientState) -> None:
    if refusal := refuse_move(client.state, to):
        raise Refused(refusal, "client", state=client.state.value)
