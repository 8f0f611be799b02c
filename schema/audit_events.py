"""The audit as the programme office and partners see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import Ref, batched, column, pages
from models import tables as rows
from resolvers import audit_events as do
from resolvers import people as people_do
from rules.access import Role, Scope
from schema.clients import Client
from schema.organisations import Organisation

describe(do.AuditEventOrder, "How the audit is ordered.", NEWEST="The latest first.", OLDEST="The first one first.")


@strawberry.type(description="A fact of a deed.")
class AuditDetail:
    """A name and a value."""

    name: str = strawberry.field(description="What is told.")
    value: str = strawberry.field(description="What it is; lists and the like as JSON.")


@dataclass(frozen=True, slots=True)
class _Detail:
    name: str
    value: str


async def _details(_run: Any, keys: list[Any]) -> list[Any]:
    told = [orjson.loads(each) if isinstance(each, str) else each for each in keys]
    return [[_Detail(name, _plain(value)) for name, value in sorted(each.items())] for each in told]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def _people(run: Any, keys: list[Any]) -> list[str | None]:
    return people_do.subjects_of(run.services.keys, run.viewer, keys)


async def _addresses(run: Any, keys: list[Any]) -> list[str | None]:
    return [key if run.viewer.is_staff else None for key in keys]


async def _subjects(_run: Any, keys: list[Any]) -> list[Ref | None]:
    found = [do.shown_subject(*key) for key in keys]
    return [None if each is None else Ref(*each) for each in found]


async def _clients(_run: Any, keys: list[Any]) -> list[Ref | None]:
    return [None if key is None else Ref("Client", key) for key in keys]


async def _organisations(_run: Any, keys: list[Any]) -> list[Ref | None]:
    return [None if key is None else Ref("Organisation", key) for key in keys]


@strawberry.type(description="One deed, as the audit keeps it: nothing in it is ever changed or taken out.")
class AuditEvent(Node, table=rows.AuditEvent, visible=do.audit_visible, code="Au", scopes=(Scope.AUDIT_READ,)):
    """A row of the audit."""

    at: datetime = column(rows.AuditEvent.at, description="When it was done.")
    action: str = column(rows.AuditEvent.action, description="What was done, such as `client.suspended`.")
    role: Role | None = column(
        rows.AuditEvent.role,
        description="In which role; null when nobody was signed in, or the programme itself did it.",
    )
    person: str | None = batched(
        _people,
        rows.AuditEvent.person_id,
        description="Who did it, by the `sub` that the caller's organisation knows people by; null for applications.",
    )
    client: Client | None = batched(
        _clients, rows.AuditEvent.client_id, description="The application by which it was done, where it may be seen."
    )
    organisation: Organisation | None = batched(
        _organisations, rows.AuditEvent.organisation_id, description="For whom it was done, or whom it concerns."
    )
    subject_type: str = column(rows.AuditEvent.subject_type, description="What kind of thing it was done to.")
    subject: Node | None = batched(
        _subjects,
        rows.AuditEvent.subject_type,
        rows.AuditEvent.subject_id,
        description="What it was done to, where that is still there and may be seen.",
    )
    details: list[AuditDetail] = batched(_details, rows.AuditEvent.details, description="What more is known of it.")
    request_id: str | None = column(rows.AuditEvent.request_id, description="The request by which it was done.")
    address: str | None = batched(
        _addresses,
        rows.AuditEvent.address,
        description="The network that the request came from (/24 or /48); shown to the programme office only.",
    )


@strawberry.type
class AuditEventQueries:
    """Reads of the audit."""

    audit_events: Connection[AuditEvent] = pages(
        do.audit_events,
        orders=do.AuditEventOrder,
        description="The audit: for partners what concerns their organisation, for the programme office all.",
    )
