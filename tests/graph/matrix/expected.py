"""Who may see what, said a second time in plain Python: what the graph answers is held against this.

A type that is not named here fails the matrix until somebody has decided who may see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rules.access import PARTNERS, Role, Viewer

EVER_PUBLIC = frozenset({"PUBLISHED", "SUSPENDED", "RETIRED"})
ON_SALE = frozenset({"OPEN_FOR_SALE", "FULL", "RUNNING", "FINISHED"})

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """All rows of the database, by table and key."""

    rows: Mapping[str, Mapping[UUID, Row]]

    def of(self, table: str, key: Any) -> Row:
        """Return one row."""
        return self.rows[table][key]


Sees = Callable[[Viewer, Row, World], bool]


def everybody(_viewer: Viewer, _row: Row, _world: World) -> bool:
    return True


def once_public(_viewer: Viewer, row: Row, _world: World) -> bool:
    return row["state"] in EVER_PUBLIC


def is_staff(viewer: Viewer) -> bool:
    return viewer.role in {Role.OFFICER, Role.AUDITOR}


def teaches(viewer: Viewer, course: Row) -> bool:
    """Whether the viewer's institution wrote the course, and wrote it as this viewer writes: on trial or not."""
    known = viewer.role is Role.INSTITUTION and viewer.party_id is not None
    return known and course["provider_id"] == viewer.party_id and course["sandbox"] is viewer.sandbox


def sells(viewer: Viewer, listing: Row) -> bool:
    known = viewer.role is Role.MARKETPLACE and viewer.party_id is not None
    return known and listing["marketplace_id"] == viewer.party_id and listing["sandbox"] is viewer.sandbox


def course(viewer: Viewer, row: Row, _world: World) -> bool:
    return row["state"] in EVER_PUBLIC or (is_staff(viewer) and not row["sandbox"]) or teaches(viewer, row)


def run(viewer: Viewer, row: Row, world: World) -> bool:
    of = world.of("courses", row["course_id"])
    public = row["state"] in ON_SALE or (row["state"] == "CANCELLED" and of["state"] in EVER_PUBLIC)
    return public or (is_staff(viewer) and not of["sandbox"]) or teaches(viewer, of)


def listing(viewer: Viewer, row: Row, world: World) -> bool:
    if row["state"] == "PUBLISHED" or (is_staff(viewer) and not row["sandbox"]) or sells(viewer, row):
        return True
    of = world.of("courses", row["course_id"])
    return not row["sandbox"] and viewer.role is Role.INSTITUTION and of["provider_id"] == viewer.party_id


def decision(viewer: Viewer, row: Row, world: World) -> bool:
    of = world.of("courses", row["course_id"])
    own = viewer.role is Role.INSTITUTION and viewer.party_id is not None and of["provider_id"] == viewer.party_id
    return is_staff(viewer) or own


def own_organisation(viewer: Viewer, row: Row, _world: World) -> bool:
    """Staff, and partners of the organisation that is named."""
    own = viewer.role in PARTNERS and viewer.organisation_id is not None
    return is_staff(viewer) or (own and row["organisation_id"] == viewer.organisation_id)


def client(viewer: Viewer, row: Row, world: World) -> bool:
    """Applications, and invitations to make some: who is on trial sees those on trial."""
    return own_organisation(viewer, row, world) and (is_staff(viewer) or row["sandbox"] or not viewer.sandbox)


def deed(viewer: Viewer, row: Row, world: World) -> bool:
    """What was done for an organisation; who is on trial sees what applications on trial did."""
    by = world.rows["clients"].get(row["client_id"], {"sandbox": False})
    return own_organisation(viewer, row, world) and (is_staff(viewer) or by["sandbox"] or not viewer.sandbox)


def of_client(viewer: Viewer, row: Row, world: World) -> bool:
    return client(viewer, world.of("clients", row["client_id"]), world)


def oneself(viewer: Viewer, row: Row, _world: World) -> bool:
    return viewer.person_id is not None and row["id"] == viewer.person_id


def own(viewer: Viewer, row: Row, _world: World) -> bool:
    return viewer.person_id is not None and row["person_id"] == viewer.person_id


def own_and_lasting(viewer: Viewer, row: Row, world: World) -> bool:
    return own(viewer, row, world) and row["ended_at"] is None and row["lasts"]


def asked_for_consent(viewer: Viewer, row: Row, world: World) -> bool:
    consents = world.rows["consents"].values()
    return any(own(viewer, consent, world) for consent in consents if consent["client_id"] == row["id"])


ROWS: Mapping[str, Sees] = {
    "Application": asked_for_consent,
    "AuditEvent": deed,
    "BrowserSession": own_and_lasting,
    "Category": everybody,
    "Client": client,
    "ClientKey": of_client,
    "ClientSecret": of_client,
    "Consent": own,
    "Course": course,
    "CourseDecision": decision,
    "Invitation": client,
    "Listing": listing,
    "Marketplace": once_public,
    "Organisation": everybody,
    "Payer": once_public,
    "Person": oneself,
    "Post": own,
    "Provider": once_public,
    "Rating": everybody,
    "Region": everybody,
    "RegionSuccession": everybody,
    "Run": run,
    "Session": everybody,
    "Shareholding": everybody,
}
"""Types that show rows of a table."""

PLAIN = frozenset(
    {
        "AuditDetail",
        "Bilingual",
        "Contact",
        "CourseRowResult",
        "Mutation",
        "PageInfo",
        "Query",
        "SandboxCase",
        "ScopeText",
        "Token",
        "_Service",
    }
)
"""Types that show no row by themselves. So do those that end with a word of ``MADE``."""
MADE = ("Connection", "Edge", "Payload", "Error")

THROUGH_PARENT = frozenset({"Course.provider", "Listing.marketplace"})
"""Edges by which somebody sees more than by an id: who sees the one knows the other anyway."""

OPEN = frozenset({everybody, once_public, course, run, listing, asked_for_consent})
"""Rules of types that need no scope: public ones, and what is reached from a type that needs one."""
