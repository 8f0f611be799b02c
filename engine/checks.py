"""Checks: what cannot work in a graph's declarations is refused when the program starts, by field and with a remedy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLOutputType, get_named_type, is_non_null_type
from sqlalchemy import BigInteger, Table, UniqueConstraint

from engine.graph import BadDeclarationError, Graph, TypeInfo, statement_condition
from engine.sources import Column, Computed, Edge, Key, Listed, One, Pages, Source, source_of
from engine.symbols import symbolic_viewer

REMOVED_ON = re.compile(r"\bRemoved \d{4}-\d{2}-\d{2}\b")
"""A deprecation says when the field goes: clients plan by it."""

CODE = re.compile(r"[A-Z][a-z]")


def check(graph: Graph, viewer: Any) -> None:
    """Check every declaration; row rules and statement functions are tried with ``viewer``.

    Raises:
        BadDeclarationError: for the first one that cannot work.
    """
    seen: dict[str, str] = {}
    symbolic = symbolic_viewer(viewer)
    for info in graph.types.values():
        _check_type(info, seen, symbolic)
    for type_, name, field in graph.fields():
        Check(graph, type_, name, field, symbolic).run()


def _check_type(info: TypeInfo, seen: dict[str, str], viewer: Any) -> None:
    if info.code is not None and (not CODE.fullmatch(info.code) or info.code in seen):
        raise BadDeclarationError(f"{info.name} needs a code of its own, like 'Co': a capital and a small letter.")
    if info.code is not None:
        seen[info.code] = info.name
    if info.visible is not None:
        info.visible(viewer)


@dataclass(frozen=True, slots=True)
class Check:
    """The checks of one field."""

    graph: Graph
    type: GraphQLObjectType
    name: str
    field: GraphQLField
    viewer: Any

    def run(self) -> None:
        """Refuse what cannot work."""
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
        if isinstance(source, (Listed, One, Pages)):
            self._statement(source)
        if isinstance(source, (Listed, Pages)) and source.on is not None:
            self._index(source.on.expression)

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
        info = self.graph.info(row_type(self.field.type))
        last = plain(terms[-1])
        if info.key is None or not last.shares_lineage(info.key):
            self._refuse(f"needs an order whose last term is the primary key of {info.name}, or pages skip rows")
        for term in terms:
            if getattr(plain(term), "nullable", False):
                self._refuse(
                    f"orders by {plain(term)}, which may be NULL. Order by coalesce(...) with an index of its own"
                )

    def _statement(self, source: Listed | One | Pages) -> None:
        """Call the statement function as a plan would: with nothing given, and with everything given."""
        table = self.graph.info(row_type(self.field.type)).table
        for wish in source.parameters.samples():
            statement_condition(source.statement(self.viewer, **wish), table)

    def _index(self, column: Any) -> None:
        table = column.table
        leading = [
            next(iter(keys.columns)) for keys in (*table.indexes, table.primary_key, *_uniques(table)) if keys.columns
        ]
        if not any(first.shares_lineage(column) for first in leading):
            self._refuse(f"is joined on {column}, which leads no index. Add one, or each parent reads the whole table")

    def _deprecation(self) -> None:
        reason = self.field.deprecation_reason
        if reason is not None and not REMOVED_ON.search(reason):
            self._refuse("is deprecated without a date. End the reason with 'Removed YYYY-MM-DD.'")

    def _refuse(self, problem: str) -> None:
        raise BadDeclarationError(f"{self.type.name}.{self.name} {problem}.")


def _uniques(table: Table) -> Iterator[UniqueConstraint]:
    return (constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint))


def plain(term: Any) -> Any:
    """Return an order term without its direction, as a SQL expression."""
    expression = getattr(term, "expression", term)
    return getattr(expression, "element", expression) if getattr(expression, "modifier", None) else expression


def row_type(type_: GraphQLOutputType) -> GraphQLOutputType:
    """Return the row type behind a list or a connection."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType) and "edges" in named.fields and "pageInfo" in named.fields:
        return named.fields["nodes"].type
    return type_
