"""The four answers by hand, second form: PostgreSQL writes the JSON, Python only joins the pieces.

It costs the server process least and PostgreSQL most: see README.md for which form is the cheaper one in all.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from asyncpg.pgproto.pgproto import UUID

from benchmarks.by_records import Variables, after, key_of

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


def _id(code: str, key: str) -> str:
    """Return the SQL for the global id of a key."""
    return f"translate(encode('{code}'::bytea || uuid_send({key}), 'base64'), '+/', '-_')"


COURSE = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_id("Co", "c.id")} AS "id", c.code, c.title, c.summary, c.mode, c.level, c.hours, c.price::text AS "price",
        c.outside_price::text AS "outsidePrice", c.rating_average AS "ratingAverage", c.rating_count AS "ratingCount",
        c.participant_count AS "participantCount", c.published_at AS "publishedAt",
        json_build_object('id', {_id("Pr", "p.id")}, 'code', p.code, 'name', p.name, 'type', p.type) AS "provider",
        json_build_object('id', {_id("Ca", "k.id")}, 'code', k.code, 'name', k.name) AS "category"
    FROM courses c JOIN providers p ON p.id = c.provider_id JOIN categories k ON k.id = c.category_id
    WHERE c.id = $1 AND c.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
) t
"""

CATEGORY = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_id("Co", "c.id")} AS "id", c.title, c.mode, c.hours, c.price::text AS "price",
        c.rating_average AS "ratingAverage", c.rating_count AS "ratingCount",
        c.participant_count AS "participantCount",
        json_build_object('id', {_id("Pr", "p.id")}, 'name', p.name) AS "provider"
    FROM courses c JOIN providers p ON p.id = c.provider_id
    WHERE c.state = 'PUBLISHED' AND c.category_id = $1 {{after}}
    ORDER BY c.rating_average DESC, c.id DESC
    LIMIT 21
) t
"""
CATEGORY_FIRST = CATEGORY.format(after="")
CATEGORY_AFTER = CATEGORY.format(after="AND (c.rating_average, c.id) < ($2, $3)")

PROVIDERS = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_id("Pr", "p.id")} AS "id", p.name, p.type, json_build_object('nodes', coalesce((
        SELECT json_agg(o) FROM (
            SELECT {_id("Co", "c.id")} AS "id", c.title, c.price::text AS "price",
                c.rating_average AS "ratingAverage", coalesce((
                SELECT json_agg(s) FROM (
                    SELECT l.commission_bp AS "commissionBp", l.url,
                        json_build_object('id', {_id("Ma", "m.id")}, 'name', m.name) AS "marketplace"
                    FROM listings l JOIN marketplaces m ON m.id = l.marketplace_id
                    WHERE l.course_id = c.id AND l.state = 'PUBLISHED'
                    ORDER BY l.marketplace_id
                    LIMIT 10
                ) s
            ), '[]') AS "listings"
            FROM courses c
            WHERE c.provider_id = p.id AND c.state = 'PUBLISHED'
            ORDER BY c.participant_count DESC, c.id DESC
            LIMIT 10
        ) o
    ), '[]')) AS "courses"
    FROM providers p
    WHERE p.state = 'PUBLISHED' {{after}}
    ORDER BY p.name, p.id
    LIMIT 11
) t
"""
PROVIDERS_FIRST = PROVIDERS.format(after="")
PROVIDERS_AFTER = PROVIDERS.format(after="AND (p.name, p.id) > ($1, $2)")

CATALOGUE = f"""
SELECT row_to_json(t)::text FROM (
    SELECT {_id("Co", "c.id")} AS "id", c.title, c.price::text AS "price", c.rating_average AS "ratingAverage",
        json_build_object('name', p.name) AS "provider", json_build_object('name', k.name) AS "category"
    FROM courses c JOIN providers p ON p.id = c.provider_id JOIN categories k ON k.id = c.category_id
    WHERE c.state = 'PUBLISHED' AND c.price <= $1
    ORDER BY c.participant_count DESC, c.id DESC
    LIMIT 201
) t
"""


def _page(root: str, rows: "list[asyncpg.Record]", size: int) -> bytes:
    nodes = ",".join([row[0] for row in rows[:size]])
    more = "true" if len(rows) > size else "false"
    return f'{{"data":{{"{root}":{{"nodes":[{nodes}],"pageInfo":{{"hasNextPage":{more}}}}}}}}}'.encode()


async def course(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/course.graphql."""
    rows = await connection.fetch(COURSE, key_of(variables["id"]))
    found: str = rows[0][0] if rows else "null"
    return f'{{"data":{{"course":{found}}}}}'.encode()


async def category(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/category.graphql."""
    key, cursor = key_of(variables["category"]), variables["after"]
    if cursor is None:
        return _page("courses", await connection.fetch(CATEGORY_FIRST, key), 20)
    rating, last = after(cursor)
    return _page("courses", await connection.fetch(CATEGORY_AFTER, key, Decimal(rating), UUID(last)), 20)


async def providers(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/providers.graphql."""
    cursor = variables["after"]
    if cursor is None:
        return _page("providers", await connection.fetch(PROVIDERS_FIRST), 10)
    name, last = after(cursor)
    return _page("providers", await connection.fetch(PROVIDERS_AFTER, name, UUID(last)), 10)


async def catalogue(connection: "Connection", variables: Variables) -> bytes:
    """Answer queries/catalogue.graphql."""
    return _page("courses", await connection.fetch(CATALOGUE, int(variables["priceMax"])), 200)


ANSWERS = {"Course": course, "Category": category, "Providers": providers, "Catalogue": catalogue}
"""By operation name."""
