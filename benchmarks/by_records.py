"""The four answers by hand, first form: typed rows of nested records, decoded by asyncpg and laid out in Python."""

from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from asyncpg.pgproto.pgproto import UUID  # a uuid.UUID that is made in a tenth of the time

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

Variables = dict[str, Any]

MAC_BYTES = 8
"""A cursor begins with its signature, which this server does not check."""

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")

COURSE = """
SELECT c.id, c.code, c.title, c.summary, c.mode, c.level, c.hours, c.price, c.outside_price, c.rating_average::float8,
    c.rating_count, c.participant_count, c.published_at, p.id, p.code, p.name, p.type, k.id, k.code, k.name
FROM courses c JOIN providers p ON p.id = c.provider_id JOIN categories k ON k.id = c.category_id
WHERE c.id = $1 AND c.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
"""

CATEGORY = """
SELECT c.id, c.title, c.mode, c.hours, c.price, c.rating_average::float8, c.rating_count, c.participant_count,
    p.id, p.name
FROM courses c JOIN providers p ON p.id = c.provider_id
WHERE c.state = 'PUBLISHED' AND c.category_id = $1 {after}
ORDER BY c.rating_average DESC, c.id DESC
LIMIT 21
"""
CATEGORY_FIRST = CATEGORY.format(after="")
CATEGORY_AFTER = CATEGORY.format(after="AND (c.rating_average, c.id) < ($2, $3)")

PROVIDERS = """
SELECT p.id, p.name, p.type, array(
    SELECT row(c.id, c.title, c.price, c.rating_average::float8, array(
        SELECT row(l.commission_bp, l.url, m.id, m.name)
        FROM listings l JOIN marketplaces m ON m.id = l.marketplace_id
        WHERE l.course_id = c.id AND l.state = 'PUBLISHED'
        ORDER BY l.marketplace_id
        LIMIT 10
    ))
    FROM courses c
    WHERE c.provider_id = p.id AND c.state = 'PUBLISHED'
    ORDER BY c.participant_count DESC, c.id DESC
    LIMIT 10
)
FROM providers p
WHERE p.state = 'PUBLISHED' {after}
ORDER BY p.name, p.id
LIMIT 11
"""
PROVIDERS_FIRST = PROVIDERS.format(after="")
PROVIDERS_AFTER = PROVIDERS.format(after="AND (p.name, p.id) > ($1, $2)")

CATALOGUE = """
SELECT c.id, c.title, c.price, c.rating_average::float8, p.name, k.name
FROM courses c JOIN providers p ON p.id = c.provider_id JOIN categories k ON k.id = c.category_id
WHERE c.state = 'PUBLISHED' AND c.price <= $1
ORDER BY c.participant_count DESC, c.id DESC
LIMIT 201
"""


def written(code: bytes, key: UUID) -> str:
    """Return the global id of a row: base64 of its type's two letters and its key."""
    return b2a_base64(code + key.bytes, newline=False).translate(_TO_URL).decode()


def key_of(text: str) -> UUID:
    """Return the key in a global id."""
    return UUID(a2b_base64(text.encode().translate(_FROM_URL))[2:])


def after(cursor: str) -> list[Any]:
    """Return the order keys in a cursor."""
    return orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[MAC_BYTES:])


async def course(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/course.graphql."""
    rows = await connection.fetch(COURSE, key_of(variables["id"]))
    found = None
    if rows:
        r = rows[0]
        found = {
            "id": written(b"Co", r[0]),
            "code": r[1],
            "title": r[2],
            "summary": r[3],
            "mode": r[4],
            "level": r[5],
            "hours": r[6],
            "price": str(r[7]),
            "outsidePrice": str(r[8]),
            "ratingAverage": r[9],
            "ratingCount": r[10],
            "participantCount": r[11],
            "publishedAt": r[12],
            "provider": {"id": written(b"Pr", r[13]), "code": r[14], "name": r[15], "type": r[16]},
            "category": {"id": written(b"Ca", r[17]), "code": r[18], "name": r[19]},
        }
    return orjson.dumps({"data": {"course": found}})


async def category(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/category.graphql."""
    key, cursor = key_of(variables["category"]), variables["after"]
    if cursor is None:
        rows = await connection.fetch(CATEGORY_FIRST, key)
    else:
        rating, last = after(cursor)
        rows = await connection.fetch(CATEGORY_AFTER, key, Decimal(rating), UUID(last))
    nodes = [
        {
            "id": written(b"Co", r[0]),
            "title": r[1],
            "mode": r[2],
            "hours": r[3],
            "price": str(r[4]),
            "ratingAverage": r[5],
            "ratingCount": r[6],
            "participantCount": r[7],
            "provider": {"id": written(b"Pr", r[8]), "name": r[9]},
        }
        for r in rows[:20]
    ]
    return orjson.dumps({"data": {"courses": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > 20}}}})


async def providers(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/providers.graphql."""
    cursor = variables["after"]
    if cursor is None:
        rows = await connection.fetch(PROVIDERS_FIRST)
    else:
        name, last = after(cursor)
        rows = await connection.fetch(PROVIDERS_AFTER, name, UUID(last))
    nodes = [
        {"id": written(b"Pr", r[0]), "name": r[1], "type": r[2], "courses": {"nodes": [_offered(c) for c in r[3]]}}
        for r in rows[:10]
    ]
    return orjson.dumps({"data": {"providers": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > 10}}}})


def _offered(c: Sequence[Any]) -> dict[str, Any]:
    return {
        "id": written(b"Co", c[0]),
        "title": c[1],
        "price": str(c[2]),
        "ratingAverage": c[3],
        "listings": [
            {"commissionBp": o[0], "url": o[1], "marketplace": {"id": written(b"Ma", o[2]), "name": o[3]}} for o in c[4]
        ],
    }


async def catalogue(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/catalogue.graphql."""
    rows = await connection.fetch(CATALOGUE, int(variables["priceMax"]))
    nodes = [
        {
            "id": written(b"Co", r[0]),
            "title": r[1],
            "price": str(r[2]),
            "ratingAverage": r[3],
            "provider": {"name": r[4]},
            "category": {"name": r[5]},
        }
        for r in rows[:200]
    ]
    return orjson.dumps({"data": {"courses": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > 200}}}})


ANSWERS = {"Course": course, "Category": category, "Providers": providers, "Catalogue": catalogue}
"""By operation name."""
