"""A tiny catalogue with fixed keys: what its rows are is known without looking, in any year."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

KINDS = (
    "regions",
    "categories",
    "organisations",
    "providers",
    "marketplaces",
    "courses",
    "runs",
    "sessions",
    "listings",
    "ratings",
    "people",
    "browser_sessions",
    "clients",
    "invitations",
    "consents",
    "audit_events",
)
DAWN = datetime(2025, 1, 6, 2, tzinfo=UTC)
FUTURE = datetime(2999, 1, 7, 2, tzinfo=UTC)
DRAFT = 12
"""The number of the course that the public never saw."""
MODES = ("WEBINAR", "SELF_PACED", "MIXED")
LEVELS = ("BEGINNER", "INTERMEDIATE", "ADVANCED")


def key(table: str, number: int) -> UUID:
    """Return the key of a row of a table, counting from 1."""
    return UUID(int=(0x0194_0000_0000_7000_8000 << 48) | (KINDS.index(table) << 32) | number)


def rows(times: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Return all rows by table, in an order in which they can be inserted; ``times`` as many as in the tiny one."""
    courses = [_course(n) for n in range(1, 12 * times + 1)]
    return {
        "regions": list(_regions()),
        "categories": [
            {"id": key("categories", n), "code": f"kategori-{n}", "name": f"Kategori {n}", "name_en": f"Category {n}",
             "position": n}
            for n in (1, 2, 3)
        ],
        "organisations": [
            {"id": key("organisations", n), "legal_name": f"PT Badan {n}", "ownership": "PRIVATE",
             "region_id": key("regions", 3)}
            for n in range(1, 4 * times + 3)
        ],
        "marketplaces": [
            {"id": key("marketplaces", n), "code": f"PASAR-{n}", "organisation_id": key("organisations", n),
             "name": f"Pasar {'BA'[n - 1]}", "website": f"https://pasar{n}.example/", "state": "PUBLISHED",
             "published_at": DAWN}
            for n in (1, 2)
        ],
        "providers": [
            {"id": key("providers", n), "code": f"LPK-{n}", "organisation_id": key("organisations", n + 2),
             "name": f"Lembaga {(n + 1) // 2}", "type": ("LPK", "BLK")[n % 2], "about": "Mengajar.",
             "region_id": key("regions", 3 + n % 3), "published_at": DAWN + timedelta(days=n),
             "state": "SUSPENDED" if n == 4 else "PUBLISHED"}
            for n in range(1, 4 * times + 1)
        ],
        "courses": courses,
        "runs": [run for course in range(1, len(courses) + 1) for run in _runs(course)],
        "sessions": [session for course in range(1, len(courses) + 1) for session in _sessions(course)],
        "listings": [listing for course in range(1, len(courses) + 1) for listing in _listings(course)],
        "ratings": [rating for course in range(1, len(courses) + 1) for rating in _ratings(course)],
        **dict(_people(times)),
    }  # fmt: skip


def _regions() -> Any:
    for n, code, name, parent in (
        (1, "31", "DKI Jakarta", None),
        (2, "32", "Jawa Barat", None),
        (3, "32.04", "Kabupaten Bandung", 2),
        (4, "32.73", "Kota Bandung", 2),
        (5, "31.71", "Kota Jakarta Pusat", 1),
    ):
        yield {
            "id": key("regions", n),
            "code": code,
            "level": "PROVINCE" if parent is None else "CITY" if name.startswith("Kota") else "REGENCY",
            "name": name,
            "parent_id": None if parent is None else key("regions", parent),
            "time_zone": "WIB",
            "valid_from": date(2015, 1, 1),
        }


def _course(n: int) -> dict[str, Any]:
    return {
        "id": key("courses", n),
        "code": f"KELAS-{n}",
        "provider_id": key("providers", 1 + n % 4),
        "category_id": key("categories", 1 + n % 3),
        "title": f"Kelas {n}",
        "summary": f"Ringkasan kelas {n}.",
        "description": f"Uraian kelas {n}.",
        "mode": MODES[n % 3],
        "level": LEVELS[n // 2 % 3],
        "hours": 10 + n % 4,
        "price": 100_000 * (1 + n % 3),
        "outside_price": 400_000,
        "skills": [f"cakap {m}" for m in range(n % 3)],
        "age_min": 18,
        "age_max": 64,
        "education_min": "SMA",
        "state": "SUSPENDED" if n == 11 else "DRAFT" if n == DRAFT else "PUBLISHED",
        "published_at": DAWN + timedelta(days=n % 5),
        "confirmed_at": DAWN,
        "participant_count": 10 * (n % 4),
        "rating_count": 0,
        "rating_sum": 0,
    }


def _runs(course: int) -> Any:
    """Give a run that is over, two to come, and for every second course one that nobody may see yet.

    Those of a course that is no offer yet are only planned.
    """
    soon = FUTURE + timedelta(days=course % 3)
    for m, (starts_at, state) in enumerate(
        [(DAWN, "FINISHED"), (soon, "OPEN_FOR_SALE"), (FUTURE, "FULL"), (FUTURE, "SCHEDULED")]
    ):
        if m < 3 or course % 2:
            mixed = course % 3 == 2
            yield {
                "id": key("runs", course * 10 + m),
                "course_id": key("courses", course),
                "code": f"ANGKATAN-{m}",
                "starts_at": starts_at,
                "ends_at": starts_at + timedelta(days=3),
                "region_id": key("regions", 3 + course // 3 % 3) if mixed else None,
                "venue": "Balai" if mixed else None,
                "seats": 30,
                "seats_taken": 30 if state == "FULL" else course % 30,
                "state": "SCHEDULED" if course == DRAFT else state,
            }


def _sessions(course: int) -> Any:
    for position in (1, 2):
        starts_at = FUTURE + timedelta(days=course % 3, hours=position * 24 - 24)
        yield {
            "id": key("sessions", course * 10 + position),
            "run_id": key("runs", course * 10 + 1),
            "position": position,
            "topic": f"Pertemuan {position}",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
        }


def _listings(course: int) -> Any:
    for marketplace in (1, 2)[: 1 + course % 2]:
        yield {
            "id": key("listings", course * 10 + marketplace),
            "marketplace_id": key("marketplaces", marketplace),
            "course_id": key("courses", course),
            "commission_bp": 1_000 + marketplace,
            "url": f"https://pasar{marketplace}.example/{course}",
            "state": "SUSPENDED" if course == 5 else "DRAFT" if course == DRAFT else "PUBLISHED",
            "listed_at": DAWN,
        }


def _ratings(course: int) -> Any:
    for m in range(course % 5):
        yield {
            "id": key("ratings", course * 10 + m),
            "course_id": key("courses", course),
            "stars": 1 + (course + m) % 5,
            "comment": f"Ulasan {m}" if m % 2 else None,
            "rated_at": DAWN + timedelta(days=m // 2),
        }


def _people(times: int) -> Any:
    """Give two people and what is theirs, and the applications of two organisations."""
    many = range(1, 4 * times + 1)
    yield "people", [{"id": key("people", n), "locale": "id", "state": "ACTIVE"} for n in (1, 2)]
    yield "browser_sessions", [
        {"id": key("browser_sessions", n), "person_id": key("people", 1 + n % 2), "hash": n.to_bytes(32),
         "methods": ["pwd"], "device": f"Peramban {n}", "created_at": DAWN + timedelta(days=n // 3),
         "expires_at": FUTURE}
        for n in many
    ]  # fmt: skip
    yield "clients", [
        {"id": key("clients", n), "code": f"app-{n}", "name": f"Aplikasi {n // 2}", "kind": "CONFIDENTIAL",
         "organisation_id": key("organisations", 1 + n % 2), "role": "MARKETPLACE", "state": "SANDBOX",
         "sandbox": True, "auth_method": "client_secret_basic", "grant_types": ["client_credentials"],
         "scopes": ["listings:write"], "redirect_uris": [], "dpop_required": False, "fapi2": False}
        for n in many
    ]  # fmt: skip
    yield "invitations", [
        {"id": key("invitations", n), "organisation_id": key("organisations", 1 + n % 2), "role": "MARKETPLACE",
         "sandbox": True, "hash": n.to_bytes(32), "expires_at": FUTURE}
        for n in many
    ]  # fmt: skip
    yield "consents", [
        {"id": key("consents", n), "person_id": key("people", 1 + n % 2), "client_id": key("clients", n),
         "scopes": ["profile:read"], "text_hash": bytes(32), "locale": "id", "given_at": DAWN}
        for n in many
    ]  # fmt: skip
    yield "audit_events", [
        {"action": "client.created", "organisation_id": key("organisations", 1 + n % 2), "role": "MARKETPLACE",
         "subject_type": "client", "subject_id": key("clients", n), "details": "{}"}
        for n in many
    ]  # fmt: skip


async def insert(connection: "Connection", table: str, records: list[dict[str, Any]]) -> None:
    """Insert rows of one table."""
    columns = list(records[0])
    await connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join(f'${n}' for n in range(1, len(columns) + 1))})",
        [tuple(record[column] for column in columns) for record in records],
    )


async def make(url: str, times: int = 1) -> None:
    """Insert all rows into a migrated database."""
    connection: Connection = await asyncpg.connect(url)
    try:
        for table, records in rows(times).items():
            await insert(connection, table, records)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
