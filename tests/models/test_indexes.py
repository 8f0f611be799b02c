"""Every order of a list is read from an index: equal columns first, then the order, then the key. Nothing is sorted."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncpg

SOME = "'00000000-0000-7000-8000-000000000000'"
PUBLISHED = "coalesce(published_at, '9999-01-01 00:00:00+00:00')"
POPULAR = "ORDER BY participant_count DESC, id DESC"
ON_SALE = "FROM courses WHERE state = 'PUBLISHED'"

LISTS = {
    "courses_by_popularity": f"{ON_SALE} {POPULAR}",
    "courses_by_rating": f"{ON_SALE} ORDER BY rating_average DESC, id DESC",
    "courses_by_price": f"{ON_SALE} ORDER BY price, id",
    "courses_by_newness": f"{ON_SALE} ORDER BY {PUBLISHED} DESC, id DESC",
    "courses_by_category_and_rating": f"{ON_SALE} AND category_id = {SOME} ORDER BY rating_average DESC, id DESC",
    "courses_by_category_and_popularity": f"{ON_SALE} AND category_id = {SOME} {POPULAR}",
    "courses_by_provider_and_popularity": f"{ON_SALE} AND provider_id = {SOME} {POPULAR}",
    "providers_by_name": "FROM providers ORDER BY name, id",
    "marketplaces_by_name": "FROM marketplaces ORDER BY name, id",
    "regions_by_code": "FROM regions ORDER BY code, id",
    "regions_by_name": "FROM regions ORDER BY name, id",
    "regions_by_parent": f"FROM regions WHERE parent_id = {SOME} ORDER BY code, id",
    "runs_upcoming": f"FROM runs WHERE course_id = {SOME} AND state IN ('OPEN_FOR_SALE', 'FULL') ORDER BY starts_at",
    "runs_by_course_and_start": f"FROM runs WHERE course_id = {SOME} ORDER BY starts_at, id",
    "ratings_by_course_newest": f"FROM ratings WHERE course_id = {SOME} ORDER BY rated_at DESC, id DESC",
    "courses_by_provider": f"FROM courses WHERE provider_id = {SOME} AND sandbox = false ORDER BY id DESC",
    "courses_to_review": "FROM courses WHERE state = 'SUBMITTED'"
    " ORDER BY coalesce(submitted_at, '9999-01-01 00:00:00+00:00'), id",
    "course_decisions_by_course": f"FROM course_decisions WHERE course_id = {SOME} ORDER BY id DESC",
    "ratings_by_course_best": f"FROM ratings WHERE course_id = {SOME} ORDER BY stars DESC, id DESC",
}


@pytest.mark.parametrize("index", LISTS)
async def test_a_page_is_read_from_its_index(index: str, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    # On an empty table any plan is cheap; without the others, what is left shows what the index can do.
    await connection.execute(
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
    )

    plan = await connection.fetch(f"EXPLAIN (COSTS off) SELECT id {LISTS[index]} LIMIT 21")

    lines = [row[0] for row in plan]
    assert any(line.split(" on ")[0].endswith(f" using {index}") for line in lines), lines
    assert not any("Sort" in line or "Filter" in line for line in lines), lines
