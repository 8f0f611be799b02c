"""Runs take place where their course's mode says, and their meetings lie inside them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from conftest import Rows

NOON = datetime.fromisoformat("2026-03-02T12:00:00Z")


@pytest.mark.parametrize(
    ("mode", "placed", "fits"),
    [
        ("OFFLINE", True, True),
        ("OFFLINE", False, False),
        ("WEBINAR", True, False),
        ("WEBINAR", False, True),
        ("SELF_PACED", True, False),
        ("SELF_PACED", False, True),
        ("MIXED", True, True),
        ("MIXED", False, True),
    ],
)
async def test_a_place_fits_the_mode(rows: "Rows", mode: str, *, placed: bool, fits: bool) -> None:
    course = await rows.add("courses", mode=mode)
    place = {"region_id": await rows.add("regions"), "venue": "Aula"} if placed else {}

    if fits:
        await rows.add("runs", course_id=course, **place)
    else:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await rows.add("runs", course_id=course, **place)
        assert refused.value.constraint_name == "runs_place_fits_mode"


async def test_a_course_with_runs_in_a_hall_does_not_go_online(rows: "Rows") -> None:
    course = await rows.add("courses", mode="OFFLINE")
    await rows.add("runs", course_id=course, region_id=await rows.add("regions"), venue="Aula")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.connection.execute("UPDATE courses SET mode = 'WEBINAR' WHERE id = $1", course)

    assert refused.value.constraint_name == "runs_place_fits_mode"


async def test_a_run_does_not_move_to_a_course_of_another_kind(rows: "Rows") -> None:
    run = await rows.add("runs")
    offline = await rows.add("courses", mode="OFFLINE")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.connection.execute("UPDATE runs SET course_id = $1 WHERE id = $2", offline, run)

    assert refused.value.constraint_name == "runs_place_fits_mode"


async def test_meetings_fill_a_run_to_its_last_minute(rows: "Rows") -> None:
    await rows.add("sessions", starts_at=NOON, ends_at=NOON + timedelta(days=3))


async def test_a_run_does_not_end_before_its_last_meeting(rows: "Rows") -> None:
    await rows.add("sessions")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.connection.execute("UPDATE runs SET ends_at = starts_at + interval '1 hour'")

    assert refused.value.constraint_name == "sessions_inside_run"


async def test_a_meeting_does_not_move_out_of_its_run(rows: "Rows") -> None:
    await rows.add("sessions")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.connection.execute("UPDATE sessions SET ends_at = ends_at + interval '7 days'")

    assert refused.value.constraint_name == "sessions_inside_run"


async def test_a_run_that_grows_keeps_its_meetings(rows: "Rows") -> None:
    await rows.add("sessions")

    assert await rows.connection.execute("UPDATE runs SET ends_at = ends_at + interval '1 day'") == "UPDATE 1"
