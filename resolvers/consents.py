"""Consents: what a person allowed applications to do. Seen and withdrawn by that person alone."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from sqlalchemy import ColumnElement, Select, func, select
from typing_extensions import Doc

from models.base import belongs
from models.clients import Client
from models.endings import end_grants
from models.grants import Consent, Grant
from models.writes import Write
from rules.access import Viewer
from rules.clients import GrantEnd
from rules.consents import ConsentRefusal
from rules.ids import ConsentId
from rules.refusals import Refused

LAST_USED = (
    select(func.max(Grant.last_used_at)).where(Grant.consent_id == Consent.id).correlate(Consent).scalar_subquery()
)
"""When a token was last given out under the consent, or NULL."""


SCOPES = func.array_to_string(Consent.scopes, " ")
"""What was allowed, as OAuth writes it: in one text."""


class ConsentOrder(Enum):
    """Orders of consents."""

    NEWEST = (Consent.id.desc(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawConsentInput:
    """A consent that shall hold no more."""

    consent: Annotated[ConsentId, Doc("Which consent.")]
    idempotency_key: Annotated[str, Doc("The same key with the same input is the same deed.")]


def consents_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which consents the viewer may see: those that he gave."""
    return belongs(Consent.person_id, viewer.person_id)


def applications_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which applications the viewer may know by name: those that he allowed something."""
    return (
        select(Consent.id).where(Consent.client_id == Client.id, belongs(Consent.person_id, viewer.person_id)).exists()
    )


def consents_of(viewer: Viewer) -> Select[Consent]:
    """Return the consents of a person, withdrawn ones as well."""
    del viewer
    return select(Consent)


async def withdraw_consent(write: Write, wish: WithdrawConsentInput) -> ConsentId:
    """Withdraw a consent, and end what was granted under it: within seconds its tokens count no more.

    Source: UU 27/2022, article 40. Withdrawing must be as easy as giving.

    Raises:
        Refused: CONSENT_NOT_FOUND, or ALREADY_WITHDRAWN; nothing was written.
    """
    mine = select(Consent).where(Consent.id == wish.consent, consents_visible(write.viewer))
    consent = await write.session.scalar(mine.with_for_update(key_share=True))
    if consent is None:
        raise Refused(ConsentRefusal.CONSENT_NOT_FOUND, "consent")
    if consent.withdrawn_at is not None:
        raise Refused(ConsentRefusal.ALREADY_WITHDRAWN, "consent")

    consent.withdrawn_at = write.now
    await write.session.flush()
    ended = await end_grants(write.session, GrantEnd.WITHDRAWN, write.now, Grant.consent_id == consent.id)
    organisation = await write.session.scalar(select(Client.organisation_id).where(Client.id == consent.client_id))
    facts = {"client_id": consent.client_id, "grants": list(ended)}
    write.record("consent.withdrawn", "consent", consent.id, facts, concerns=organisation)
    return ConsentId(consent.id)
