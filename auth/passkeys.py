"""Passkeys (WebAuthn): a key that a browser holds for this server's name alone, so that it cannot be phished."""

from collections.abc import Sequence
from ipaddress import ip_address
from uuid import UUID

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auth.site import Site
from models.sign_ins import Passkey

CHALLENGE_BYTES = 32
PASSKEYS_MAX = 10
NAME = "Bekal"


def passkeys_work(site: Site) -> bool:
    """Whether browsers make passkeys for this server: its host has a name, and it is reached safely or is local."""
    try:
        ip_address(site.host)
    except ValueError:
        return site.is_secure or site.host == "localhost"
    return False


async def passkeys_of(db: AsyncSession, person_id: UUID) -> Sequence[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return (await db.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id))).all()


def creation_options(site: Site, person_id: UUID, account: str, held: Sequence[Passkey], challenge: bytes) -> str:
    """Return what the browser needs to make a passkey, as JSON."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=site.keys.hash(person_id.bytes, "passkey-user"),
        user_name=account,
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return options_to_json(options)


async def add_passkey(db: AsyncSession, site: Site, person_id: UUID, name: str, challenge: bytes, answer: str) -> bool:
    """Keep the passkey that a browser made; False when the answer proves none, or it is known already."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False  # what a browser sends is anybody's text
    kept = (
        insert(Passkey)
        .values(
            person_id=person_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
        )
        .on_conflict_do_nothing()
        .returning(Passkey.id)
    )
    return await db.scalar(kept) is not None


def request_options(site: Site, held: Sequence[Passkey], challenge: bytes) -> str:
    """Return what the browser needs to sign in with one of these passkeys, as JSON."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in held],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def spend_passkey(db: AsyncSession, site: Site, person_id: UUID, challenge: bytes, answer: str) -> bool:
    """Tell whether ``answer`` was signed for ``challenge`` by one of the person's passkeys, and note its use."""
    try:
        credential_id = base64url_to_bytes(orjson.loads(answer)["id"])
    except (ValueError, KeyError, TypeError):
        return False
    mine = select(Passkey).where(Passkey.person_id == person_id, Passkey.credential_id == credential_id)
    passkey = await db.scalar(mine.with_for_update())
    if passkey is None:
        return False
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    await db.execute(
        update(Passkey)
        .where(Passkey.id == passkey.id)
        .values(sign_count=verified.new_sign_count, last_used_at=func.now())
    )
    return True
