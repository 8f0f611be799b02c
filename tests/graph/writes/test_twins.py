"""The same request sent many times is done once, and every sender gets the same answer."""

from typing import Any

import pytest

from tests.graph.writes.world import INSTITUTION, OFFICER, World, as_another, content, together

TWINS = 50


async def test_fifty_twins_write_one_draft_and_get_one_answer(world: World) -> None:
    course = content(category=await world.category(), title="Kelas Kembar")
    reordered = dict(reversed(course.items()))

    answers = await together(
        *(
            world.send(INSTITUTION, "createCourse", {"idempotencyKey": "twins", "course": wish})
            for wish in (course, reordered) * (TWINS // 2)
        )
    )

    assert len(answers) == TWINS
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["data"]["createCourse"]["course"]["title"] == "Kelas Kembar"
    assert (await world.row("SELECT count(*) FROM courses WHERE title = 'Kelas Kembar'"))["count"] == 1
    assert (
        await world.row(
            "SELECT count(*) FROM events WHERE subject_id = (SELECT id FROM courses WHERE title = 'Kelas Kembar')"
        )
    )["count"] == 1


async def test_a_refusal_is_answered_again_even_when_it_would_not_be_given_any_more(world: World) -> None:
    course = await world.course("SUBMITTED")
    wish = {"idempotencyKey": "refused", "id": course["id"]}
    first = await world.send(INSTITUTION, "publishCourse", wish)
    await world.done(OFFICER, "approveCourse", id=course["id"], revision=1)

    again = await world.send(INSTITUTION, "publishCourse", wish)

    assert again == first
    assert first["data"]["publishCourse"]["errors"][0]["code"] == "WRONG_STATE"
    await world.done(INSTITUTION, "publishCourse", id=course["id"])


@pytest.mark.parametrize(
    ("name", "more"),
    [("submitCourse", {}), ("editCourse", {"changes": {"hours": 20}}), ("withdrawCourse", {})],
)
async def test_a_key_that_meant_something_else_is_refused(world: World, name: str, more: dict[str, Any]) -> None:
    first, second = await world.draft(), await world.draft()
    key = {"idempotencyKey": f"other {name}"}
    await world.write(INSTITUTION, "submitCourse", id=first["id"], **key)

    assert await world.refusals(INSTITUTION, name, id=second["id"], **more, **key) == [("CONFLICT", ["idempotencyKey"])]


async def test_each_application_has_keys_of_its_own(world: World) -> None:
    course = content(category=await world.category())
    key = {"idempotencyKey": "shared"}

    one = await world.done(INSTITUTION, "createCourse", course=course, **key)
    other = await world.done(as_another(INSTITUTION, 1), "createCourse", course=course, **key)

    assert one["id"] != other["id"]


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\nb", "a\0b"])
async def test_what_is_no_key_is_rejected_before_any_work(world: World, key: str) -> None:
    course = content(category=await world.category())

    answer = await world.send(INSTITUTION, "createCourse", {"course": course, "idempotencyKey": key})

    assert answer["data"] == {"createCourse": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_mutations_of_one_request_are_done_in_their_order(world: World) -> None:
    course = await world.draft()
    document = """mutation ($id: ID!) {
        a: submitCourse(input: {id: $id, idempotencyKey: "row a"}) { course { state } errors { code } }
        b: submitCourse(input: {id: $id, idempotencyKey: "row b"}) { course { state } errors { code } }
        c: withdrawCourse(input: {id: $id, idempotencyKey: "row c"}) { course { state } errors { code } }
    }"""

    assert await world.data(document, INSTITUTION, id=course["id"]) == {
        "a": {"course": {"state": "SUBMITTED"}, "errors": []},
        "b": {"course": None, "errors": [{"code": "WRONG_STATE"}]},
        "c": {"course": {"state": "DRAFT"}, "errors": []},
    }
