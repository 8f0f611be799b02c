"""A course's number and sum of ratings are those of its ratings, after every statement."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

if TYPE_CHECKING:
    from conftest import Rows

    Connection = asyncpg.Connection[asyncpg.Record]

FIGURES = "SELECT id, rating_count, rating_sum, rating_average FROM courses"
RECOUNT = """
SELECT courses.id, count(stars) AS rating_count, coalesce(sum(stars), 0) AS rating_sum,
    coalesce(round(avg(stars), 2), 0) AS rating_average
FROM courses LEFT JOIN ratings ON ratings.course_id = courses.id GROUP BY courses.id
"""

STATEMENTS = (
    "INSERT INTO ratings (course_id, stars, rated_at) SELECT id, n, now() FROM courses, generate_series(1, 5) n",
    "UPDATE ratings SET stars = 6 - stars",
    "UPDATE ratings SET comment = 'Bagus.'",
    "UPDATE ratings SET course_id = (SELECT max(id::text)::uuid FROM courses) WHERE stars > 3",
    "DELETE FROM ratings WHERE stars = 5",
    "DELETE FROM ratings WHERE false",
    "INSERT INTO ratings SELECT * FROM ratings ON CONFLICT (id) DO UPDATE SET stars = 1",
    "TRUNCATE ratings",
)


async def test_figures_are_exact_after_every_statement(connection: "Connection", rows: "Rows") -> None:
    for _ in range(3):
        await rows.add("courses")

    for statement in STATEMENTS:
        await connection.execute(statement)

        assert set(await connection.fetch(FIGURES)) == set(await connection.fetch(RECOUNT)), statement


async def test_an_average_has_two_places(connection: "Connection", rows: "Rows") -> None:
    course = await rows.add("courses")

    for stars in (5, 5, 4):
        await rows.add("ratings", course_id=course, stars=stars)

    assert str(await connection.fetchval("SELECT rating_average FROM courses WHERE id = $1", course)) == "4.67"


async def test_a_refused_rating_leaves_the_figures(connection: "Connection", rows: "Rows") -> None:
    course = await rows.add("courses")

    with pytest.raises(asyncpg.CheckViolationError):
        async with connection.transaction():
            await rows.add("ratings", course_id=course, stars=0)

    assert await connection.fetchval("SELECT rating_count FROM courses WHERE id = $1", course) == 0


async def test_raters_of_many_courses_at_once_neither_lose_nor_deadlock(
    fresh_database_url: str, course_pair: tuple[UUID, UUID]
) -> None:
    async def rate(courses: list[UUID]) -> None:
        connection = await asyncpg.connect(fresh_database_url)
        try:
            for _ in range(10):
                await connection.execute(
                    "INSERT INTO ratings (course_id, stars, rated_at)"
                    " SELECT id, 5, now() FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, n) ORDER BY n",
                    courses,
                )
        finally:
            await connection.close()

    one, other = course_pair
    await asyncio.gather(*(rate([one, other]) for _ in range(3)), *(rate([other, one]) for _ in range(3)))

    connection = await asyncpg.connect(fresh_database_url)
    figures = await connection.fetch("SELECT rating_count, rating_sum FROM courses")
    await connection.close()
    assert [tuple(row) for row in figures] == [(60, 300), (60, 300)]
