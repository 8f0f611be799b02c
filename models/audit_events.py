"""The audit: who did what, when, and by which request. Rows are only ever added; triggers refuse all else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SyncSession

from models.base import Base, UUIDKey, choice, only
from models.leaving import Kind, leave
from rules.access import Role
from rules.callers import Caller


class AuditEvent(Base):
    """One deed. It names ids only, and refers to no row, so that it stays when what it names goes."""

    __tablename__ = "audit_events"
    __table_args__ = (
        only("audit_events", "role", Role),
        CheckConstraint("action ~ '^[a-z_]+[.][a-z_]+$'", name="audit_events_action_form"),
        Index("audit_events_by_person", "person_id", "id", postgresql_where=text("person_id IS NOT NULL")),
        Index(
            "audit_events_by_organisation",
            "organisation_id",
            "id",
            postgresql_where=text("organisation_id IS NOT NULL"),
        ),
        Index("audit_events_by_subject", "subject_id", "id", postgresql_where=text("subject_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[UUIDKey]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    action: Mapped[str]
    person_id: Mapped[UUID | None]
    """Who did it; None when an application or the programme itself did."""
    client_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    """For whom it was done, or whom it concerns when the office did it."""
    role: Mapped[Role | None] = choice(Role)
    subject_type: Mapped[str]
    subject_id: Mapped[UUID | None]
    details: Mapped[Mapping[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str | None]
    address: Mapped[str | None]
    """A network, /24 or /48."""


def note(
    session: AsyncSession | SyncSession,
    caller: Caller,
    action: str,
    subject_type: str,
    subject_id: UUID | None,
    details: Mapping[str, Any] | None = None,
    *,
    concerns: UUID | None = None,
) -> None:
    """Note that ``caller`` did ``action`` (``course.submitted``) to a subject, if the transaction commits.

    ``concerns`` is the organisation that may read of it, where that is not the caller's own: the office suspended its
    application. ``details`` holds what somebody needs who asks later what was done: no secrets and no personal data.
    """
    viewer = caller.viewer
    row = {
        "action": action,
        "person_id": viewer.person_id,
        "client_id": viewer.client_id,
        "organisation_id": concerns or viewer.organisation_id,
        "role": viewer.role,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "details": details or {},
        "request_id": caller.request_id,
        "address": caller.address,
    }
    leave(session, Kind.AUDIT, row)
