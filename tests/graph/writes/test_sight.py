"""Who sees a course in which state, on every way to it: by id, by code, in lists, through runs and listings."""

from typing import Any

import pytest

from rules.access import ANONYMOUS, Role
from tests.graph.writes.world import EVERYBODY, INSTITUTION, RIVAL, TRIAL, WAYS, World, viewer

PUBLIC = {"PUBLISHED", "SUSPENDED", "RETIRED"}
BY_ID = "query ($id: ID!) { node(id: $id) { id } course(by: { id: $id }) { id } nodes(ids: [$id]) { id } }"
BY_CODE = "query ($code: String!) { course(by: { code: $code }) { id } }"
ENTITY = 'query ($id: ID!) { _entities(representations: [{ __typename: "Course", id: $id }]) { ... on Course { id } } }'


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("name", EVERYBODY)
async def test_a_course_is_seen_by_those_whom_it_concerns_until_everybody_may(
    world: World, name: str, state: str
) -> None:
    who = EVERYBODY[name]
    course = await world.course(state)
    sees = state in PUBLIC or name in {"institution", "officer", "auditor"}

    by_id = await world.data(BY_ID, who, id=course["id"])
    by_code = await world.data(BY_CODE, who, code=course["code"])
    entity = await world.data(ENTITY, who, id=course["id"])

    shown = {"id": course["id"]} if sees else None
    assert by_id == {"node": shown, "course": shown, "nodes": [shown]}
    assert by_code == {"course": shown}
    assert entity == {"_entities": [shown]}


@pytest.mark.parametrize("name", EVERYBODY)
async def test_what_is_on_trial_is_seen_on_trial_only(world: World, name: str) -> None:
    course = await world.draft(TRIAL)

    seen = (await world.data(BY_ID, EVERYBODY[name], id=course["id"]))["node"]

    assert (seen is not None) == (name == "trial")


async def test_an_application_on_trial_does_not_see_real_drafts(world: World) -> None:
    real, trial = await world.draft(), await world.draft(TRIAL)

    async def own(who: Any) -> list[str]:
        data = await world.data("{ myCourses(first: 200) { nodes { id } } }", who)
        return [course["id"] for course in data["myCourses"]["nodes"]]

    assert real["id"] in await own(INSTITUTION)
    assert trial["id"] not in await own(INSTITUTION)
    assert trial["id"] in await own(TRIAL)
    assert real["id"] not in await own(TRIAL)
    assert not {real["id"], trial["id"]} & set(await own(RIVAL))


async def test_own_courses_are_narrowed_by_state(world: World) -> None:
    draft, approved = await world.draft(), await world.course("APPROVED")

    data = await world.data("{ myCourses(first: 200, states: [APPROVED]) { nodes { id state } } }", INSTITUTION)

    nodes = data["myCourses"]["nodes"]
    assert {"id": approved["id"], "state": "APPROVED"} in nodes
    assert draft["id"] not in {course["id"] for course in nodes}


@pytest.mark.parametrize("role", [Role.INSTITUTION, Role.MARKETPLACE, Role.PARTICIPANT])
async def test_who_acts_for_nobody_has_nothing_of_his_own(world: World, role: Role) -> None:
    nobody = viewer(role, 950)
    course = await world.draft()

    assert (await world.data(BY_ID, nobody, id=course["id"]))["node"] is None
    if role is Role.INSTITUTION:
        data = await world.data("{ myCourses { totalCount } }", nobody)
        assert data == {"myCourses": {"totalCount": 0}}
        answer = await world.send(nobody, "createCourse", {"course": {**_content(await world.category())}})
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def _content(category: str) -> dict[str, Any]:
    return {
        "title": "Kelas",
        "summary": "Ringkas.",
        "description": "Panjang.",
        "category": category,
        "mode": "WEBINAR",
        "level": "BEGINNER",
        "hours": 1,
        "price": "1",
        "outsidePrice": "1",
        "skills": ["satu"],
    }


async def test_the_catalogue_that_everybody_reads_holds_no_draft(world: World) -> None:
    await world.draft()
    await world.course("SUBMITTED")
    document = """{ courses(first: 200) { nodes { state } }
        providers(first: 50) { nodes { courses(first: 50) { nodes { state } } } }
        categories { courses(first: 50) { nodes { state } } courseCount } }"""

    for who in (ANONYMOUS, INSTITUTION):
        data = await world.data(document, who)
        states = {course["state"] for course in data["courses"]["nodes"]}
        for shelf in (*data["providers"]["nodes"], *data["categories"]):
            states |= {course["state"] for course in shelf["courses"]["nodes"]}
        assert states == {"PUBLISHED"}


@pytest.mark.parametrize(
    ("field", "scope"),
    [("myCourses { totalCount }", "courses:read"), ("coursesToReview { totalCount }", "courses:review")],
)
async def test_lists_of_what_is_not_public_need_their_scope(world: World, field: str, scope: str) -> None:
    answer = await world.ask(f"{{ {field} }}", ANONYMOUS)

    assert answer["errors"][0]["extensions"]["missing"] == [scope]
