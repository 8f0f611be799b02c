"""The graph: a Strawberry schema whose fields say where they come from, checked once when the program starts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import strawberry
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_non_null_type,
)
from sqlalchemy import BigInteger, Table, inspect

from engine import ids
from engine.sources import EVERYONE, Column, Computed, Edge, Key, One, Pages, Source, key, source_of

REMOVED_ON = re.compile(r"\bRemoved \d{4}-\d{2}-\d{2}\b")
"""A deprecation says when the field goes: clients plan by it."""


class Row:
    """Mixin of types that show a table's rows: ``class Course(Node, table=rows.Course, visible=rule, code="Co")``."""

    engine_table: ClassVar[Any] = None
    engine_visible: ClassVar[Any] = None
    engine_code: ClassVar[str | None] = None

    def __init_subclass__(cls, *, table: Any = None, visible: Any = None, code: str | None = None) -> None:
        """Note the table, the row rule and the letters that begin the type's ids.

        Args:
            table: The mapped class whose rows the type shows.
            visible: A function of the viewer that returns a SQL condition, or ``EVERYONE``.
            code: Two ASCII letters, unique in the graph and never changed: they are in every id that clients keep.
        """
        super().__init_subclass__()
        if table is not None:
            cls.engine_table, cls.engine_visible, cls.engine_code = table, visible, code


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


class Graph:
    """A schema with its sources. Built once; raises BadDeclarationError for what could only fail later."""

    def __init__(self, schema: strawberry.Schema, viewer: Any) -> None:
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001 - the GraphQL-core schema has no public name
        query = self.schema.query_type
        assert query is not None, "a graph has a Query"
        self.query: GraphQLObjectType = query
        self.types = dict(self._table_types())
        self.codes = {info.code: info for info in self.types.values() if info.code}
        self.encoders = {info.name: ids.encoder(info.code) for info in self.types.values() if info.code}
        self.decoders = {info.name: ids.decoder(info.code, info.name) for info in self.types.values() if info.code}
        for type_, name, field in self._fields():
            _Check(self, type_, name, field, viewer).run()

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
            yield name, TypeInfo(name, model, model.__table__, key_column, rule, origin.engine_code)

    def _fields(self) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
        for type_ in self.schema.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                for name, field in type_.fields.items():
                    yield type_, name, field

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


def bare(type_: Any) -> Any:
    """Return the type without its non-null mark."""
    return type_.of_type if is_non_null_type(type_) else type_


@dataclass(frozen=True, slots=True)
class _Check:
    """The start-up checks of one field."""

    graph: Graph
    type: GraphQLObjectType
    name: str
    field: GraphQLField
    viewer: Any

    def run(self) -> None:
        self._deprecation()
        source = source_of(self.field)
        if source is None:
            return
        info = self.graph.types.get(self.type.name)
        needs_row = isinstance(source, (Key, Column, Computed, Edge)) or getattr(source, "on", None) is not None
        if needs_row and info is None:
            self._refuse("reads a row, but its type has no table. Give the type table=... and visible=...")
        self._by_source(source, info)

    def _by_source(self, source: Source, info: TypeInfo | None) -> None:
        if isinstance(source, Key):
            self._key(info)
        elif isinstance(source, Column):
            self._column(source.expression)
        elif isinstance(source, Edge):
            self._edge(source)
        elif isinstance(source, Pages):
            for member in source.orders:
                self._order(member.value)
        elif isinstance(source, One) and is_non_null_type(self.field.type):
            self._refuse("may find no row. Make it nullable")

    def _key(self, info: TypeInfo | None) -> None:
        if info is not None and (info.key is None or info.code is None):
            self._refuse("needs a table with a one-column key, and code=... on its type")

    def _column(self, expression: Any) -> None:
        if get_named_type(self.field.type).name == "Int" and isinstance(expression.type, BigInteger):
            self._refuse("is bigint behind Int, which has 32 bits. Use a scalar of its own")
        if is_non_null_type(self.field.type) and getattr(expression, "nullable", False):
            self._refuse("is a nullable column behind a non-null field. Make one of them fit the other")

    def _edge(self, source: Edge) -> None:
        relationship = source.relationship.property
        target = self.graph.info(self.field.type)
        optional = (
            any(column.nullable for column in relationship.local_columns) or relationship.direction.name != "MANYTOONE"
        )
        ruled = target.visible is not None and not source.with_parent
        if is_non_null_type(self.field.type) and (optional or ruled):
            self._refuse("may be missing or hidden by its type's row rule. Make it nullable, or say with_parent=True")

    def _order(self, terms: tuple[Any, ...]) -> None:
        info = self.graph.info(_row_type(self.field.type))
        last = plain(terms[-1])
        if info.key is None or not last.shares_lineage(info.key):
            self._refuse(f"needs an order whose last term is the primary key of {info.name}, or pages skip rows")
        for term in terms:
            if getattr(plain(term), "nullable", False):
                self._refuse(
                    f"orders by {plain(term)}, which may be NULL. Order by coalesce(...) with an index of its own"
                )

    def _deprecation(self) -> None:
        reason = self.field.deprecation_reason
        if reason is not None and not REMOVED_ON.search(reason):
            self._refuse("is deprecated without a date. End the reason with 'Removed YYYY-MM-DD.'")

    def _refuse(self, problem: str) -> None:
        raise BadDeclarationError(f"{self.type.name}.{self.name} {problem}.")


def plain(term: Any) -> Any:
    """Return an order term without its direction, as a SQL expression."""
    expression = getattr(term, "expression", term)
    return getattr(expression, "element", expression) if getattr(expression, "modifier", None) else expression


def _row_type(type_: GraphQLOutputType) -> GraphQLOutputType:
    """Return the row type behind a list or a connection."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType) and "edges" in named.fields and "pageInfo" in named.fields:
        return named.fields["nodes"].type
    return type_


def statement_condition(statement: Any, table: Table) -> Any | None:
    """Return the WHERE of a statement function's select; refuse what cannot be moved to an alias.

    Raises:
        BadDeclarationError: when the select joins, groups, limits or reads another table.
    """
    froms = statement.get_final_froms()
    unfit = (
        froms != [table]
        or statement._group_by_clauses  # noqa: SLF001
        or statement._limit_clause is not None  # noqa: SLF001
        or statement._order_by_clauses  # noqa: SLF001
    )
    if unfit:
        raise BadDeclarationError(f"A statement over {table.name} may only have a WHERE; write joins as exists(...).")
    return statement.whereclause
