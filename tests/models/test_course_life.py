"""What the public has seen stays public, what it has not seen stays hidden, and decisions stay."""

from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from uuid import UUID

    from conftest import Rows

    Connection = asyncpg.Connection[asyncpg.Record]

PUBLIC = ("PUBLISHED", "SUSPENDED", "RETIRED")


@pytest.fixture
async def published(rows: "Rows", connection: "Connection") -> "UUID":
    return await rows.add("courses", state="PUBLISHED", published_at=await connection.fetchval("SELECT now()"))


@pytest.mark.parametrize("state", ["DRAFT", "SUBMITTED", "CHANGES_REQUESTED", "APPROVED"])
async def test_what_was_public_is_never_a_draft_again(state: str, published: "UUID", connection: "Connection") -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("UPDATE courses SET state = $2 WHERE id = $1", published, state)

    assert refused.value.constraint_name == "courses_stay_public"


@pytest.mark.parametrize("state", ["OPEN_FOR_SALE", "FULL", "RUNNING", "FINISHED"])
async def test_a_run_that_is_shown_belongs_to_a_course_that_is(
    state: str, rows: "Rows", published: "UUID", connection: "Connection"
) -> None:
    await rows.add("runs", course_id=published, state=state)
    hidden = await rows.add("runs")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("UPDATE runs SET state = $2 WHERE id = $1", hidden, state)

    assert refused.value.constraint_name == "runs_of_public_course"


async def test_a_run_of_a_draft_may_be_called_off(rows: "Rows") -> None:
    await rows.add("runs", state="CANCELLED", cancel_reason="VENUE_UNAVAILABLE")


async def test_a_run_does_not_move_to_a_course_that_is_hidden(
    rows: "Rows", published: "UUID", connection: "Connection"
) -> None:
    run = await rows.add("runs", course_id=published, state="RUNNING")
    draft = await rows.add("courses")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("UPDATE runs SET course_id = $2 WHERE id = $1", run, draft)

    assert refused.value.constraint_name == "runs_of_public_course"


@pytest.mark.parametrize("state", PUBLIC)
async def test_an_offer_that_is_shown_is_of_a_course_that_is(
    state: str, rows: "Rows", published: "UUID", connection: "Connection"
) -> None:
    await rows.add("listings", course_id=published, state=state)
    hidden = await rows.add("listings")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("UPDATE listings SET state = $2 WHERE id = $1", hidden, state)

    assert refused.value.constraint_name == "listings_of_public_course"


async def test_a_trial_offer_does_not_stand_in_the_way_of_a_real_one(rows: "Rows", published: "UUID") -> None:
    shop = await rows.add("marketplaces")

    await rows.add("listings", course_id=published, marketplace_id=shop, sandbox=True)
    await rows.add("listings", course_id=published, marketplace_id=shop, state="PUBLISHED")


@pytest.mark.parametrize(
    "change",
    ["UPDATE course_decisions SET note = 'Lain.'", "DELETE FROM course_decisions", "TRUNCATE course_decisions"],
)
async def test_a_decision_is_never_changed(change: str, rows: "Rows", connection: "Connection") -> None:
    await rows.add("course_decisions")

    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await connection.execute(change)

    assert refused.value.constraint_name == "course_decisions_kept"


async def test_a_course_gets_a_code_of_the_programme(rows: "Rows", connection: "Connection") -> None:
    like = await rows.add("courses")
    copied = """
        INSERT INTO courses (provider_id, category_id, title, summary, description, mode, level, hours, price,
            outside_price, skills, age_min, age_max, education_min, state, confirmed_at, participant_count,
            rating_count, rating_sum)
        SELECT provider_id, category_id, title, summary, description, mode, level, hours, price, outside_price, skills,
            age_min, age_max, education_min, state, confirmed_at, 0, 0, 0 FROM courses WHERE id = $1 RETURNING code
    """

    first, second = [await connection.fetchval(copied, like) for _ in range(2)]

    assert first.startswith("K-")
    assert first != second
