"""How applications prove who they are: two secrets or two keys, so that one can follow the other without a gap."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Annotated
from uuid import UUID

from sqlalchemy import delete, select
from typing_extensions import Doc

from models.canonical import SHOWN_ONCE
from models.clients import Client, ClientKey, ClientSecret
from models.sealing import KeyRing
from models.writes import Write
from resolvers.clients.locking import lock_client, lock_own_client
from resolvers.clients.reads import keys_visible, secrets_visible
from rules.client_keys import WeakKey, public_key
from rules.clients import OVERLAP_DAYS_MAX, AuthMethod, ClientRefusal, free_slot
from rules.ids import ClientId, ClientKeyId, ClientSecretId
from rules.refusals import Refused
from rules.secrets import SECRET_BYTES, SecretKind, hint_of, make_secret

BY_SECRET = (AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddClientSecretInput:
    """One more secret."""

    client: Annotated[ClientId, Doc("Which application.")]
    older_expire_in_days: Annotated[
        int | None, Doc(f"Let the other secret expire in so many days, 1 to {OVERLAP_DAYS_MAX}; null lets it stay.")
    ] = None
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same secret.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeClientSecretInput:
    """A secret that shall open nothing any more."""

    secret: Annotated[ClientSecretId, Doc("Which secret.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddClientKeyInput:
    """One more key."""

    client: Annotated[ClientId, Doc("Which application.")]
    jwk: Annotated[
        str,
        Doc("The public key as a JWK, in JSON, with a `kid`: EC P-256, Ed25519, or RSA of 2048 bits or more."),
    ]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeClientKeyInput:
    """A key that shall prove nothing any more."""

    key: Annotated[ClientKeyId, Doc("Which key.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


@dataclass(frozen=True, slots=True)
class AddedSecret:
    """A new secret, which nobody keeps: a replayed answer has None in its place."""

    client: ClientId
    secret_id: ClientSecretId
    secret: str | None = field(metadata=SHOWN_ONCE)


@dataclass(frozen=True, slots=True)
class AddedKey:
    """A new key."""

    client: ClientId
    key: ClientKeyId


@cache
def adding_client_secret(ring: KeyRing) -> Callable[[Write, AddClientSecretInput], Awaitable[AddedSecret]]:
    """Return the use case that makes secrets, whose hashes are keyed by ``ring``."""

    async def add_client_secret(write: Write, wish: AddClientSecretInput) -> AddedSecret:
        """Make a secret beside the one that there may be.

        Raises:
            Refused: with a ClientRefusal; nothing was written.
        """
        client = await lock_own_client(write, wish.client)
        if client.auth_method not in BY_SECRET:
            raise Refused(ClientRefusal.NO_USE_FOR_SECRETS, "client")
        days = wish.older_expire_in_days
        if days is not None and not 1 <= days <= OVERLAP_DAYS_MAX:
            raise Refused(ClientRefusal.OVERLAP_OUT_OF_RANGE, "olderExpireInDays", days_max=OVERLAP_DAYS_MAX)
        others = await _secrets_that_live(write, client)
        slot = free_slot([other.slot for other in others])
        if slot is None:
            raise Refused(ClientRefusal.TWO_SECRETS, "client")

        kind = SecretKind.of_client(sandbox=client.sandbox)
        secret = make_secret(kind, secrets.token_bytes(SECRET_BYTES))
        row = ClientSecret(
            client_id=client.id,
            slot=slot,
            hash=ring.hash(secret.encode(), kind.purpose),
            hint=hint_of(secret),
            created_at=write.now,
        )
        write.session.add(row)
        for other in others if days is not None else ():
            end = write.now + timedelta(days=days or 0)
            other.expires_at = min(other.expires_at or end, end)
        await write.session.flush()
        facts = {"secret_id": row.id, "hint": row.hint}
        write.record("client.secret_added", "client", client.id, facts, concerns=client.organisation_id)
        return AddedSecret(ClientId(client.id), ClientSecretId(row.id), secret)

    return add_client_secret


async def _secrets_that_live(write: Write, client: Client) -> list[ClientSecret]:
    """Return the secrets that are still good; what expired makes room."""
    mine = ClientSecret.client_id == client.id
    await write.session.execute(delete(ClientSecret).where(mine, ClientSecret.expires_at <= write.now))
    return list((await write.session.scalars(select(ClientSecret).where(mine).order_by(ClientSecret.slot))).all())


async def revoke_client_secret(write: Write, wish: RevokeClientSecretInput) -> ClientId:
    """Have a secret open nothing any more, from the next request for a token on.

    Raises:
        Refused: SECRET_NOT_FOUND.
    """
    owner = await write.session.scalar(
        select(ClientSecret.client_id).where(ClientSecret.id == wish.secret, secrets_visible(write.viewer))
    )
    client = await _lock_owner(write, owner, ClientRefusal.SECRET_NOT_FOUND, "secret")
    gone = delete(ClientSecret).where(ClientSecret.id == wish.secret).returning(ClientSecret.hint)
    hint = await write.session.scalar(gone)
    if hint is None:
        raise Refused(ClientRefusal.SECRET_NOT_FOUND, "secret")
    facts = {"secret_id": wish.secret, "hint": hint}
    write.record("client.secret_revoked", "client", client.id, facts, concerns=client.organisation_id)
    return ClientId(client.id)


async def add_client_key(write: Write, wish: AddClientKeyInput) -> AddedKey:
    """Take a public key beside the one that there may be.

    Raises:
        Refused: with a ClientRefusal; nothing was written.
    """
    client = await lock_own_client(write, wish.client)
    if client.auth_method is not AuthMethod.PRIVATE_KEY_JWT:
        raise Refused(ClientRefusal.NO_USE_FOR_KEYS, "client")
    jwk = public_key(wish.jwk)
    if isinstance(jwk, WeakKey):
        raise Refused(ClientRefusal(jwk.value), "jwk")
    mine = select(ClientKey).where(ClientKey.client_id == client.id)
    slot = free_slot([other.slot for other in await write.session.scalars(mine)])
    if slot is None:
        raise Refused(ClientRefusal.TWO_KEYS, "client")

    row = ClientKey(client_id=client.id, slot=slot, kid=jwk["kid"], jwk=jwk)
    write.session.add(row)
    await write.session.flush()
    facts = {"key_id": row.id, "kid": row.kid}
    write.record("client.key_added", "client", client.id, facts, concerns=client.organisation_id)
    return AddedKey(ClientId(client.id), ClientKeyId(row.id))


async def revoke_client_key(write: Write, wish: RevokeClientKeyInput) -> ClientId:
    """Have a key prove nothing any more, from the next request for a token on.

    Raises:
        Refused: KEY_NOT_FOUND.
    """
    owner = await write.session.scalar(
        select(ClientKey.client_id).where(ClientKey.id == wish.key, keys_visible(write.viewer))
    )
    client = await _lock_owner(write, owner, ClientRefusal.KEY_NOT_FOUND, "key")
    gone = delete(ClientKey).where(ClientKey.id == wish.key).returning(ClientKey.kid)
    kid = await write.session.scalar(gone)
    if kid is None:
        raise Refused(ClientRefusal.KEY_NOT_FOUND, "key")
    facts = {"key_id": wish.key, "kid": kid}
    write.record("client.key_revoked", "client", client.id, facts, concerns=client.organisation_id)
    return ClientId(client.id)


async def _lock_owner(write: Write, owner: UUID | None, missing: ClientRefusal, place: str) -> Client:
    if owner is None:
        raise Refused(missing, place)
    return await lock_client(write, owner)
