"""A gateway joins this graph with others by ``_service`` and ``_entities``."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

Answering = Callable[..., Awaitable[Any]]

SUBGRAPH = Path(__file__).parent.parent.parent / "schema" / "subgraph.graphql"
ENTITIES = """query ($keys: [_Any!]!) {
  _entities(representations: $keys) { __typename ... on Course { id code } ... on Region { id name } }
}"""


async def test_entities_are_read_in_the_order_of_their_keys(ask: Answering) -> None:
    known = (await ask("{ courses(first: 2) { nodes { id code } } regions(first: 1) { nodes { id name } } }"))["data"]
    courses, regions = known["courses"]["nodes"], known["regions"]["nodes"]
    wanted = [("Course", courses[1]), ("Region", regions[0]), ("Course", courses[0]), ("Course", courses[1])]

    answer = await ask(ENTITIES, keys=[{"__typename": name, "id": node["id"]} for name, node in wanted])

    assert answer == {"data": {"_entities": [{"__typename": name} | node for name, node in wanted]}}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ({"__typename": "Course"}, "BAD_USER_INPUT"),
        ({"id": "Q28BjHiFyXh1mqyZJd0b-TIo"}, "BAD_USER_INPUT"),
        ({"__typename": "Nothing", "id": "Q28BjHiFyXh1mqyZJd0b-TIo"}, "BAD_USER_INPUT"),
        ({"__typename": "Session", "id": "Q28BjHiFyXh1mqyZJd0b-TIo"}, "BAD_USER_INPUT"),
        ({"__typename": ["Course"], "id": "Q28BjHiFyXh1mqyZJd0b-TIo"}, "BAD_USER_INPUT"),
        ({"__typename": "Course", "id": 5}, "BAD_USER_INPUT"),
        ("Course", "BAD_USER_INPUT"),
        ({"__typename": "Course", "id": "nonsense"}, "BAD_ID"),
        ({"__typename": "Region", "id": "Q28BjHiFyXh1mqyZJd0b-TIo"}, "BAD_ID"),
    ],
)
async def test_a_bad_key_spoils_only_itself(ask: Answering, key: Any, code: str) -> None:
    course = (await ask("{ courses(first: 1) { nodes { id code } } }"))["data"]["courses"]["nodes"][0]

    answer = await ask(ENTITIES, keys=[key, {"__typename": "Course", "id": course["id"]}])

    assert answer["data"]["_entities"] == [None, {"__typename": "Course"} | course]
    assert [error["path"] for error in answer["errors"]] == [["_entities", 0]]
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_keys_are_not_asked_for_without_end(ask: Answering) -> None:
    answer = await ask(ENTITIES, keys=[{"__typename": "Course", "id": "x"}] * 101)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "ask for 100 at most" in answer["errors"][0]["message"]


async def test_the_subgraph_tells_its_schema(ask: Answering) -> None:
    answer = await ask("{ _service { sdl } }")

    assert answer["data"]["_service"]["sdl"] == SUBGRAPH.read_text(encoding="utf-8")
