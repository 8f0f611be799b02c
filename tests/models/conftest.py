"""Rows of any table, made with as little as a test wants to say."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARENTS = {
    "organisations": {"region_id": "regions"},
    "providers": {"organisation_id": "organisations", "region_id": "regions"},
    "marketplaces": {"organisation_id": "organisations"},
    "payers": {"organisation_id": "organisations"},
    "courses": {"provider_id": "providers", "category_id": "categories"},
    "runs": {"course_id": "courses"},
    "sessions": {"run_id": "runs"},
    "listings": {"marketplace_id": "marketplaces", "course_id": "courses"},
    "ratings": {"course_id": "courses"},
    "course_decisions": {"course_id": "courses"},
    "shareholdings": {"owner_id": "organisations", "owned_id": "organisations"},
    "region_successions": {"predecessor_id": "regions", "successor_id": "regions"},
    "person_keys": {"person_id": "people"},
    "contacts": {"person_id": "people"},
    "contact_indexes": {"contact_id": "contacts"},
    "posts": {"person_id": "people"},
    "sign_ins": {"person_id": "people"},
    "one_time_codes": {"person_id": "people", "contact_id": "contacts"},
    "devices": {"person_id": "people"},
    "browser_sessions": {"person_id": "people"},
    "passkeys": {"person_id": "people"},
    "authenticators": {"person_id": "people"},
    "client_secrets": {"client_id": "clients"},
    "client_keys": {"client_id": "clients"},
    "invitations": {"organisation_id": "organisations"},
    "consents": {"person_id": "people", "client_id": "clients"},
    "grants": {"person_id": "people", "client_id": "clients"},
    "authorization_codes": {"grant_id": "grants", "client_id": "clients"},
    "refresh_tokens": {"grant_id": "grants", "client_id": "clients"},
    "pushed_requests": {"client_id": "clients"},
    "device_requests": {"client_id": "clients"},
}
"""The rows that a row needs; those that a test does not name are made for it."""

NO_PROVINCES = [f"{n:02}" for n in (*range(1, 11), *range(22, 31), *range(37, 51), *range(54, 61), *range(83, 91))]
"""Codes that no real province has, for rows beside the real ones."""

KEYS = {
    "shareholdings": "owner_id",
    "region_successions": "predecessor_id",
    "person_keys": "person_id",
    "authenticators": "person_id",
    "contact_indexes": "hash",
    "sign_ins": "hash",
    "password_links": "hash",
    "attempts": "hash",
    "devices": "hash",
    "authorization_codes": "hash",
    "refresh_tokens": "hash",
    "pushed_requests": "hash",
    "device_requests": "hash",
    "spent_proofs": "hash",
    "signing_keys": "kid",
    "idempotency": "caller",
    "event_counter": "last_seq",
}
"""What names a row where it is not ``id``."""


class Rows:
    """Adds rows, good ones where the test says nothing else."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self._numbers = count(10)

    async def add(self, table: str, **wanted: Any) -> UUID:
        """Insert a row and the rows that it needs, and return its key (a random one where the table has none)."""
        values = defaults(table, next(self._numbers)) | wanted
        for column, parent in PARENTS.get(table, {}).items():
            if column not in values:
                values[column] = await self.add(parent)
        columns = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        key = KEYS.get(table, "id")
        return await self.connection.fetchval(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}",  # noqa: S608
            *values.values(),
        )


def defaults(table: str, number: int) -> dict[str, Any]:
    """Return a good row's values, with ``number`` in all that must be unique."""
    code, name, state = f"CODE-{number}", f"Nama {number}", "DRAFT"
    values: dict[str, dict[str, Any]] = {
        "regions": {
            "code": NO_PROVINCES[number % len(NO_PROVINCES)],
            "level": "PROVINCE",
            "name": name,
            "time_zone": "WIB",
            "valid_from": date(2015, 1, 1),
        },
        "categories": {"code": f"kategori-{number}", "name": name, "name_en": name, "position": number},
        "organisations": {"legal_name": name, "ownership": "PRIVATE"},
        "shareholdings": {"share_bp": 6_000},
        "providers": {"code": code, "name": name, "type": "LKP", "about": "Lembaga.", "state": state},
        "marketplaces": {"code": code, "name": name, "website": "https://pasar.example", "state": state},
        "payers": {"code": code, "name": name, "kind": "BANK", "state": state},
        "courses": {
            "code": code,
            "title": name,
            "summary": "Ringkas.",
            "description": "Panjang.",
            "mode": "WEBINAR",
            "level": "BEGINNER",
            "hours": 15,
            "price": 300_000,
            "outside_price": 350_000,
            "skills": ["menulis"],
            "age_min": 18,
            "age_max": 64,
            "education_min": "SMA",
            "state": state,
            "confirmed_at": NOON,
            "participant_count": 0,
            "rating_count": 0,
            "rating_sum": 0,
        },
        "runs": {
            "code": code,
            "starts_at": NOON,
            "ends_at": NOON + timedelta(days=3),
            "seats": 30,
            "seats_taken": 0,
            "state": "SCHEDULED",
        },
        "sessions": {
            "position": number,
            "topic": name,
            "starts_at": NOON + timedelta(hours=1),
            "ends_at": NOON + timedelta(hours=3),
        },
        "listings": {"commission_bp": 1_000, "url": "https://pasar.example/1", "state": state, "listed_at": NOON},
        "course_decisions": {"decision": "APPROVED", "reasons": [], "note": None, "revision": 1},
        "ratings": {"stars": 4, "comment": None, "rated_at": NOON},
    }
    return values[table] if table in values else trusted(table, number)


def trusted(table: str, number: int) -> dict[str, Any]:
    """Return a good row's values for the tables of people, applications and grants."""
    code, hash_ = f"klien-{number}", number.to_bytes(17, "big")
    values: dict[str, dict[str, Any]] = {
        "people": {"locale": "id", "state": "ACTIVE"},
        "person_keys": {"version": 1, "sealed": hash_},
        "contacts": {"kind": "EMAIL", "sealed": hash_},
        "contact_indexes": {"hash": hash_},
        "posts": {"role": "OFFICER"},
        "sign_ins": {"hash": hash_, "methods": ["pwd"], "return_to": "/", "expires_at": NOON},
        "one_time_codes": {"hash": hash_, "expires_at": NOON},
        "password_links": {
            "hash": hash_,
            "contact_sealed": hash_,
            "locale": "id",
            "return_to": "/",
            "expires_at": NOON,
        },
        "attempts": {"hash": hash_, "count": 1, "expires_at": NOON},
        "devices": {"hash": hash_},
        "browser_sessions": {"hash": hash_, "methods": ["pwd"], "device": "Firefox", "expires_at": NOON},
        "passkeys": {"credential_id": hash_, "public_key": hash_, "sign_count": 0, "name": code},
        "authenticators": {"secret_sealed": hash_},
        "clients": {
            "code": code,
            "name": code,
            "kind": "CONFIDENTIAL",
            "state": "LIVE",
            "sandbox": False,
            "auth_method": "private_key_jwt",
            "grant_types": ["client_credentials"],
            "scopes": [],
            "redirect_uris": [],
            "dpop_required": False,
            "fapi2": False,
        },
        "client_secrets": {"slot": 1, "hash": hash_, "hint": "abcd"},
        "client_keys": {"slot": 1, "kid": code, "jwk": "{}"},
        "invitations": {"role": "INSTITUTION", "sandbox": False, "hash": hash_, "expires_at": NOON},
        "consents": {"scopes": [], "text_hash": hash_, "locale": "id"},
        "grants": {"scopes": [], "audience": [], "methods": [], "authenticated_at": NOON, "expires_at": NOON},
        "authorization_codes": {
            "hash": hash_,
            "redirect_uri": "https://pasar.example/cb",
            "challenge": "c",
            "scopes": [],
            "expires_at": NOON,
        },
        "refresh_tokens": {"hash": hash_, "expires_at": NOON},
        "pushed_requests": {"hash": hash_, "parameters": "{}", "expires_at": NOON},
        "device_requests": {
            "hash": hash_,
            "user_code_hash": hash_,
            "scopes": [],
            "audience": [],
            "state": "PENDING",
            "interval_s": 5,
            "expires_at": NOON,
        },
        "spent_proofs": {"hash": hash_, "expires_at": NOON},
        "signing_keys": {
            "kid": code,
            "algorithm": "ES256",
            "public_jwk": "{}",
            "private_sealed": hash_,
            "signs_from": NOON,
            "published_until": NOON,
        },
        "idempotency": {"caller": UUID(int=number), "key": code, "operation": "submitCourse", "digest": bytes(32)},
        "events": {"kind": "course.submitted", "subject_type": "course", "subject_id": UUID(int=number)}
        | {"payload": "{}"},
        "event_counter": {"last_seq": number},
        "audit_events": {"action": "course.submitted", "subject_type": "course", "details": "{}"},
        "jobs": {"kind": "tell", "payload": "{}"},
    }
    return values.get(table, {})


@pytest.fixture(scope="session")
def rolled_back_database_url(server: Any, migrated_template: str) -> str:
    """A database that nobody commits to: its tables are empty at the start of each test."""
    return server.create("rolled_back", migrated_template)


@pytest.fixture
async def connection(rolled_back_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A connection whose transaction is rolled back after the test."""
    connection = await asyncpg.connect(rolled_back_database_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture
def rows(connection: "asyncpg.Connection[asyncpg.Record]") -> Rows:
    """Adds rows that are gone after the test."""
    return Rows(connection)


@pytest.fixture
def rows_of() -> type[Rows]:
    """Adds rows on a connection of the test's own, for tests that commit."""
    return Rows


@pytest.fixture
async def course_pair(fresh_database_url: str) -> tuple[UUID, UUID]:
    """Two courses that are there for everybody."""
    connection = await asyncpg.connect(fresh_database_url)
    rows = Rows(connection)
    pair = await rows.add("courses"), await rows.add("courses")
    await connection.close()
    return pair


@pytest.fixture
def in_parallel() -> "Callable[..., Awaitable[list[Any]]]":
    """Runs the same work on several connections at once and returns what each came to."""

    async def once(url: str, work: "Callable[[asyncpg.Connection[asyncpg.Record]], Awaitable[Any]]") -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    async def run(
        url: str, work: "Callable[[asyncpg.Connection[asyncpg.Record]], Awaitable[Any]]", *, times: int
    ) -> list[Any]:
        return await asyncio.gather(*(once(url, work) for _ in range(times)))

    return run
