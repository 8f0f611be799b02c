"""The graph: a Strawberry schema whose fields say where they come from, checked once when the program starts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_non_null_type,
)
from sqlalchemy import Table, inspect

from engine import ids
from engine.sources import EVERYONE, key


class Row:
    """Mixin of types that show a table's rows: ``class Course(Node, table=rows.Course, visible=rule, code="Co")``."""

    engine_table: ClassVar[Any] = None
    engine_visible: ClassVar[Any] = None
    engine_code: ClassVar[str | None] = None
    engine_scopes: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls, *, table: Any = None, visible: Any = None, code: str | None = None, scopes: Sequence[str] = ()
    ) -> None:
        """Note the table, the row rule and the letters that begin the type's ids.

        Args:
            table: The mapped class whose rows the type shows.
            visible: A function of the viewer that returns a SQL condition, or ``EVERYONE``.
            code: Two ASCII letters, unique in the graph and never changed: they are in every id that clients keep.
            scopes: What the caller must hold to read any of it, all of them, on whatever way.
        """
        super().__init_subclass__()
        if table is not None:
            cls.engine_table, cls.engine_visible, cls.engine_code = table, visible, code
            assert not isinstance(scopes, str), f"{scopes}: put scopes in a tuple"
            cls.engine_scopes = tuple(map(str, scopes))


@strawberry.interface(description="Anything that has an id and can be read again by it through `node`.")
class Node(Row):
    """Relay's interface."""

    id: strawberry.ID = key(description="Names this object in the whole graph; opaque, never changes.")


class BadDeclarationError(Exception):
    """The graph does not start: the message names the type or field, what is wrong with it and what to write."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What the planner knows of an object type with a table."""

    name: str
    model: Any
    table: Table
    key: Any
    visible: Callable[[Any], Any] | None
    """The row rule as SQL over the un-aliased table, or None when everyone sees every row."""
    code: str | None
    scopes: frozenset[str]


class Graph:
    """A schema with its sources, indexed for the planner. ``engine.checks`` finds what cannot work in it."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001 - the GraphQL-core schema has no public name
        for type_ in self.schema.type_map.values():
            if isinstance(type_, GraphQLInputObjectType):
                _mark_one_of(type_)
        query = self.schema.query_type
        assert query is not None, "a graph has a Query"
        self.query: GraphQLObjectType = query
        self.mutation: GraphQLObjectType | None = self.schema.mutation_type
        self.types = dict(self._table_types())
        self.codes = {info.code: info for info in self.types.values() if info.code}
        self.encoders = {info.name: ids.encoder(info.code) for info in self.types.values() if info.code}
        self.decoders = {info.name: ids.decoder(info.code, info.name) for info in self.types.values() if info.code}

    def _table_types(self) -> Iterator[tuple[str, TypeInfo]]:
        for name, type_ in self.schema.type_map.items():
            definition = type_.extensions.get("strawberry-definition")
            origin: Any = getattr(definition, "origin", None)
            model = getattr(origin, "engine_table", None)
            if not isinstance(type_, GraphQLObjectType) or model is None:
                continue
            visible = origin.engine_visible
            if visible is None:
                raise BadDeclarationError(f"{name} has no row rule. Write visible=..., or visible=EVERYONE.")
            primary = inspect(model).primary_key
            key_column = primary[0] if len(primary) == 1 else None
            rule = None if visible == EVERYONE else visible
            yield (
                name,
                TypeInfo(
                    name, model, model.__table__, key_column, rule, origin.engine_code, frozenset(origin.engine_scopes)
                ),
            )

    def fields(self) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
        """Give every field of every object type, with its type and name."""
        for type_ in self.schema.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                for name, field in type_.fields.items():
                    yield type_, name, field

    def root(self, operation: OperationDefinitionNode) -> GraphQLObjectType:
        """Return the type in which an operation begins."""
        root = self.schema.get_root_type(operation.operation)
        assert root is not None, "documents are valid"
        return root

    def info(self, type_: GraphQLOutputType) -> TypeInfo:
        """Return the table behind a type, seen through lists and non-null marks."""
        return self.types[get_named_type(type_).name]

    def refs(self, text: str) -> tuple[str, Any] | None:
        """Return the type name and key that a global id names, or None when no type has its code.

        Raises:
            Rejected: BAD_ID, when the id is malformed.
        """
        code, key_ = ids.split(text)
        info = self.codes.get(code)
        return None if info is None else (info.name, key_)


def _mark_one_of(type_: GraphQLInputObjectType) -> None:
    """Let graphql-core know an input of which exactly one field is given.

    Strawberry checks it by a converter, too late for validation and unseen in the SDL.
    """
    definition = type_.extensions.get("strawberry-definition")
    if getattr(definition, "is_one_of", False):
        type_.is_one_of = True
        type_.out_type = GraphQLInputObjectType.out_type


def row_type(type_: GraphQLOutputType) -> GraphQLOutputType:
    """Return the row type behind a list or a connection."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType) and "edges" in named.fields and "pageInfo" in named.fields:
        return named.fields["nodes"].type
    return type_


def bare(type_: Any) -> Any:
    """Return the type without its non-null mark."""
    return type_.of_type if is_non_null_type(type_) else type_


def statement_condition(statement: Any, table: Table) -> Any | None:
    """Return the WHERE of a statement function's select; refuse what cannot be moved to an alias.

    Raises:
        BadDeclarationError: when the select joins, groups, limits or reads another table.
    """
    froms = statement.get_final_froms()
    clauses = ("_group_by_clauses", "_having_criteria", "_order_by_clauses", "_distinct", "_for_update_arg")
    limited = statement._limit_clause is not None or statement._offset_clause is not None  # noqa: SLF001
    if froms != [table] or limited or any(getattr(statement, clause) for clause in clauses):
        raise BadDeclarationError(f"A statement over {table.name} may only have a WHERE; write joins as exists(...).")
    return statement.whereclause
