"""Officers decide on courses: once, with reasons, on what they read; the institution reads it."""

from typing import Any

import pytest

from tests.graph.writes.world import (
    COLLEAGUE,
    DECISIONS,
    INSTITUTION,
    OFFICER,
    RIVAL,
    TRIAL,
    WAYS,
    World,
    together,
)

READ = "query ($id: ID!) { node(id: $id) { ... on Course { state decisions { decision reasons note revision } } } }"
SOURCES = {
    "approveCourse": ("SUBMITTED", "APPROVED"),
    "requestCourseChanges": ("SUBMITTED", "CHANGES_REQUESTED"),
    "suspendCourse": ("PUBLISHED", "SUSPENDED"),
    "reinstateCourse": ("SUSPENDED", "PUBLISHED"),
}


def reasons(step: str) -> dict[str, Any]:
    return {"reasons": ["CONTENT_POOR"]} if step in ("requestCourseChanges", "suspendCourse") else {}


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("step", DECISIONS)
async def test_a_decision_is_made_in_its_state_and_refused_in_others(world: World, state: str, step: str) -> None:
    course = await world.course(state)
    wish = {"id": course["id"], "revision": 1, **reasons(step)}

    if SOURCES[step][0] == state:
        assert (await world.done(OFFICER, step, **wish))["state"] == SOURCES[step][1]
    else:
        assert await world.refusals(OFFICER, step, **wish) == [("WRONG_STATE", ["id"])]


async def test_the_institution_reads_what_was_decided_and_why(world: World) -> None:
    course = await world.course("SUBMITTED")
    await world.done(
        OFFICER,
        "requestCourseChanges",
        id=course["id"],
        revision=1,
        reasons=["PRICE_TOO_HIGH", "OTHER", "OTHER"],
        note="Uraian terlalu ringkas.",
    )
    await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"price": "200000"})
    await world.done(INSTITUTION, "submitCourse", id=course["id"])
    await world.done(OFFICER, "approveCourse", id=course["id"], revision=2)

    for who in (INSTITUTION, COLLEAGUE):
        assert (await world.data(READ, who, id=course["id"]))["node"] == {
            "state": "APPROVED",
            "decisions": [
                {"decision": "APPROVED", "reasons": [], "note": None, "revision": 2},
                {
                    "decision": "CHANGES_REQUESTED",
                    "reasons": ["PRICE_TOO_HIGH", "OTHER"],
                    "note": "Uraian terlalu ringkas.",
                    "revision": 1,
                },
            ],
        }


async def test_a_rival_reads_no_decision_even_of_a_course_that_it_sees(world: World) -> None:
    course = await world.course("SUSPENDED")

    assert (await world.data(READ, RIVAL, id=course["id"]))["node"] == {"state": "SUSPENDED", "decisions": []}


async def test_nobody_decides_on_what_was_edited_since(world: World) -> None:
    course = await world.course("SUBMITTED")
    await world.done(INSTITUTION, "withdrawCourse", id=course["id"])
    await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Lain"})
    await world.done(INSTITUTION, "submitCourse", id=course["id"])

    refused = await world.refusals(OFFICER, "approveCourse", id=course["id"], revision=1)

    assert refused == [("EDITED_SINCE", ["revision"])]


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"reasons": []}, ("REASON_MISSING", ["reasons"])),
        ({"reasons": ["OTHER"]}, ("NOTE_MISSING", ["note"])),
        ({"reasons": ["OTHER"], "note": " "}, ("BAD_TEXT", ["note"])),
        ({"reasons": ["OTHER"], "note": "x" * 2_001}, ("BAD_TEXT", ["note"])),
    ],
)
async def test_a_no_needs_its_reason(world: World, wish: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    course = await world.course("SUBMITTED")

    assert await world.refusals(OFFICER, "requestCourseChanges", id=course["id"], revision=1, **wish) == [refusal]


async def test_what_is_on_trial_is_not_there_to_decide_on(world: World) -> None:
    course = await world.draft(TRIAL)

    refused = await world.refusals(OFFICER, "approveCourse", id=course["id"], revision=1)

    assert refused == [("COURSE_NOT_FOUND", ["id"])]


async def test_of_two_officers_at_once_one_decides(world: World) -> None:
    course = await world.course("SUBMITTED")
    wish = {"id": course["id"], "revision": 1}

    approved, returned = await together(
        world.write(OFFICER, "approveCourse", **wish),
        world.write(COLLEAGUE, "requestCourseChanges", **wish, reasons=["CONTENT_POOR"]),
    )

    done = [payload for payload in (approved, returned) if payload["course"]]
    late = [payload for payload in (approved, returned) if not payload["course"]]
    assert (len(done), [error["code"] for error in late[0]["errors"]]) == (1, ["WRONG_STATE"])
    assert len((await world.data(READ, OFFICER, id=course["id"]))["node"]["decisions"]) == 1


async def test_an_approval_and_a_withdrawal_at_once_leave_one_of_their_states(world: World) -> None:
    for _ in range(5):
        course = await world.course("SUBMITTED")

        approved, withdrawn = await together(
            world.write(OFFICER, "approveCourse", id=course["id"], revision=1),
            world.write(INSTITUTION, "withdrawCourse", id=course["id"]),
        )

        # Approved first and withdrawn then, or withdrawn first and not approved any more: a draft either way.
        assert withdrawn["course"]["state"] == "DRAFT"
        assert approved["course"] or [error["code"] for error in approved["errors"]] == ["WRONG_STATE"]
        assert (await world.data(READ, INSTITUTION, id=course["id"]))["node"]["state"] == "DRAFT"


async def test_an_edit_and_a_submission_at_once_never_change_what_is_being_reviewed(world: World) -> None:
    for _ in range(5):
        course = await world.draft()

        edited, submitted = await together(
            world.write(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Lain"}),
            world.write(INSTITUTION, "submitCourse", id=course["id"]),
        )

        assert submitted["course"]["state"] == "SUBMITTED"
        if edited["course"] is None:
            assert [error["code"] for error in edited["errors"]] == ["WRONG_STATE"]
            assert submitted["course"]["revision"] == 1
        else:
            assert (submitted["course"]["title"], submitted["course"]["revision"]) == ("Lain", 2)


async def test_the_queue_holds_what_waits_the_longest_first(world: World) -> None:
    first, second = await world.course("SUBMITTED"), await world.course("SUBMITTED")
    trial = await world.draft(TRIAL, ownCode="WAITS")
    await world.done(TRIAL, "submitCourse", id=trial["id"])

    queue = await world.data("{ coursesToReview(first: 200) { nodes { id state } } }", OFFICER)

    ids = [course["id"] for course in queue["coursesToReview"]["nodes"]]
    assert {course["state"] for course in queue["coursesToReview"]["nodes"]} == {"SUBMITTED"}
    assert ids.index(first["id"]) < ids.index(second["id"])
    assert trial["id"] not in ids
