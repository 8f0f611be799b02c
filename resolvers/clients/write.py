"""Applications are made and changed by their organisations."""

import secrets
from dataclasses import dataclass, replace
from typing import Annotated

from typing_extensions import Doc

from models.clients import Client
from models.writes import Write
from resolvers.clients.locking import lock_own_client, make_room
from rules.access import PARTNERS
from rules.clients import (
    CODE_BYTES,
    AuthMethod,
    ClientRefusal,
    ClientSettings,
    ClientState,
    GrantType,
    faults_of,
    kind_of,
    new_code,
)
from rules.ids import ClientId
from rules.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateClientInput:
    """A new application on trial."""

    name: Annotated[str, Doc("What people read when they are asked for consent; unique in the organisation.")]
    redirect_uris: Annotated[list[str], Doc("Where browsers return to; compared character by character.")]
    scopes: Annotated[list[str], Doc("What it may ask for at most, as in `courses:read`.")]
    grant_types: Annotated[list[GrantType], Doc("The ways to a token that it goes.")]
    auth_method: Annotated[AuthMethod, Doc("How it proves who it is. This never changes.")]
    dpop_required: Annotated[bool, Doc("Whether each of its tokens is bound to a key. This never changes.")] = False
    fapi2: Annotated[bool, Doc("Whether the FAPI 2.0 Security Profile holds for it. This never changes.")] = False
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same application.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditClientInput:
    """What shall be otherwise. What is left out or null stays as it is."""

    client: Annotated[ClientId, Doc("Which application.")]
    name: Annotated[str | None, Doc("What people read when they are asked for consent.")] = None
    redirect_uris: Annotated[list[str] | None, Doc("Where browsers return to: the whole list.")] = None
    scopes: Annotated[list[str] | None, Doc("What it may ask for at most: the whole list.")] = None
    grant_types: Annotated[list[GrantType] | None, Doc("The ways to a token that it goes: the whole list.")] = None
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same change.")]


async def create_client(write: Write, wish: CreateClientInput) -> ClientId:
    """Make an application on trial, which touches test rows only. ``approve_client`` makes its live twin.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    role, organisation_id = write.viewer.role, write.viewer.organisation_id
    if role is None or role not in PARTNERS or organisation_id is None:
        raise Refused(ClientRefusal.NOT_A_PARTNER)
    settings = ClientSettings(wish.name, tuple(wish.redirect_uris), tuple(wish.scopes), tuple(wish.grant_types))
    if faults := list(faults_of(settings, role, kind_of(wish.auth_method))):
        raise Refused.of(faults)
    # FAPI 2.0 Security Profile, section 5.3.2.1: by key, and every token bound to one.
    if wish.fapi2 and not (wish.auth_method is AuthMethod.PRIVATE_KEY_JWT and wish.dpop_required):
        raise Refused(ClientRefusal.AUTH_METHOD_NOT_ALLOWED, "authMethod")
    await make_room(write, organisation_id)

    client = Client(
        code=new_code(secrets.token_bytes(CODE_BYTES)),
        organisation_id=organisation_id,
        role=role,
        kind=kind_of(wish.auth_method),
        state=ClientState.SANDBOX,
        sandbox=True,
        auth_method=wish.auth_method,
        dpop_required=wish.dpop_required,
        fapi2=wish.fapi2,
    )
    settle(client, settings)
    write.session.add(client)
    await write.session.flush()
    write.record("client.created", "client", client.id, {"sandbox": True}, concerns=organisation_id)
    return ClientId(client.id)


async def edit_client(write: Write, wish: EditClientInput) -> ClientId:
    """Change what an organisation may say of its application. Tokens keep what they have until they expire.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    client = await lock_own_client(write, wish.client)
    before = settings_of(client)
    given = {name: getattr(wish, name) for name in EDITABLE if getattr(wish, name) is not None}
    after = replace(before, **{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})  # pyright: ignore[reportUnknownArgumentType]
    if client.role is not None and (faults := list(faults_of(after, client.role, client.kind))):
        raise Refused.of(faults)

    settle(client, after)
    await write.session.flush()
    changed = sorted(name for name in EDITABLE if getattr(before, name) != getattr(after, name))
    write.record("client.edited", "client", client.id, {"changed": changed}, concerns=client.organisation_id)
    return ClientId(client.id)


EDITABLE = ("name", "redirect_uris", "scopes", "grant_types")


def settings_of(client: Client) -> ClientSettings:
    """Return what may be said of an application, as it stands."""
    return ClientSettings(
        client.name,
        tuple(client.redirect_uris),
        tuple(client.scopes),
        tuple(GrantType(each) for each in client.grant_types),
    )


def settle(client: Client, settings: ClientSettings) -> None:
    """Write down what was said of an application."""
    client.name = settings.name
    client.redirect_uris = list(settings.redirect_uris)
    client.scopes = list(settings.scopes)
    client.grant_types = [way.value for way in settings.grant_types]
