"""Institutions write their courses: what each mutation does, and every way in which it says no."""

from typing import Any

import pytest

from tests.graph.writes.world import INSTITUTION, OFFICER, RIVAL, STOPPED, TRIAL, WAYS, World, content

STEPS = {"submitCourse", "withdrawCourse", "publishCourse", "retireCourse"}


async def test_a_draft_is_shown_to_who_wrote_it(world: World) -> None:
    course = await world.draft(ownCode="BAR-1")

    assert course["code"].startswith("K-")
    assert {key: course[key] for key in ("state", "title", "price", "revision", "ownCode", "submittedAt")} == {
        "state": "DRAFT",
        "title": "Barista Dasar",
        "price": "300000",
        "revision": 1,
        "ownCode": "BAR-1",
        "submittedAt": None,
    }


async def test_all_faults_are_told_at_once_with_their_place(world: World) -> None:
    wrong = content(category=await world.category(), title=" ", hours=0, price="400000", skills=[], ageMin=70)

    assert await world.refusals(INSTITUTION, "createCourse", course=wrong) == [
        ("BAD_TEXT", ["course", "title"]),
        ("BAD_HOURS", ["course", "hours"]),
        ("PRICE_ABOVE_OUTSIDE", ["course", "price"]),
        ("BAD_SKILLS", ["course", "skills"]),
        ("BAD_AGES", ["course", "ageMin"]),
    ]
    wrong = content(category=await world.category(), price="0")
    assert await world.refusals(INSTITUTION, "createCourse", course=wrong) == [("BAD_PRICE", ["course", "price"])]


async def test_a_category_must_be_there(world: World) -> None:
    real = await world.category()
    gone = real[:-4] + ("AAAA" if not real.endswith("AAAA") else "BBBB")

    assert await world.refusals(INSTITUTION, "createCourse", course=content(category=gone)) == [
        ("CATEGORY_NOT_FOUND", ["course", "category"])
    ]


async def test_an_own_code_names_one_course_of_an_institution(world: World) -> None:
    await world.draft(ownCode="ONE")
    other = await world.draft(ownCode="TWO")

    course = content(category=await world.category(), ownCode="ONE")
    assert await world.refusals(INSTITUTION, "createCourse", course=course) == [
        ("OWN_CODE_TAKEN", ["course", "ownCode"])
    ]
    assert await world.refusals(INSTITUTION, "editCourse", id=other["id"], changes={"ownCode": "ONE"}) == [
        ("OWN_CODE_TAKEN", ["changes", "ownCode"])
    ]
    await world.draft(RIVAL, ownCode="ONE")
    await world.draft(TRIAL, ownCode="ONE")


async def test_an_edit_changes_what_is_given_and_counts(world: World) -> None:
    course = await world.draft()

    edited = await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Barista Mahir"})
    same = await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Barista Mahir"})

    assert (edited["title"], edited["price"], edited["revision"]) == ("Barista Mahir", "300000", 2)
    assert same["revision"] == 2


async def test_an_edit_of_what_somebody_else_edited_is_refused(world: World) -> None:
    course = await world.draft()
    await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"hours": 16}, revision=1)

    refused = await world.refusals(INSTITUTION, "editCourse", id=course["id"], changes={"hours": 17}, revision=1)

    assert refused == [("EDITED_SINCE", ["revision"])]


async def test_a_faulty_edit_is_refused(world: World) -> None:
    course = await world.draft()

    refused = await world.refusals(INSTITUTION, "editCourse", id=course["id"], changes={"price": "350001"})

    assert refused == [("PRICE_ABOVE_OUTSIDE", ["changes", "price"])]


@pytest.mark.parametrize(
    ("state", "changes", "code"),
    [
        ("SUBMITTED", {"title": "Lain"}, "WRONG_STATE"),
        ("APPROVED", {"title": "Lain"}, "WRONG_STATE"),
        ("PUBLISHED", {"title": "Lain"}, "CONTENT_FIXED"),
        ("PUBLISHED", {"price": "300001"}, "PRICE_RAISED"),
        ("SUSPENDED", {"title": "Lain"}, "CONTENT_FIXED"),
        ("RETIRED", {"price": "1"}, "WRONG_STATE"),
    ],
)
async def test_what_was_reviewed_stays(world: World, state: str, changes: dict[str, Any], code: str) -> None:
    course = await world.course(state)

    refused = await world.refusals(INSTITUTION, "editCourse", id=course["id"], changes=changes)

    assert refused == [(code, ["changes"])]


@pytest.mark.parametrize("state", ["PUBLISHED", "SUSPENDED"])
async def test_what_is_on_offer_becomes_cheaper(world: World, state: str) -> None:
    course = await world.course(state)

    edited = await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"price": "250000"})

    assert (edited["price"], edited["state"]) == ("250000", state)


async def test_changes_that_were_asked_for_are_made_and_sent_again(world: World) -> None:
    course = await world.course("CHANGES_REQUESTED")

    await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Barista Mahir"})
    again = await world.done(INSTITUTION, "submitCourse", id=course["id"])

    assert (again["state"], again["title"]) == ("SUBMITTED", "Barista Mahir")
    assert again["submittedAt"] is not None


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("step", sorted(STEPS))
async def test_a_step_is_taken_from_its_states_and_refused_in_others(world: World, state: str, step: str) -> None:
    sources = {
        "submitCourse": {"DRAFT": "SUBMITTED", "CHANGES_REQUESTED": "SUBMITTED"},
        "withdrawCourse": {"SUBMITTED": "DRAFT", "APPROVED": "DRAFT"},
        "publishCourse": {"APPROVED": "PUBLISHED"},
        "retireCourse": {"PUBLISHED": "RETIRED", "SUSPENDED": "RETIRED"},
    }[step]
    course = await world.course(state)

    if state in sources:
        moved = await world.done(INSTITUTION, step, id=course["id"])
        assert moved["state"] == sources[state]
        assert (moved["submittedAt"] is None) == (moved["state"] == "DRAFT")
    else:
        assert await world.refusals(INSTITUTION, step, id=course["id"]) == [("WRONG_STATE", ["id"])]


async def test_a_withdrawn_course_is_written_on(world: World) -> None:
    course = await world.course("APPROVED")
    await world.done(INSTITUTION, "withdrawCourse", id=course["id"])

    edited = await world.done(INSTITUTION, "editCourse", id=course["id"], changes={"title": "Lain"})

    assert (edited["state"], edited["title"]) == ("DRAFT", "Lain")


async def test_a_suspended_institution_writes_drafts_and_sends_none(world: World) -> None:
    course = await world.draft(STOPPED)

    assert await world.refusals(STOPPED, "submitCourse", id=course["id"]) == [("INSTITUTION_NOT_PUBLISHED", ["id"])]


async def test_a_course_is_retired_when_its_runs_are_over_and_leaves_every_shelf(world: World) -> None:
    course = await world.course("PUBLISHED")
    run = await world.run(course)

    assert await world.refusals(INSTITUTION, "retireCourse", id=course["id"]) == [("RUNS_NOT_OVER", ["id"])]

    await world.done(INSTITUTION, "cancelRun", id=run["id"], reason="TEACHER_UNAVAILABLE")
    assert (await world.done(INSTITUTION, "retireCourse", id=course["id"]))["state"] == "RETIRED"


async def test_a_mode_changes_while_no_run_needs_it(world: World) -> None:
    course = await world.draft()
    run = await world.run(course)

    refused = await world.refusals(INSTITUTION, "editCourse", id=course["id"], changes={"mode": "OFFLINE"})

    assert refused == [("RUNS_NEED_MODE", ["changes", "mode"])]
    assert run["state"] == "SCHEDULED"


@pytest.mark.parametrize("name", ["editCourse", *sorted(STEPS)])
async def test_another_institutions_course_is_as_one_that_is_not_there(world: World, name: str) -> None:
    course, gone = await world.draft(), await world.draft()
    absent = gone["id"][:-6] + "AAAAAA"
    more = {"changes": {"hours": 20}} if name == "editCourse" else {}

    for who in (RIVAL, TRIAL):
        other = await world.write(who, name, id=course["id"], **more)
        nothing = await world.write(who, name, id=absent, **more)

        assert other == nothing
        assert [error["code"] for error in other["errors"]] == ["COURSE_NOT_FOUND"]


async def test_who_may_not_write_is_told_what_lacks(world: World) -> None:
    course = await world.draft()

    answer = await world.send(OFFICER, "submitCourse", {"id": course["id"]})

    assert answer["errors"][0]["extensions"] | {"requestId": ""} == {
        "code": "FORBIDDEN",
        "missing": ["courses:write"],
        "requestId": "",
    }


async def test_a_write_leaves_an_event_and_a_row_of_the_audit(world: World) -> None:
    course = await world.course("SUBMITTED")
    key = (await world.row("SELECT id FROM courses WHERE code = $1", course["code"]))["id"]

    event = await world.row(
        "SELECT count(*), array_agg(kind ORDER BY id) AS kinds FROM events WHERE subject_id = $1", key
    )
    noted = await world.row(
        "SELECT action, client_id, organisation_id, role, request_id FROM audit_events WHERE subject_id = $1"
        " ORDER BY id DESC",
        key,
    )

    assert event["kinds"] == ["course.created", "course.submitted"]
    assert tuple(noted) == (
        "course.submitted",
        INSTITUTION.client_id,
        INSTITUTION.organisation_id,
        "INSTITUTION",
        "test",
    )


@pytest.mark.parametrize(
    ("own_code", "state"),
    [("TRIAL-APPROVE-1", "APPROVED"), ("TRIAL-CHANGES-1", "CHANGES_REQUESTED"), ("REAL-1", "SUBMITTED")],
)
async def test_on_trial_a_courses_own_code_decides(world: World, own_code: str, state: str) -> None:
    course = await world.draft(TRIAL, ownCode=own_code)

    assert (await world.done(TRIAL, "submitCourse", id=course["id"]))["state"] == state
    if state == "APPROVED":
        assert await world.refusals(TRIAL, "publishCourse", id=course["id"]) == [("TRIAL_ONLY", ["id"])]


async def test_a_real_course_is_decided_on_by_people(world: World) -> None:
    course = await world.draft(ownCode="TRIAL-APPROVE-1")

    assert (await world.done(INSTITUTION, "submitCourse", id=course["id"]))["state"] == "SUBMITTED"
