"""Checks: what cannot work in a graph's declarations is refused when the program starts, by field and with a remedy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import eq
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_non_null_type
from sqlalchemy import BigInteger, BooleanClauseList, Table, UniqueConstraint, Uuid, select

from engine.graph import BadDeclarationError, Graph, TypeInfo, row_type, statement_condition
from engine.pages import CURSOR_KEYS, stored
from engine.selects import adapt, compiled
from engine.sources import Column, Computed, Edge, Key, Listed, Mutation, One, Pages, Source, scopes_of, source_of
from engine.symbols import symbolic_viewer

REMOVED_ON = re.compile(r"\bRemoved \d{4}-\d{2}-\d{2}\b")
"""A deprecation says when the field goes: clients plan by it."""

SCOPE = re.compile(r"[!#-\[\]-~]+")
"""What OAuth lets be a scope."""

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
    if not all(SCOPE.fullmatch(scope) for scope in info.scopes):
        raise BadDeclarationError(f"{info.name} needs what is no scope. Write words like 'courses:write', in a tuple.")
    if info.visible is not None:
        alias = info.table.alias()
        compiled(select(alias).where(adapt(info.visible(viewer), alias)))


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
        info = self.graph.types.get(self.type.name)
        self._place(source, info)
        self._scopes()
        if source is not None:
            self._by_source(source, info)

    def _place(self, source: Source | None, info: TypeInfo | None) -> None:
        """Refuse a source where nothing can be read from it."""
        root, writes = self.type is self.graph.query, self.type is self.graph.mutation
        if writes is not isinstance(source, Mutation):
            self._refuse("is not in its place: mutation() and nothing else stands in the mutation root. Move it")
        if source is None and (root or info is not None):
            self._refuse("does not say where it comes from. Declare it with column(), edge(), batched() or the like")
        definition = self.field.extensions.get("strawberry-definition")
        if source is None and getattr(definition, "base_resolver", None) is not None:
            self._refuse("has a resolver, but objects without a table give attributes. Make it an attribute")
        on, columns = getattr(source, "on", None), getattr(source, "columns", ())
        if info is None and (isinstance(source, (Key, Column, Computed, Edge)) or on is not None or columns):
            self._refuse("reads a row, but its type has no table. Give the type table=... and visible=...")
        if not root and on is None and isinstance(source, (Listed, One, Pages)):
            self._refuse("is of the whole graph, but stands on a type. Say on=..., or move it to the root")

    def _scopes(self) -> None:
        scopes = scopes_of(self.field)
        if scopes is None:
            self._refuse("does not say what it needs. Write scopes=(...), or scopes=PUBLIC for what anybody may do")
        if not all(SCOPE.fullmatch(scope) for scope in scopes or ()):
            self._refuse("needs what is no scope. Write words like 'courses:write', in a tuple")

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
        elif isinstance(source, Mutation) and is_non_null_type(self.field.type):
            self._refuse("may fail, and would take with it what other mutations did. Make it nullable")
        elif isinstance(source, One) and is_non_null_type(self.field.type):
            self._refuse("may find no row. Make it nullable")
        if isinstance(source, (Listed, One, Pages)):
            self._statement(source)
        if isinstance(source, (Listed, Pages)) and source.on is not None and info is not None:
            self._on(source.on.expression, info)
            self._index(source.on.expression)

    def _key(self, info: TypeInfo | None) -> None:
        if info is not None and (info.key is None or info.code is None or not isinstance(info.key.type, Uuid)):
            self._refuse("needs a table whose key is one column of UUIDs, and code=... on its type")

    def _column(self, expression: Any) -> None:
        named, sql_type = get_named_type(self.field.type).name, expression.type
        if named == "Int" and isinstance(sql_type, BigInteger):
            self._refuse("is bigint behind Int, which has 32 bits. Use a scalar of its own")
        kinds, python = _KINDS.get(named), _python_type(getattr(sql_type, "item_type", sql_type))
        if kinds is not None and python is not None and python not in kinds:
            self._refuse(f"is {python.__name__} behind {named}. Use the scalar or the column that fits")
        if is_non_null_type(self.field.type) and getattr(expression, "nullable", False):
            self._refuse("is a nullable column behind a non-null field. Make one of them fit the other")

    def _edge(self, source: Edge) -> None:
        relationship = source.relationship.property
        target = self.graph.info(self.field.type)
        if relationship.uselist or relationship.secondary is not None or not _only_keys(relationship):
            self._refuse("is no plain to-one relationship. Name one whose rows are found by their keys alone")
        if relationship.direction.name != "MANYTOONE" and not _one_each(relationship):
            self._refuse("may find several rows. Put a unique constraint on the column that points back")
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
            if getattr(plain(term), "modifier", None) is not None:
                self._refuse("says where NULLs stand, but no term of a page's order may be NULL. Leave it out")
            if _python_type(stored(plain(term).type)) not in CURSOR_KEYS:
                self._refuse(f"orders by {plain(term)}, of a type that cursors cannot hold. Order by text or a number")

    def _statement(self, source: Listed | One | Pages) -> None:
        """Call the statement function as a plan would: with nothing given, and with everything given."""
        table = self.graph.info(row_type(self.field.type)).table
        for wish in source.parameters.samples():
            condition = statement_condition(source.statement(self.viewer, **wish), table)
            if condition is not None:
                alias = table.alias()
                compiled(select(alias).where(adapt(condition, alias)))

    def _on(self, column: Any, parent: TypeInfo) -> None:
        target = self.graph.info(row_type(self.field.type))
        tables = [key.column.table for key in column.foreign_keys]
        if column.table is not target.table or tables != [parent.table]:
            self._refuse(f"is joined on {column}, which does not point from {target.name} to {parent.name}. Name one")

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


def _only_keys(relationship: Any) -> bool:
    """Whether nothing but the equality of keys decides which rows belong together: only that is joined."""
    joined = relationship.primaryjoin
    pairs = relationship.local_remote_pairs
    equal = list(joined.clauses) if isinstance(joined, BooleanClauseList) else [joined]
    return len(equal) == len(pairs) and all(getattr(each, "operator", None) is eq for each in equal)


def _one_each(relationship: Any) -> bool:
    """Whether the columns that point back are unique together."""
    remote = {column for _, column in relationship.local_remote_pairs}
    table = next(iter(remote)).table
    unique = [*_uniques(table), table.primary_key, *(index for index in table.indexes if index.unique)]
    return any(set(keys.columns) and set(keys.columns) <= remote for keys in unique) or any(
        column.unique for column in remote
    )


_KINDS: dict[str, set[type]] = {
    "String": {str},
    "ID": {str},
    "Int": {int},
    "Float": {float, int, Decimal},
    "Boolean": {bool},
}
"""The Python types of the columns that GraphQL's own scalars can show."""


def _python_type(sql_type: Any) -> type | None:
    try:
        return sql_type.python_type
    except NotImplementedError:
        return None


def plain(term: Any) -> Any:
    """Return an order term without its direction, as a SQL expression."""
    expression = getattr(term, "expression", term)
    return getattr(expression, "element", expression) if getattr(expression, "modifier", None) else expression
