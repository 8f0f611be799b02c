from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

Answering = Callable[..., Awaitable[Any]]

FOUND = """
query ($filter: CourseFilter!) {
  courses(first: 200, filter: $filter) { nodes { code } }
}
"""


@pytest.fixture
async def course(fresh_seeded_database_url: str) -> str:
    """The code of a course with two coming runs: one next week with seats left, one next month that is full."""
    now = datetime.now(UTC)
    connection = await asyncpg.connect(fresh_seeded_database_url)
    row = await connection.fetchrow("SELECT id, code FROM courses WHERE state = 'PUBLISHED' AND mode = 'WEBINAR'")
    assert row is not None
    await connection.execute("DELETE FROM sessions USING runs WHERE run_id = runs.id AND course_id = $1", row["id"])
    await connection.execute("DELETE FROM runs WHERE course_id = $1", row["id"])
    await connection.executemany(
        """
        INSERT INTO runs (course_id, code, starts_at, ends_at, seats, seats_taken, state)
        VALUES ($1, $2, $3, $4, 30, $5, $6)
        """,
        [
            (row["id"], "MINGGU", now + timedelta(days=7), now + timedelta(days=8), 10, "OPEN_FOR_SALE"),
            (row["id"], "BULAN", now + timedelta(days=30), now + timedelta(days=31), 30, "FULL"),
        ],
    )
    await connection.close()
    code: str = row["code"]
    return code


@pytest.mark.parametrize(("days", "seats", "found"), [(20, None, True), (None, 5, True), (5, 5, True), (20, 5, False)])
async def test_what_is_wished_of_runs_must_hold_for_one_and_the_same(
    course: str, fresh_ask: Answering, days: int | None, seats: int | None, *, found: bool
) -> None:
    starts_from = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()

    answer = await fresh_ask(FOUND, filter={"startsFrom": starts_from, "seatsLeftMin": seats})

    assert (course in [node["code"] for node in answer["data"]["courses"]["nodes"]]) == found
