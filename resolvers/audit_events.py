"""The audit: who did what. The programme office reads all of it, a partner what concerns its organisation."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, select
from typing_extensions import Doc

from models.audit_events import AuditEvent
from models.base import belongs
from models.clients import Client
from rules.access import PARTNERS, Role, Viewer
from rules.ids import ClientId, ConsentId, CourseId, InvitationId, ListingId, OrganisationId, RunId


class AuditEventOrder(Enum):
    """Orders of the audit. Keys rise with time."""

    NEWEST = (AuditEvent.id.desc(),)
    OLDEST = (AuditEvent.id.asc(),)


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """What something was done to: exactly one."""

    one_of = True

    client: Annotated[ClientId | None, Doc("An application.")] = None
    consent: Annotated[ConsentId | None, Doc("A consent.")] = None
    course: Annotated[CourseId | None, Doc("A course.")] = None
    invitation: Annotated[InvitationId | None, Doc("An invitation.")] = None
    listing: Annotated[ListingId | None, Doc("A listing.")] = None
    run: Annotated[RunId | None, Doc("A run.")] = None


@dataclass(frozen=True, slots=True)
class AuditEventFilter:
    """Narrows the audit; all that is given must hold."""

    action: Annotated[str | None, Doc("Only this deed, such as `client.suspended`.")] = None
    subject: Annotated[AuditSubject | None, Doc("Only what was done to this.")] = None
    client: Annotated[ClientId | None, Doc("Only what this application did.")] = None
    organisation: Annotated[OrganisationId | None, Doc("Only what concerns this organisation.")] = None
    role: Annotated[Role | None, Doc("Only what was done in this role.")] = None
    since: Annotated[datetime | None, Doc("Only what was done then or later.")] = None
    before: Annotated[datetime | None, Doc("Only what was done before.")] = None


def audit_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which rows of the audit the viewer may see: on trial, only what applications on trial did."""
    if viewer.is_staff:
        return AuditEvent.id.is_not(None)
    if viewer.role not in PARTNERS:
        return false()
    own = belongs(AuditEvent.organisation_id, viewer.organisation_id)
    if not viewer.sandbox:
        return own
    on_trial = select(Client.id).where(Client.id == AuditEvent.client_id, Client.sandbox.is_(True))
    return and_(own, on_trial.exists())


def audit_events(
    viewer: Viewer,
    filter: Annotated[AuditEventFilter | None, Doc("Narrows the list.")] = None,  # noqa: A002 - the client's word
) -> Select[AuditEvent]:
    """Return the rows of the audit that the filter describes."""
    del viewer
    statement = select(AuditEvent)
    if filter is None:
        return statement
    if filter.action is not None:
        statement = statement.where(AuditEvent.action == filter.action)
    if filter.subject is not None:
        statement = statement.where(AuditEvent.subject_id == _named(filter.subject))
    if filter.client is not None:
        statement = statement.where(AuditEvent.client_id == filter.client)
    if filter.organisation is not None:
        statement = statement.where(AuditEvent.organisation_id == filter.organisation)
    if filter.role is not None:
        statement = statement.where(AuditEvent.role == filter.role)
    if filter.since is not None:
        statement = statement.where(AuditEvent.at >= filter.since)
    if filter.before is not None:
        statement = statement.where(AuditEvent.at < filter.before)
    return statement


def _named(subject: AuditSubject) -> Any:
    """Return the one key that is given."""
    keys = (subject.client, subject.consent, subject.course, subject.invitation, subject.listing, subject.run)
    return next(key for key in keys if key is not None)


TYPES = {
    "client": "Client",
    "consent": "Consent",
    "course": "Course",
    "invitation": "Invitation",
    "listing": "Listing",
    "organisation": "Organisation",
    "run": "Run",
}
"""The graph's type of each kind of subject; of others only the word is shown."""


def shown_subject(kind: str, key: UUID | None) -> tuple[str, UUID] | None:
    """Return the type and the key of the object that a row is about, None for what the graph does not show."""
    type_ = TYPES.get(kind)
    return None if type_ is None or key is None else (type_, key)
