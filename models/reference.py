"""Reference data: what every installation has before its first partner: regions, where they went, and categories."""

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    import asyncpg

DATA = Path(__file__).parent / "data"

NAMESPACE = UUID("7b0c8a5e-3f0e-5d1c-9c55-6f2f1a6f3d10")
"""Keys are made of codes, so that a region or category has the same key in every installation."""

LOCK = "SELECT pg_advisory_xact_lock(1650813804, 1)"
"""Loaders wait for each other: MERGE alone would let two of them insert the same row. The first number is "bekl" in
ASCII, the second one's uses are 1 for reference data and 2 for ownership (a trigger of listings)."""

REGIONS = """
MERGE INTO regions USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::date[],
    $8::date[]) AS wanted (id, code, level, name, parent_id, time_zone, valid_from, valid_to)
ON regions.id = wanted.id
WHEN MATCHED AND (regions.code, regions.level, regions.name, regions.parent_id, regions.time_zone, regions.valid_from,
    regions.valid_to) IS DISTINCT FROM (wanted.code, wanted.level, wanted.name, wanted.parent_id, wanted.time_zone,
    wanted.valid_from, wanted.valid_to)
THEN UPDATE SET code = wanted.code, level = wanted.level, name = wanted.name, parent_id = wanted.parent_id,
    time_zone = wanted.time_zone, valid_from = wanted.valid_from, valid_to = wanted.valid_to
WHEN NOT MATCHED
THEN INSERT (id, code, level, name, parent_id, time_zone, valid_from, valid_to) VALUES (wanted.id, wanted.code,
    wanted.level, wanted.name, wanted.parent_id, wanted.time_zone, wanted.valid_from, wanted.valid_to)
"""

SUCCESSIONS = """
INSERT INTO region_successions (predecessor_id, successor_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[])
ON CONFLICT DO NOTHING
"""

CATEGORIES = """
MERGE INTO categories USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[])
    AS wanted (id, code, name, name_en, position)
ON categories.id = wanted.id
WHEN MATCHED AND (categories.code, categories.name, categories.name_en, categories.position)
    IS DISTINCT FROM (wanted.code, wanted.name, wanted.name_en, wanted.position)
THEN UPDATE SET code = wanted.code, name = wanted.name, name_en = wanted.name_en, position = wanted.position
WHEN NOT MATCHED
THEN INSERT (id, code, name, name_en, position)
    VALUES (wanted.id, wanted.code, wanted.name, wanted.name_en, wanted.position)
"""


def region_id(code: str, valid_from: date) -> UUID:
    """Return the key of the region that has had ``code`` since ``valid_from``: a code may be given twice in time."""
    return uuid5(NAMESPACE, f"region {code} since {valid_from}")


def category_id(code: str) -> UUID:
    """Return the key of the category with this code."""
    return uuid5(NAMESPACE, f"category {code}")


async def load_reference(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Bring regions, successions and categories to what models/data/ says and return how many rows were written.

    A second call writes nothing. Rows that the files do not name stay: something may refer to them.
    """
    regions = _read("regions.csv")
    starts = {row["code"]: date.fromisoformat(row["valid_from"]) for row in regions}
    ids = {code: region_id(code, start) for code, start in starts.items()}
    successions = _read("successions.csv")
    categories = _read("categories.csv")

    async with connection.transaction():
        await connection.execute(LOCK)
        tags = [
            await connection.execute(
                REGIONS,
                [ids[row["code"]] for row in regions],
                [row["code"] for row in regions],
                [row["level"] for row in regions],
                [row["name"] for row in regions],
                [ids[row["code"][:2]] if "." in row["code"] else None for row in regions],
                [row["time_zone"] for row in regions],
                [starts[row["code"]] for row in regions],
                [date.fromisoformat(row["valid_to"]) if row["valid_to"] else None for row in regions],
            ),
            await connection.execute(
                SUCCESSIONS,
                [ids[row["predecessor"]] for row in successions],
                [ids[row["successor"]] for row in successions],
            ),
            await connection.execute(
                CATEGORIES,
                [category_id(row["code"]) for row in categories],
                [row["code"] for row in categories],
                [row["name"] for row in categories],
                [row["name_en"] for row in categories],
                [int(row["position"]) for row in categories],
            ),
        ]
    return sum(int(tag.rsplit(" ", 1)[1]) for tag in tags)


def _read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
