"""Invitations: the office lets an organisation register an application. Seen by the office and that organisation."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Annotated
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, select
from typing_extensions import Doc

from models.base import belongs
from models.canonical import SHOWN_ONCE
from models.clients import Invitation
from models.marketplaces import Marketplace
from models.organisations import Organisation
from models.payers import Payer
from models.providers import Provider
from models.sealing import KeyRing
from models.writes import Write
from rules.access import PARTNERS, Role, Viewer
from rules.ids import InvitationId, OrganisationId
from rules.invitations import INVITATION_LIFE, INVITATIONS_MAX, InvitationRefusal
from rules.refusals import Refused
from rules.secrets import SECRET_BYTES, SecretKind, make_secret

PLAYED = {Role.INSTITUTION: Provider, Role.MARKETPLACE: Marketplace, Role.PAYER: Payer}
"""The table in which an organisation stands that plays a role."""


class InvitationOrder(Enum):
    """Orders of invitations."""

    NEWEST = (Invitation.id.desc(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteOrganisationInput:
    """Whom to invite, and to what."""

    organisation: Annotated[OrganisationId, Doc("Which organisation.")]
    role: Annotated[Role, Doc("The role in which its application acts: one that the organisation plays.")]
    sandbox: Annotated[bool, Doc("Whether the application is for trials, and touches test rows only.")] = True
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same invitation.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeInvitationInput:
    """An invitation that shall open nothing any more."""

    invitation: Annotated[InvitationId, Doc("Which invitation.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation, whose token nobody keeps: a replayed answer has None in its place."""

    invitation: InvitationId
    token: str | None = field(metadata=SHOWN_ONCE)


def invitations_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which invitations the viewer may see: a partner its own, and while on trial only those to trials."""
    if viewer.is_staff:
        return Invitation.id.is_not(None)
    if viewer.role not in PARTNERS:
        return false()
    own = belongs(Invitation.organisation_id, viewer.organisation_id)
    return and_(own, Invitation.sandbox.is_(True)) if viewer.sandbox else own


def invitations(viewer: Viewer) -> Select[Invitation]:
    """Return invitations, used and expired ones as well."""
    del viewer
    return select(Invitation)


@cache
def inviting_organisation(ring: KeyRing) -> Callable[[Write, InviteOrganisationInput], Awaitable[Invited]]:
    """Return the use case that invites, with tokens whose hashes are keyed by ``ring``."""

    async def invite_organisation(write: Write, wish: InviteOrganisationInput) -> Invited:
        """Let an organisation register one application.

        Raises:
            Refused: with an InvitationRefusal; nothing was written.
        """
        await _lock_organisation(write, wish.organisation)
        if not await _plays(write, wish.organisation, wish.role):
            raise Refused(InvitationRefusal.ROLE_NOT_PLAYED, "role", role=wish.role.value)
        counted = select(func.count()).where(
            Invitation.organisation_id == wish.organisation,
            Invitation.used_at.is_(None),
            Invitation.expires_at > write.now,
        )
        if (await write.session.scalar(counted) or 0) >= INVITATIONS_MAX:
            raise Refused(InvitationRefusal.TOO_MANY_INVITATIONS, "organisation", invitations_max=INVITATIONS_MAX)

        token = make_secret(SecretKind.INVITATION, secrets.token_bytes(SECRET_BYTES))
        invitation = Invitation(
            organisation_id=wish.organisation,
            role=wish.role,
            sandbox=wish.sandbox,
            hash=ring.hash(token.encode(), SecretKind.INVITATION.purpose),
            expires_at=write.now + INVITATION_LIFE,
        )
        write.session.add(invitation)
        await write.session.flush()
        facts = {"role": wish.role, "sandbox": wish.sandbox}
        write.record("organisation.invited", "invitation", invitation.id, facts, concerns=wish.organisation)
        return Invited(InvitationId(invitation.id), token)

    return invite_organisation


async def revoke_invitation(write: Write, wish: RevokeInvitationInput) -> InvitationId:
    """Take back an invitation that nobody has used.

    Raises:
        Refused: INVITATION_NOT_FOUND, or INVITATION_OVER when it was used or has expired.
    """
    seen = select(Invitation).where(Invitation.id == wish.invitation, invitations_visible(write.viewer))
    invitation = await write.session.scalar(seen.with_for_update(key_share=True))
    if invitation is None:
        raise Refused(InvitationRefusal.INVITATION_NOT_FOUND, "invitation")
    if invitation.used_at is not None or invitation.expires_at <= write.now:
        raise Refused(InvitationRefusal.INVITATION_OVER, "invitation")
    invitation.expires_at = write.now
    write.record("invitation.revoked", "invitation", invitation.id, concerns=invitation.organisation_id)
    return InvitationId(invitation.id)


async def _lock_organisation(write: Write, organisation_id: UUID) -> None:
    """Those who invite one organisation wait for each other here, so that open invitations are counted rightly."""
    organisation = select(Organisation.id).where(Organisation.id == organisation_id)
    if await write.session.scalar(organisation.with_for_update(key_share=True)) is None:
        raise Refused(InvitationRefusal.ORGANISATION_NOT_FOUND, "organisation")


async def _plays(write: Write, organisation_id: UUID, role: Role) -> bool:
    table = PLAYED.get(role)
    if table is None:
        return False
    return await write.session.scalar(select(table.id).where(table.organisation_id == organisation_id)) is not None
