"""All who may come, and the rows that they must not see."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from engine.graph import Graph
from rules.access import ANONYMOUS, Role, Scope, Viewer, allowed
from tests.graph import catalogue
from tests.graph.catalogue import DAWN, FUTURE, key
from tests.graph.matrix.expected import Row, World


def as_role(role: Role, **keys: Any) -> Viewer:
    """Return a viewer with all scopes of a role."""
    return Viewer(signed_in=True, role=role, scopes=allowed(role), **keys)


def partner(role: Role, organisation: int, party: UUID) -> Viewer:
    return as_role(
        role,
        organisation_id=key("organisations", organisation),
        party_id=party,
        client_id=UUID(int=0x7100 << 64 | organisation),
    )


PAYER = UUID(int=0x7200 << 64)

INSTITUTION = partner(Role.INSTITUTION, 3, key("providers", 1))
MARKETPLACE = partner(Role.MARKETPLACE, 1, key("marketplaces", 1))

CALLERS: dict[str, Viewer] = {
    "anonymous": ANONYMOUS,
    "participant": as_role(Role.PARTICIPANT, person_id=key("people", 1)),
    "another participant": as_role(Role.PARTICIPANT, person_id=key("people", 2)),
    "institution": INSTITUTION,
    "institution on trial": replace(INSTITUTION, sandbox=True),
    "another institution": partner(Role.INSTITUTION, 4, key("providers", 2)),
    "marketplace": MARKETPLACE,
    "marketplace on trial": replace(MARKETPLACE, sandbox=True),
    "another marketplace": partner(Role.MARKETPLACE, 2, key("marketplaces", 2)),
    "payer": partner(Role.PAYER, 5, PAYER),
    "officer": as_role(Role.OFFICER, person_id=UUID(int=0x7001 << 64)),
    "auditor": as_role(Role.AUDITOR, person_id=UUID(int=0x7002 << 64)),
    "institution without keys": as_role(Role.INSTITUTION),
    "marketplace without keys": as_role(Role.MARKETPLACE),
}
"""One of each kind that comes, and two whose tokens lack what should tell whom they act for."""

GREEDY = {name: replace(viewer, signed_in=True, scopes=frozenset(Scope)) for name, viewer in CALLERS.items()}
"""The same with tokens for everything: rows must be kept from them by the row rules alone."""


async def fill(url: str) -> None:
    """Make the tiny catalogue, and beside it one of each thing that somebody must not see."""
    await catalogue.make(url)
    connection: Any = await asyncpg.connect(url)
    try:
        await _fill(connection)
    finally:
        await connection.close()


async def _fill(connection: Any) -> None:
    # Nobody rated or sold what was never public: the catalogue's draft has ratings, to be counted.
    draft = key("courses", 12)
    await connection.execute("DELETE FROM ratings WHERE course_id = $1", draft)
    await connection.execute("DELETE FROM listings WHERE course_id = $1", draft)
    course = catalogue.rows()["courses"][0]
    kinds = [("DRAFT", False), ("SUBMITTED", False), ("APPROVED", False), ("DRAFT", True), ("APPROVED", True)]
    for number, (provider, (state, sandbox)) in enumerate((p, kind) for p in (1, 2) for kind in kinds):
        mine = {
            "id": key("courses", 100 + number),
            "code": f"RAHASIA-{number}",
            "provider_id": key("providers", provider),
        }
        row = course | mine | {"state": state, "published_at": None, "sandbox": sandbox}
        await catalogue.insert(connection, "courses", [row])
        await catalogue.insert(connection, "runs", [_run(100 + number, "SCHEDULED"), _run(200 + number, "CANCELLED")])
    for shop in (1, 2):
        offered = key("listings", 7 * 10 + shop)
        await connection.execute("UPDATE listings SET state = 'RETIRED' WHERE id = $1", offered)
        ids = {"id": key("listings", 5000 + shop), "marketplace_id": key("marketplaces", shop)}
        trial = {"course_id": key("courses", 7), "state": "APPROVED", "sandbox": True}
        await catalogue.insert(connection, "listings", [catalogue.rows()["listings"][0] | ids | trial])
    await connection.execute(
        "INSERT INTO course_decisions (course_id, decision, reasons, revision) "
        "SELECT id, 'APPROVED', '{}', 1 FROM courses WHERE code LIKE 'RAHASIA-%' OR code = 'KELAS-1'"
    )
    school = {"type": "LPK", "about": "Rahasia.", "region_id": key("regions", 3)}
    for table, organisation, more in (
        ("providers", 1, school),
        ("marketplaces", 5, {"website": "https://rahasia.example/"}),
        ("payers", 6, {"kind": "BANK"}),
    ):
        hidden = {"code": "RAHASIA", "name": "Rahasia", "state": "DRAFT", **more}
        await catalogue.insert(connection, table, [{"organisation_id": key("organisations", organisation), **hidden}])
    bank = {"id": PAYER, "organisation_id": key("organisations", 5), "code": "BAYAR", "name": "Bayar"}
    await catalogue.insert(connection, "payers", [bank | {"kind": "BANK", "state": "PUBLISHED"}])
    await connection.execute("INSERT INTO posts (person_id, role) SELECT id, 'AUDITOR' FROM people")
    await _applications(connection)


def _run(number: int, state: str) -> dict[str, Any]:
    row = next(run for run in catalogue.rows()["runs"] if run["region_id"] is None)
    course = key("courses", 100 + number % 100)
    return row | {"id": key("runs", 5000 + number), "course_id": course, "code": f"R-{number}", "state": state}


async def _applications(connection: Any) -> None:
    """Live applications and one of the programme's own, with secrets and keys; deeds of everybody; ended sessions."""
    for number, organisation in enumerate((1, 2, 3, None)):
        values = {
            "id": key("clients", 500 + number), "code": f"app-live-{number}", "name": f"Hidup {number}",
            "organisation_id": organisation and key("organisations", organisation),
            "role": organisation and ("INSTITUTION" if organisation == 3 else "MARKETPLACE"),
            "kind": "CONFIDENTIAL", "state": "LIVE", "sandbox": False, "auth_method": "client_secret_basic",
            "grant_types": ["client_credentials"], "scopes": [], "redirect_uris": [], "dpop_required": False,
            "fapi2": False,
        }  # fmt: skip
        await catalogue.insert(connection, "clients", [values])
    await connection.execute(
        "INSERT INTO client_secrets (client_id, slot, hash, hint) "
        "SELECT id, 1, sha256(code::bytea), 'abcd' FROM clients"
    )
    await connection.execute(
        "INSERT INTO client_keys (client_id, slot, kid, jwk) SELECT id, 1, 'kid', '{}' FROM clients"
    )
    await connection.execute(
        "INSERT INTO audit_events (action, organisation_id, role, subject_type, subject_id, details, address) "
        "SELECT 'client.suspended', organisation_id, 'OFFICER', 'client', id, '{}', '10.0.0.0/24' FROM clients"
    )
    await connection.execute(
        "INSERT INTO audit_events (action, organisation_id, role, client_id, subject_type, subject_id, details) "
        "SELECT 'client.edited', organisation_id, role, id, 'client', id, '{}' FROM clients"
    )
    await connection.execute(
        "INSERT INTO invitations (organisation_id, role, sandbox, hash, expires_at) "
        "SELECT organisation_id, role, false, sha256(hash), expires_at FROM invitations"
    )
    await connection.execute(
        "INSERT INTO browser_sessions (person_id, hash, methods, device, expires_at, ended_at) "
        "SELECT id, sha256(id::text::bytea), '{pwd}', 'Lama', $1, $2 FROM people",
        FUTURE,
        DAWN,
    )


async def read(url: str, graph: Graph) -> World:
    """Return all rows of the tables that the graph shows."""
    connection: Any = await asyncpg.connect(url)
    try:
        tables = {info.table.name for info in graph.types.values()}
        rows: dict[str, dict[UUID, Row]] = {}
        for table in sorted(tables):
            lasts = ", expires_at > now() AS lasts" if table == "browser_sessions" else ""
            found = await connection.fetch(f"SELECT *{lasts} FROM {table}")  # noqa: S608 - our names
            rows[table] = {row.get("id", number): dict(row) for number, row in enumerate(found)}
        return World(rows)
    finally:
        await connection.close()
