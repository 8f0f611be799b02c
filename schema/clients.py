"""Applications as their organisations and the programme office see them."""

from datetime import datetime

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, listed, one, pages
from models import tables as rows
from resolvers.clients import reads as do
from rules.access import Role, Scope
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType
from schema.organisations import Organisation

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
