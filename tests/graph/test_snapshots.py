"""The committed schema files say what the code does, and releases are not broken silently."""

import tomllib
from pathlib import Path

import pytest
import strawberry

from engine.evolution import breaking_changes
from schema.graph import build, public_sdl, subgraph_sdl
from schema.scopes import scopes_page

SCHEMA = Path(__file__).parent.parent.parent / "schema"


@pytest.fixture(scope="module")
def graph() -> strawberry.Schema:
    return build()


def test_the_committed_schema_is_the_schema_of_the_code(graph: strawberry.Schema) -> None:
    committed = (SCHEMA / "schema.graphql").read_text(encoding="utf-8")

    assert committed == public_sdl(graph), "run 'bekal schema export' and commit what it writes"


def test_the_committed_subgraph_is_the_subgraph_of_the_code(graph: strawberry.Schema) -> None:
    committed = (SCHEMA / "subgraph.graphql").read_text(encoding="utf-8")

    assert committed == subgraph_sdl(graph), "run 'bekal schema export' and commit what it writes"


def test_the_page_on_scopes_is_that_of_the_code(graph: strawberry.Schema) -> None:
    committed = (SCHEMA.parent / "docs" / "scopes.md").read_text(encoding="utf-8")

    assert committed == scopes_page(graph), "run 'bekal schema export' and commit what it writes"


def test_what_breaks_clients_of_the_last_release_is_declared(graph: strawberry.Schema) -> None:
    released = (SCHEMA / "released.graphql").read_text(encoding="utf-8")
    declared = tomllib.loads((SCHEMA / "changes.toml").read_text(encoding="utf-8")).get("breaking", {})

    changes = {str(change) for change in breaking_changes(released, public_sdl(graph))}

    assert changes - declared.keys() == set(), "declare it in schema/changes.toml with its reason, or do not break it"
    assert declared.keys() - changes == set(), "schema/changes.toml declares what is not so (any more)"


BEFORE = """
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @listSize(assumedSize: Int) on FIELD_DEFINITION
type Query {
  open: Int
  closed: Int @requiresScopes(scopes: [["a:read"]])
  count: Int @cost(weight: 10)
  list: [Int] @listSize(assumedSize: 10)
}
"""


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("  open: Int\n", "", "FIELD_REMOVED: Field Query.open was removed."),
        (
            "  open: Int\n",
            '  open: Int @requiresScopes(scopes: [["b:read"]])\n',
            "SCOPES_CHANGED: Query.open needs b:read, not no scope.",
        ),
        ('[["a:read"]]', '[["a:read", "b:read"]]', "SCOPES_CHANGED: Query.closed needs a:read+b:read, not a:read."),
        ("weight: 10", "weight: 20", "COST_RAISED: Query.count has weight 20, not 10."),
        ("assumedSize: 10", "assumedSize: 11", "COST_RAISED: Query.list has assumedSize 11, not 10."),
    ],
)
def test_a_breaking_change_is_found_scopes_and_costs_included(old: str, new: str, change: str) -> None:
    changes = breaking_changes(BEFORE, BEFORE.replace(old, new))

    assert [str(each) for each in changes] == [change]


def test_what_only_adds_or_cheapens_breaks_nothing() -> None:
    after = BEFORE.replace("  open: Int\n", "  open: Int\n  more: Int\n").replace("weight: 10", "weight: 5")

    assert breaking_changes(BEFORE, after) == []


@pytest.mark.parametrize("relaxed", ['[["a:read"], ["b:read"]]', "[[]]"])
def test_a_field_that_opens_to_more_scopes_breaks_nobody(relaxed: str) -> None:
    assert breaking_changes(BEFORE, BEFORE.replace('[["a:read"]]', relaxed)) == []
