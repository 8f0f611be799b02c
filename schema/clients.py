"""Applications as their organisations and the programme office see them, and change them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from typing_extensions import Doc

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import Ref, column, edge, listed, mutation, one, pages
from models import tables as rows
from resolvers.clients import credentials, states, write
from resolvers.clients import reads as do
from resolvers.clients.locking import CONSTRAINTS
from rules.access import Role, Scope
from rules.clients import AuthMethod, ClientKind, ClientRefusal, ClientState, GrantType
from schema.organisations import Organisation
from schema.writes import UserError, Written, describe_refusals, showing

describe_refusals(ClientRefusal, "Why something was not done with an application.")

describe(do.ClientOrder, "How applications are ordered.", NEWEST="The latest first.", NAME="By name, A to Z.")
describe(
    ClientKind,
    "Whether an application can keep a secret.",
    PUBLIC="It cannot: it runs on people's devices.",
    CONFIDENTIAL="It can: it runs on a server.",
)
describe(
    ClientState,
    "The life of an application.",
    SANDBOX="It works on trial: it touches test rows only.",
    LIVE="It works.",
    SUSPENDED="The programme office stopped it for now.",
    REVOKED="It is stopped for ever.",
)
describe(
    AuthMethod,
    "How an application proves who it is where tokens are given out.",
    NONE="Not at all; it is public.",
    SECRET_BASIC="By a secret in the Authorization header (`client_secret_basic`).",  # noqa: S106 - a description
    SECRET_POST="By a secret in the form (`client_secret_post`).",  # noqa: S106 - a description
    PRIVATE_KEY_JWT="By a statement that it signs with its own key (`private_key_jwt`).",
)
describe(
    GrantType,
    "A way to a token.",
    AUTHORIZATION_CODE="A person signs in and consents.",
    REFRESH_TOKEN="A token is renewed without the person.",  # noqa: S106 - a description
    CLIENT_CREDENTIALS="The application speaks for itself.",
    TOKEN_EXCHANGE="A participant's token is exchanged for a narrower one (RFC 8693).",  # noqa: S106 - a description
    DEVICE_CODE="A person lets a device without a browser in (RFC 8628).",
)


@strawberry.type(description="A secret of an application. The secret itself was shown once, when it was made.")
class ClientSecret(Node, table=rows.ClientSecret, visible=do.secrets_visible, code="Cs", scopes=(Scope.CLIENTS_READ,)):
    """A secret, as far as it is known."""

    hint: str = column(rows.ClientSecret.hint, description="Its last four characters, to tell it from another.")
    created_at: datetime = column(rows.ClientSecret.created_at, description="When it was made.")
    expires_at: datetime | None = column(
        rows.ClientSecret.expires_at, description="Until when it works; null when it does until it is revoked."
    )
    last_used_at: datetime | None = column(
        rows.ClientSecret.last_used_at, description="When it last opened anything, to the minute."
    )


@strawberry.type(description="A public key of an application.")
class ClientKey(Node, table=rows.ClientKey, visible=do.keys_visible, code="Ck", scopes=(Scope.CLIENTS_READ,)):
    """A key."""

    kid: str = column(rows.ClientKey.kid, description="Its name, as the application gave it.")
    created_at: datetime = column(rows.ClientKey.created_at, description="When it was added.")
    last_used_at: datetime | None = column(
        rows.ClientKey.last_used_at, description="When it last proved anything, to the minute."
    )


@strawberry.type(description="An application that asks for tokens. Seen by its organisation and the programme office.")
class Client(Node, table=rows.Client, visible=do.clients_visible, code="Cl", scopes=(Scope.CLIENTS_READ,)):
    """An application."""

    client_id: str = column(rows.Client.code, description="The `client_id` by which it asks for tokens.")
    name: str = column(rows.Client.name, description="What people read when they are asked for consent.")
    organisation: Organisation | None = edge(
        rows.Client.organisation, description="Whose it is; null for the programme's own."
    )
    role: Role | None = column(rows.Client.role, description="The role in which it acts for its organisation.")
    kind: ClientKind = column(rows.Client.kind, description="Whether it can keep a secret.")
    state: ClientState = column(rows.Client.state, description="Whether it works.")
    sandbox: bool = column(rows.Client.sandbox, description="Whether it is for trials, for ever.")
    auth_method: AuthMethod = column(rows.Client.auth_method, description="How it proves who it is.")
    grant_types: list[GrantType] = column(  # pyright: ignore[reportAssignmentType] - stored as their words
        rows.Client.grant_types, description="The ways to a token that it goes."
    )
    scopes: list[str] = column(rows.Client.scopes, description="What it may ask for at most.")
    redirect_uris: list[str] = column(
        rows.Client.redirect_uris, description="Where browsers return to; compared character by character."
    )
    dpop_required: bool = column(
        rows.Client.dpop_required, description="Whether each of its tokens is bound to a key (RFC 9449)."
    )
    fapi2: bool = column(rows.Client.fapi2, description="Whether the FAPI 2.0 Security Profile holds for it.")
    created_at: datetime = column(rows.Client.created_at, description="When it was made.")
    ended_at: datetime | None = column(
        rows.Client.ended_at, description="Since when its tokens count no more: it is suspended or revoked."
    )
    last_used_at: datetime | None = column(
        rows.Client.last_used_at, description="When it last got a token, to the minute."
    )
    secrets: list[ClientSecret] = listed(
        do.secrets_of, on=rows.ClientSecret.client_id, order=do.BY_SLOT, at_most=2, description="Its secrets."
    )
    keys: list[ClientKey] = listed(
        do.keys_of, on=rows.ClientKey.client_id, order=do.BY_KEY_SLOT, at_most=2, description="Its public keys."
    )


@strawberry.type
class ClientQueries:
    """Reads of applications."""

    client: Client | None = one(do.client_by, description="One application; null when there is none to see.")
    clients: Connection[Client] = pages(
        do.clients,
        orders=do.ClientOrder,
        description="Applications: a partner's own, for the programme office all.",
    )


@strawberry.type(description="Why something was not done with an application.")
class ClientError(UserError):
    """A refusal."""

    code: ClientRefusal = strawberry.field(description="Why, for programs.")


@strawberry.type(description="Either `client`, or `errors` that say why not.")
class ClientPayload:
    """What was done with an application."""

    client: Client | None = strawberry.field(description="The application as it is now.")
    errors: list[ClientError] = strawberry.field(description="Why nothing was done; empty when it was.")


@strawberry.type(description="Either a new secret, or `errors` that say why not.")
class AddClientSecretPayload:
    """A new secret, shown once."""

    client: Client | None = strawberry.field(description="The application as it is now.")
    client_secret: ClientSecret | None = strawberry.field(description="What is kept of the secret.")
    secret: str | None = strawberry.field(
        description="The secret itself. It is shown once and not kept: when the same request is answered again, this "
        "is null. If the first answer was lost, revoke `clientSecret` and add another under a new key."
    )
    errors: list[ClientError] = strawberry.field(description="Why nothing was done; empty when it was.")


@strawberry.type(description="Either a new key, or `errors` that say why not.")
class AddClientKeyPayload:
    """A new key."""

    client: Client | None = strawberry.field(description="The application as it is now.")
    client_key: ClientKey | None = strawberry.field(description="The key.")
    errors: list[ClientError] = strawberry.field(description="Why nothing was done; empty when it was.")


def _show_secret(added: credentials.AddedSecret | None) -> Mapping[str, Any]:
    if added is None:
        return {"client": None, "client_secret": None, "secret": None}
    kept = Ref("ClientSecret", added.secret_id)
    return {"client": Ref("Client", added.client), "client_secret": kept, "secret": added.secret}


def _show_key(added: credentials.AddedKey | None) -> Mapping[str, Any]:
    if added is None:
        return {"client": None, "client_key": None}
    return {"client": Ref("Client", added.client), "client_key": Ref("ClientKey", added.key)}


_CLIENT = Written(ClientRefusal, showing("Client"), CONSTRAINTS)
_SECRET = Written(ClientRefusal, _show_secret)
_KEY = Written(ClientRefusal, _show_key, CONSTRAINTS)


async def add_client_secret(run: Any, input: Annotated[credentials.AddClientSecretInput, Doc("What for.")]) -> Any:  # noqa: A002 - the client's word
    """Run the use case with the installation's keys."""
    return await _SECRET.by(credentials.adding_client_secret(run.services.keys))(run, input)


@strawberry.type
class ClientMutations:
    """Writes of applications."""

    create_client: ClientPayload | None = mutation(
        _CLIENT.by(write.create_client),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Make an application on trial for the caller's organisation. It touches test rows only.",
    )
    edit_client: ClientPayload | None = mutation(
        _CLIENT.by(write.edit_client),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Change the name, redirect URIs, scopes or grant types of an application.",
    )
    add_client_secret: AddClientSecretPayload | None = mutation(
        add_client_secret,
        scopes=(Scope.CLIENTS_WRITE,),
        description="Make a secret beside the one that there may be, so that one can follow the other without a gap.",
    )
    revoke_client_secret: ClientPayload | None = mutation(
        _CLIENT.by(credentials.revoke_client_secret),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Have a secret open nothing any more.",
    )
    add_client_key: AddClientKeyPayload | None = mutation(
        _KEY.by(credentials.add_client_key),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Add a public key beside the one that there may be.",
    )
    revoke_client_key: ClientPayload | None = mutation(
        _CLIENT.by(credentials.revoke_client_key),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Have a key prove nothing any more.",
    )
    revoke_client: ClientPayload | None = mutation(
        _CLIENT.by(states.revoke_client),
        scopes=(Scope.CLIENTS_WRITE,),
        description="Stop an application for ever, with all that people granted it. Its tokens die within seconds.",
    )
    approve_client: ClientPayload | None = mutation(
        _CLIENT.by(states.approve_client),
        scopes=(Scope.CLIENTS_REVIEW,),
        description="Make the live twin of an application on trial, with the same settings and a `client_id` of its "
        "own; `client` is the twin. The one on trial stays.",
    )
    suspend_client: ClientPayload | None = mutation(
        _CLIENT.by(states.suspend_client),
        scopes=(Scope.CLIENTS_REVIEW,),
        description="Stop an application for now. Its tokens die within seconds; what people granted it is kept.",
    )
    resume_client: ClientPayload | None = mutation(
        _CLIENT.by(states.resume_client),
        scopes=(Scope.CLIENTS_REVIEW,),
        description="Let a suspended application go on.",
    )
