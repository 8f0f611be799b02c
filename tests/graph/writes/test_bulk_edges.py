"""Bulk writes at their edges: courses whose runs bind their mode, and times at the calendar's ends."""

import pytest

from tests.graph.writes.world import INSTITUTION, World, content, plan


async def test_a_row_whose_mode_its_runs_do_not_allow_is_refused_and_the_others_are_written(world: World) -> None:
    category = await world.category()
    courses = [content(category=category, ownCode=code) for code in ("M1", "M2")]
    first = await world.write(INSTITUTION, "upsertCourses", rows=courses)
    await world.run(first["results"][0]["course"])
    moved = [course | {"mode": "OFFLINE"} for course in courses]

    payload = await world.write(
        INSTITUTION, "upsertCourses", rows=[*moved, content(category=category, ownCode="M3", mode="OFFLINE")]
    )

    assert [result["outcome"] for result in payload["results"]] == ["REFUSED", "UPDATED", "CREATED"]
    assert [(error["code"], error["path"]) for error in payload["results"][0]["errors"]] == [
        ("RUNS_NEED_MODE", ["rows", "0", "mode"])
    ]
    mixed = [courses[0] | {"mode": "MIXED"}]
    payload = await world.write(INSTITUTION, "upsertCourses", rows=mixed)
    assert [result["outcome"] for result in payload["results"]] == ["UPDATED"]


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
async def test_an_instant_beyond_the_calendar_is_no_instant(world: World, instant: str) -> None:
    course = await world.draft()

    wish = {"course": course["id"], "run": plan(endsAt=instant), "idempotencyKey": "beyond"}
    answer = await world.send(INSTITUTION, "createRun", wish)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", answer
