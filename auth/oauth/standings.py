"""In which part a token speaks, and how well it is known who is behind it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.tables import Client, Marketplace, Payer, Post, Provider
from rules.access import Role
from rules.people import STRONG_METHODS

SINGLE: Final = "urn:bekal:acr:single"
MULTI: Final = "urn:bekal:acr:multi"
STRONG: Final = "urn:bekal:acr:strong"
"""One proof; two; two of which one cannot be had by taking over a mailbox or a phone number."""
LEVELS: Final = (SINGLE, MULTI, STRONG)

_PARTIES: Final = {Role.INSTITUTION: Provider, Role.MARKETPLACE: Marketplace, Role.PAYER: Payer}


@dataclass(frozen=True, slots=True)
class Standing:
    """A role, and whom it is held for."""

    role: Role | None = None
    organisation_id: UUID | None = None
    party_id: UUID | None = None


def standing_in_post(db: Session, post_id: UUID | None) -> Standing | None:
    """Return the standing of who acts in a post, or as a participant without one; None when the post is gone."""
    if post_id is None:
        return Standing(Role.PARTICIPANT)
    post = db.get(Post, post_id)
    return None if post is None else _standing(db, post.role, post.organisation_id)


def standing_of(db: Session, client: Client) -> Standing:
    """Return the standing of an application that speaks for itself."""
    return _standing(db, client.role, client.organisation_id)


def level_of(methods: Collection[str]) -> str:
    """Return how well it is known who signed in (``acr``)."""
    if len(methods) > 1:
        return STRONG if STRONG_METHODS & set(methods) else MULTI
    return SINGLE


def _standing(db: Session, role: Role | None, organisation_id: UUID | None) -> Standing:
    party = _PARTIES.get(role) if role else None
    if party is None or organisation_id is None:
        return Standing(role, organisation_id)
    party_id = db.scalar(select(party.id).where(party.organisation_id == organisation_id))
    return Standing(role, organisation_id, party_id)
