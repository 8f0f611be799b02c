"""Asks the graph for every type, field and mutation, as written by its own schema."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from engine.run import Ask, Engine
from engine.sources import Listed, One, Pages, source_of
from rules.access import Viewer
from tests.graph.matrix.expected import ROWS, Row, World

NODES_MAX = 100


@dataclass(frozen=True, slots=True)
class Matrix:
    """The graph, and all rows that are behind it."""

    engine: Engine
    world: World

    def named(self, name: str) -> GraphQLObjectType:
        return cast("GraphQLObjectType", self.engine.graph.schema.type_map[name])

    @property
    def nodes(self) -> list[str]:
        """Types with ids."""
        return sorted(name for name, info in self.engine.graph.types.items() if info.code)

    def rows(self, type_: str) -> Sequence[tuple[UUID, Row]]:
        table = self.engine.graph.types[type_].table.name
        return list(self.world.rows[table].items())

    def gid(self, type_: str, key: UUID) -> str:
        return self.engine.graph.encoders[type_](key)

    def seen(self, viewer: Viewer, type_: str) -> set[str]:
        """Return the ids of what the viewer may see, as ``expected`` says."""
        held = self.engine.graph.types[type_].scopes <= viewer.scopes
        sees = ROWS[type_]
        rows = self.rows(type_) if held else ()
        return {self.gid(type_, key) for key, row in rows if sees(viewer, row, self.world)}

    def ids(self, type_: str) -> list[str]:
        return [self.gid(type_, key) for key, _ in self.rows(type_)]

    def hidden(self, viewer: Viewer, type_: str) -> list[str]:
        seen = self.seen(viewer, type_)
        return [id_ for id_ in self.ids(type_) if id_ not in seen]

    def absent(self, type_: str) -> str:
        return self.gid(type_, uuid4())

    async def bytes(self, viewer: Viewer, document: str, **variables: Any) -> bytes:
        return (await self.engine.answer(Ask(document, None, variables), viewer, "test")).body

    async def data(self, viewer: Viewer, document: str, **variables: Any) -> Any:
        answer = orjson.loads(await self.bytes(viewer, document, **variables))
        assert "errors" not in answer, (document, answer["errors"])
        return answer["data"]

    async def met(self, viewer: Viewer, ids: Sequence[str], shown: str = "id") -> list[Any]:
        """Return what ``nodes`` shows of any number of ids."""
        found: list[Any] = []
        for start in range(0, len(ids), NODES_MAX):
            some = list(ids[start : start + NODES_MAX])
            document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {shown} }} }}"
            found += (await self.data(viewer, document, ids=some))["nodes"]
        return found

    def all_fields(self, type_: str) -> str:
        return " ".join(shown(name, field) for name, field in self.named(type_).fields.items())

    def ways(self) -> Iterator[tuple[str, str, Any]]:
        """Give every field of a type with ids that leads to rows: the parent, the field, the type of the rows."""
        for parent in self.nodes:
            for name, field in self.named(parent).fields.items():
                target = target_of(field)
                if target in self.engine.graph.types:
                    yield parent, name, target


def named(type_: Any) -> Any:
    """Return a type without its lists and non-null marks."""
    return cast("Any", get_named_type(type_))


def target_of(field: Any) -> str:
    """Return the name of the type whose rows a field shows, seen through a connection."""
    type_ = named(field.type)
    if type_.name.endswith("Connection"):
        return named(type_.fields["nodes"].type).name
    return type_.name


def shown(name: str, field: Any, inner: str = "__typename") -> str:
    """Return the selection of a field, with ``inner`` of what it shows."""
    type_ = named(field.type)
    if is_leaf_type(type_):
        return name
    if type_.name.endswith("Connection"):
        return f"{name} {{ totalCount nodes {{ {inner} }} edges {{ node {{ {inner} }} }} }}"
    return f"{name} {{ {inner} }}"


def items(value: Any) -> list[Any]:
    """Return the objects that a field showed, whether it is one, a list or a connection."""
    if value is None:
        return []
    if isinstance(value, list):
        return cast("list[Any]", value)
    return value.get("nodes", [value])


def root_lists(matrix: Matrix) -> dict[str, str]:
    """Return the lists at the root and the types of their rows."""
    root = matrix.engine.graph.query.fields
    return {name: target_of(field) for name, field in root.items() if isinstance(source_of(field), (Pages, Listed))}


def root_lookups(matrix: Matrix) -> dict[str, str]:
    """Return the fields at the root that look one row up by an id, and its type."""
    root = matrix.engine.graph.query.fields
    return {
        name: target_of(field)
        for name, field in root.items()
        if isinstance(source_of(field), One) and "by" in field.args
    }


# What a mutation's input needs, as little as it may be.

PLAIN = {"String": "x", "Int": 1, "Boolean": False, "Float": 1.0, "DateTime": "2999-01-01T00:00:00Z",
         "Date": "2999-01-01", "Rupiah": "1", "URL": "https://a.example/", "RegionCode": "31"}  # fmt: skip
NAMED = {"session": "BrowserSession", "secret": "ClientSecret", "key": "ClientKey"}
"""Fields of inputs whose name is not that of their type."""


def id_field(mutation: str, field: str) -> str:
    """Return the type whose id a field of an input takes."""
    if field == "id":
        return next(word for word in ("Listing", "Run", "Course") if word in mutation)
    return NAMED.get(field, field[0].upper() + field[1:])


def mutations(matrix: Matrix) -> dict[str, tuple[GraphQLInputObjectType, dict[str, str]]]:
    """Return each mutation with its input, and the fields of that which take an id, with their types."""
    root = matrix.engine.graph.mutation
    assert root is not None
    found: dict[str, tuple[GraphQLInputObjectType, dict[str, str]]] = {}
    for name, field in root.fields.items():
        type_ = cast("GraphQLInputObjectType", named(field.args["input"].type))
        ids = {f: id_field(name, f) for f, each in type_.fields.items() if named(each.type).name == "ID"}
        found[name] = type_, ids
    return found


def least(type_: GraphQLInputObjectType, id_of: Callable[[str], str]) -> dict[str, Any]:
    """Return an input with what it must have; ids by the names of their fields."""
    fields: list[tuple[str, Any]] = [(name, field.type) for name, field in type_.fields.items()]
    return {
        name: _value(cast("Any", each).of_type, name, id_of)
        for name, each in fields
        if isinstance(each, GraphQLNonNull)
    }


def _value(type_: Any, name: str, id_of: Callable[[str], str]) -> Any:
    if isinstance(type_, GraphQLList):
        return []
    if isinstance(type_, GraphQLInputObjectType):
        return least(type_, id_of)
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if type_.name == "ID":
        return id_of(name)
    return str(uuid4()) if name == "idempotencyKey" else PLAIN[type_.name]
