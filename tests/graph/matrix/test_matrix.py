"""Every type and field, for everybody who may come: by id, by look-up, in lists, along paths, by cursors, by writing.

What somebody must not see is answered like what does not exist, byte for byte. ``expected.py`` says who may see what; a
type that it does not name fails.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import orjson
import pytest
from graphql import GraphQLObjectType

from engine.pool import Pool
from engine.run import Engine
from engine.scopes import needs
from models.database import Database
from models.sealing import KeyRing
from rules.access import ANONYMOUS, Role, Viewer
from schema.graph import build
from schema.services import Services
from tests.graph.matrix.asking import (
    Matrix,
    items,
    least,
    mutations,
    root_lists,
    root_lookups,
    shown,
    source_of,
)
from tests.graph.matrix.callers import CALLERS, GREEDY, fill, read
from tests.graph.matrix.expected import (
    MADE,
    OPEN,
    PLAIN,
    ROWS,
    THROUGH_PARENT,
    Row,
    everybody,
    sells,
    teaches,
)

TOKENS = {"own scopes": CALLERS, "every scope": GREEDY}
EVERYBODY = [(kind, name) for kind, callers in TOKENS.items() for name in callers]


@pytest.fixture(scope="module")
async def matrix(server: Any, migrated_template: str) -> AsyncIterator[Matrix]:
    url: str = server.create("matrix", migrated_template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, fill(url)).result()
    pool, database = Pool(url, size=1), Database(url, size=1)
    services = Services(database, KeyRing({1: b"m" * 32}))
    key = b"a key that only tests use, 32 byt"
    engine = Engine(build(), pool, cursor_key=key, viewer=ANONYMOUS, services=services)
    yield Matrix(engine, await read(url, engine.graph))
    await database.close()
    await pool.close()


def test_every_type_is_classified(matrix: Matrix) -> None:
    types = {
        name
        for name, type_ in matrix.engine.graph.schema.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__") and not name.endswith(MADE)
    }

    assert types - ROWS.keys() - PLAIN == set(), "say in expected.py who may see it"
    assert ROWS.keys() - matrix.engine.graph.types.keys() == set()
    assert PLAIN - types == set()


def test_what_not_everybody_sees_needs_a_scope(matrix: Matrix) -> None:
    without = {name for name, info in matrix.engine.graph.types.items() if not info.scopes}

    assert {name for name, sees in ROWS.items() if sees in OPEN} == without


def test_there_is_something_to_hide_of_each_type(matrix: Matrix) -> None:
    for type_ in (name for name in matrix.nodes if ROWS[name] is not everybody):
        assert matrix.hidden(GREEDY["payer"], type_), type_
        assert any(matrix.seen(viewer, type_) for viewer in GREEDY.values()), type_


@pytest.mark.parametrize(("token", "name"), EVERYBODY)
async def test_an_id_shows_what_may_be_seen_and_nothing_else(matrix: Matrix, token: str, name: str) -> None:
    viewer = TOKENS[token][name]

    for type_ in matrix.nodes:
        ids = matrix.ids(type_)
        met = await matrix.met(viewer, ids)
        assert [each and each["id"] for each in met] == [
            id_ if id_ in matrix.seen(viewer, type_) else None for id_ in ids
        ], type_


@pytest.mark.parametrize(("token", "name"), EVERYBODY)
async def test_what_is_hidden_is_answered_like_what_does_not_exist(matrix: Matrix, token: str, name: str) -> None:
    viewer = TOKENS[token][name]
    lookups = {type_: field for field, type_ in root_lookups(matrix).items()}

    for type_ in matrix.nodes:
        documents = [
            "query ($id: ID!) { node(id: $id) { __typename id } }",
            f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on {type_} {{ {matrix.all_fields(type_)} }} }} }}",
            "query ($id: ID!) { nodes(ids: [$id, $id]) { __typename } }",
        ]
        if type_ in lookups:
            by = f"{lookups[type_]}(by: {{ id: $id }})"
            documents.append(f"query ($id: ID!) {{ {by} {{ {matrix.all_fields(type_)} }} }}")
        for id_ in matrix.hidden(viewer, type_)[:: max(1, len(matrix.hidden(viewer, type_)) // 5)]:
            absent = matrix.absent(type_)
            for document in documents:
                answers = [await matrix.bytes(viewer, document, id=each) for each in (id_, absent)]
                assert answers[0] == answers[1], (type_, document)
            entities = f"query ($keys: [_Any!]!) {{ _entities(representations: $keys) {{ ... on {type_} {{ id }} }} }}"
            answers = [
                await matrix.bytes(viewer, entities, keys=[{"__typename": type_, "id": each}]) for each in (id_, absent)
            ]
            assert answers[0] == answers[1], type_


@pytest.mark.parametrize("name", GREEDY)
async def test_all_fields_of_what_may_be_seen_are_answered(matrix: Matrix, name: str) -> None:
    viewer = GREEDY[name]

    for type_ in matrix.nodes:
        seen = sorted(matrix.seen(viewer, type_))[:10]
        met = await matrix.met(viewer, seen, f"... on {type_} {{ {matrix.all_fields(type_)} }}")
        assert all(each is not None for each in met)


@pytest.mark.parametrize("name", GREEDY)
async def test_lists_hold_only_what_may_be_seen_and_cursors_lead_nowhere_else(matrix: Matrix, name: str) -> None:
    viewer = GREEDY[name]

    for field, type_ in root_lists(matrix).items():
        seen = matrix.seen(viewer, type_)
        if "first" not in matrix.engine.graph.query.fields[field].args:
            assert {each["id"] for each in (await matrix.data(viewer, f"{{ {field} {{ id }} }}"))[field]} <= seen
            continue
        page = f"query ($first: Int, $after: String) {{ page: {field}(first: $first, after: $after) {{ "
        page += "totalCount nodes { id } edges { cursor } } }"
        met = (await matrix.data(viewer, page, first=200))["page"]
        assert {each["id"] for each in met["nodes"]} <= seen, field
        assert met["totalCount"] == len(met["nodes"])
        strangers = (await matrix.data(GREEDY["officer"], page, first=3))["page"]["edges"]
        for cursor in (edge["cursor"] for edge in strangers):
            after = (await matrix.data(viewer, page, first=200, after=cursor))["page"]
            assert {each["id"] for each in after["nodes"]} <= seen, field


@pytest.mark.parametrize("name", GREEDY)
async def test_no_path_leads_to_what_may_not_be_seen(matrix: Matrix, name: str) -> None:
    viewer = GREEDY[name]

    for parent, field, target in matrix.ways():
        declared = matrix.named(parent).fields[field]
        has_id = target in matrix.nodes
        selection = shown(field, declared, "id" if has_id else "__typename")
        more = "(upcoming: false)" if "upcoming" in declared.args else ""
        selection = selection.replace(field, f"it: {field}{more}", 1)
        parents = matrix.ids(parent)
        met = await matrix.met(viewer, parents, f"... on {parent} {{ {selection} }}")
        found = [each for node in met if node for each in items(node["it"]) if each]
        if has_id and f"{parent}.{field}" not in THROUGH_PARENT:
            assert {each["id"] for each in found} <= matrix.seen(viewer, target), (parent, field)
        on: Any = getattr(source_of(declared), "on", None)
        if on is not None:
            rows = _rows_below(matrix, viewer, parent, target, on.key)
            assert len(found) <= rows, (parent, field)
            if not has_id:
                assert len(found) == rows, (parent, field)


def _rows_below(matrix: Matrix, viewer: Any, parent: str, target: str, on: str) -> int:
    """Return how many rows of a type the viewer may see below all the parents that he may see."""
    parents = {key for key, _ in matrix.rows(parent) if matrix.gid(parent, key) in matrix.seen(viewer, parent)}
    return sum(row[on] in parents and ROWS[target](viewer, row, matrix.world) for _, row in matrix.rows(target))


@pytest.mark.parametrize("name", GREEDY)
async def test_only_oneself_is_met_as_oneself(matrix: Matrix, name: str) -> None:
    viewer = GREEDY[name]
    document = "{ me { posts { role } sessions { nodes { id } } consents { nodes { id application { name } } } } }"

    me = (await matrix.data(viewer, document))["me"]

    known = viewer.person_id in matrix.world.rows["people"]
    assert (me is not None) is known
    if me is not None:
        assert {each["id"] for each in me["sessions"]["nodes"]} == matrix.seen(viewer, "BrowserSession")
        assert {each["id"] for each in me["consents"]["nodes"]} == matrix.seen(viewer, "Consent")
        assert [each["role"] for each in me["posts"]] == ["AUDITOR"]


@pytest.mark.parametrize("name", CALLERS)
async def test_a_field_that_needs_more_says_all_that_is_missing(matrix: Matrix, name: str) -> None:
    viewer = CALLERS[name]
    lookups = root_lookups(matrix)

    for coordinate, needed in needs(matrix.engine.graph).items():
        type_, _, field = coordinate.partition(".")
        if not needed or not field or type_ not in {"Query", *matrix.nodes}:
            continue
        selection = shown(field, matrix.named(type_).fields[field])
        if field in lookups and type_ == "Query":
            document = f"query ($id: ID!) {{ {field}(by: {{ id: $id }}) {{ __typename }} }}"
        elif type_ == "Query":
            document = f"{{ {selection} }}"
        else:
            document = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_} {{ {selection} }} }} }}"
        variables = {"id": matrix.absent(lookups.get(field, type_))} if "$id" in document else {}
        answer = orjson.loads(await matrix.bytes(viewer, document, **variables))

        missing = sorted(needed - viewer.scopes)
        told = answer.get("errors", [{"extensions": {}}])[0]["extensions"]
        assert told.get("missing", []) == missing, coordinate
        assert (told.get("code") in {"FORBIDDEN", "UNAUTHENTICATED"}) is bool(missing)


@pytest.mark.parametrize("name", CALLERS)
async def test_writing_to_what_is_another_s_is_answered_like_writing_to_nothing(matrix: Matrix, name: str) -> None:
    viewer = CALLERS[name]

    for mutation, (input_type, ids) in mutations(matrix).items():
        document = f"mutation ($input: {input_type.name}!) {{ it: {mutation}(input: $input) {{ "
        document += "errors { code path message { english } remedy { indonesian } } } }"
        for field, type_ in ids.items():
            for id_ in _not_to_write(matrix, viewer, type_, mutation):
                wish = least(input_type, lambda name, ids=ids: matrix.absent(ids.get(name, name.title())))
                answers = [
                    await matrix.bytes(viewer, document, input={**wish, field: each, "idempotencyKey": str(uuid4())})
                    for each in (id_, matrix.absent(type_))
                ]
                assert answers[0] == answers[1], (mutation, field)


def _not_to_write(matrix: Matrix, viewer: Viewer, type_: str, mutation: str) -> list[str]:
    """Return some rows that the viewer does not see, and some that he sees and that are another's to write."""
    if ROWS[type_] is everybody:
        return []
    seen = matrix.seen(viewer, type_)
    rows = [(matrix.gid(type_, key), row) for key, row in matrix.rows(type_)]
    hidden = [id_ for id_, _ in rows if id_ not in seen]
    others = [id_ for id_, row in rows if id_ in seen and _is_anothers(matrix, viewer, type_, row)]
    # Who sells writes to no course of his own, and officers write to all that is not on trial.
    free = mutation == "listCourse" or viewer.role is Role.OFFICER
    return hidden[:3] + ([] if free else others[:3])


def _is_anothers(matrix: Matrix, viewer: Viewer, type_: str, row: Row) -> bool:
    if type_ == "Listing":
        return not sells(viewer, row)
    if type_ in {"Course", "Run"}:
        return not teaches(viewer, row if type_ == "Course" else matrix.world.of("courses", row["course_id"]))
    return False
