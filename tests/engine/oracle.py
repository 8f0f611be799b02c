"""The oracle: graphql-core's own executor over a graph's declarations, one plain statement for each question.

It plans nothing: every column is read by a select of its own over the un-aliased table, rows are matched, narrowed by
their row rule, ordered and paged as Python lists, and batched functions get one key at a time. What it answers is what
``engine.run.Engine`` must answer.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    TypeInfoVisitor,
    Visitor,
    execute_sync,
    get_named_type,
    is_abstract_type,
    parse,
    validate,
    visit,
)
from graphql import TypeInfo as TypeInfo_
from sqlalchemy import BindParameter, Uuid, literal, select, type_coerce
from sqlalchemy.types import NullType

from engine.errors import Code, Rejected
from engine.graph import Graph, TypeInfo, row_type
from engine.pages import Cursors, term_of, window
from engine.slots import type_name
from engine.sources import Batched, Column, Computed, Edge, Key, Listed, Mutation, One, Pages, Ref, scopes_of, source_of
from engine.symbols import without_none


class Database(Protocol):
    """What the oracle needs of the world, as plain calls."""

    def rows(self, statement: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a SQLAlchemy statement."""
        ...

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what a coroutine comes to."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a type's table, by its whole primary key."""

    type: str
    key: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer must be: data, and for each error its path (none for a request error) and original."""

    data: dict[str, Any] | None
    errors: list[tuple[tuple[str | int, ...] | None, Exception]]


class Oracle:
    """Answers operations of one graph."""

    def __init__(self, schema: strawberry.Schema, database: Database, cursors: Cursors, services: Any = None) -> None:
        """Take over ``schema``, which must be nobody else's: its resolvers are replaced."""
        self._services = services
        self.graph = Graph(schema)
        self._database = database
        self._cursors = cursors
        for type_ in self.graph.schema.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                type_.is_type_of = None
                for field in type_.fields.values():
                    field.resolve = _resolve
            elif is_abstract_type(type_):
                type_.resolve_type = lambda found, *_: found.type if isinstance(found, Row) else type_name(found)

    @property
    def schema(self) -> GraphQLSchema:
        """The schema with the oracle's resolvers."""
        return self.graph.schema

    def answer(
        self, document: str, viewer: Any, variables: dict[str, Any] | None = None, name: str | None = None
    ) -> Verdict:
        """Answer one operation for a viewer."""
        ast = parse(document)
        if invalid := validate(self.schema, ast):
            return Verdict(None, [(None, error) for error in invalid])
        if refusal := refused(self.graph, ast, viewer):
            return Verdict(None, [(None, refusal)])
        inquiry = Inquiry(self.graph, self._database, self._cursors, viewer, self._services)
        result = execute_sync(self.schema, ast, context_value=inquiry, variable_values=variables, operation_name=name)
        errors = [
            (None if error.path is None else tuple(error.path), error.original_error or error)
            for error in result.errors or ()
        ]
        return Verdict(result.data, errors)


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    return info.context.resolve(source, info, arguments)


def refused(graph: Graph, ast: DocumentNode, viewer: Any) -> Rejected | None:
    """Return the refusal of a viewer who lacks a scope, judged field by field as they stand in the text."""
    types = TypeInfo_(graph.schema)
    needed: set[str] = set()

    class Reading(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            parent, field = types.get_parent_type(), types.get_field_def()
            if isinstance(node, (InlineFragmentNode, FragmentDefinitionNode)):
                needed.update(_scopes_of_type(graph, get_named_type(types.get_type())))
            if isinstance(node, FieldNode) and parent is not None and field is not None:
                types_: list[Any] = list(
                    graph.schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
                )
                for type_ in types_:
                    concrete = type_.fields.get(node.name.value)
                    own = set() if concrete is None else set(scopes_of(concrete) or ())
                    needed.update(own - _scopes_of_type(graph, type_) if type_ is not parent else own)
                needed.update(_scopes_of_type(graph, get_named_type(row_type(field.type))))

    visit(ast, TypeInfoVisitor(types, Reading()))
    return Rejected(Code.FORBIDDEN, "lacking") if needed - viewer.scopes else None


def _scopes_of_type(graph: Graph, type_: Any) -> frozenset[str]:
    info = graph.types.get(type_.name)
    return frozenset() if info is None else info.scopes


class Inquiry:
    """One operation while it is answered; a statement is sent once in it."""

    def __init__(self, graph: Graph, database: Database, cursors: Cursors, viewer: Any, services: Any) -> None:
        self._graph = graph
        self._database = database
        self._cursors = cursors
        self._viewer = _bound_viewer(viewer)
        self._scopes = viewer.scopes
        self._run = SimpleNamespace(graph=graph, viewer=viewer, scopes={}, services=services)
        self._known: dict[Any, Any] = {}
        self._kept: list[Any] = []

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]) -> Any:
        """Return the value of one field."""
        field = info.parent_type.fields[info.field_name]
        declared = source_of(field)
        match declared:
            case Key():
                return self._graph.encoders[source.type](source.key[0])
            case Column():
                return self._value(source, declared.expression)
            case Computed():
                return declared.function(*[self._value(source, column) for column in declared.columns])
            case Edge():
                return self._edge(source, declared, self._graph.info(field.type))
            case One():
                return next(iter(self._rows(declared, self._graph.info(field.type), arguments, ())), None)
            case Listed():
                target = self._graph.info(field.type)
                order = (*declared.order, *target.table.primary_key)
                rows = self._rows(declared, target, arguments, order)
                return self._children(rows, declared.on, source)[: declared.at_most]
            case Pages():
                return self._page(source, declared, info, arguments)
            case Batched():
                return self._found(self._batched(source, declared, arguments), get_named_type(field.type))
            case Mutation():
                return self._written(declared, arguments)
            case _:
                return self._attribute(source, field, info.field_name)

    def _written(self, mutation: Mutation, arguments: dict[str, Any]) -> Any:
        self._known.clear()
        wish = mutation.parameters.read(arguments, self._graph.decoders)(None)
        return self._database.call(mutation.function(self._run, **wish))

    def _attribute(self, source: Any, field: Any, name: str) -> Any:
        if isinstance(source, dict):
            return source[name]
        attribute = field.extensions["strawberry-definition"].python_name
        return self._found(getattr(source, attribute), get_named_type(field.type))

    # Columns: one select of a whole table for each

    def _column(self, table: Any, expression: Any) -> dict[tuple[Any, ...], Any]:
        """Return an expression's value for every row of a table."""
        known = (table.name, id(expression))
        if known not in self._known:
            self._kept.append(expression)
            keys = list(table.primary_key)
            rows = self._database.rows(select(*keys, expression).select_from(table))
            self._known[known] = {tuple(row[:-1]): row[-1] for row in rows}
        return self._known[known]

    def _value(self, row: Row, expression: Any) -> Any:
        return self._column(self._graph.types[row.type].table, expression)[row.key]

    def _visible(self, info: TypeInfo) -> set[tuple[Any, ...]]:
        """Return the keys of the rows that the viewer may see."""
        known = ("visible", info.name)
        if known not in self._known:
            statement = select(*info.table.primary_key)
            if info.visible is not None:
                statement = statement.where(info.visible(self._viewer))
            self._known[known] = {tuple(row) for row in self._database.rows(statement)}
        return self._known[known]

    def _edge(self, row: Row, edge: Edge, target: TypeInfo) -> Row | None:
        pairs = edge.relationship.property.local_remote_pairs
        wanted = [self._value(row, local) for local, _ in pairs]
        for key in self._column(target.table, target.table.primary_key.columns[0]):
            there = Row(target.name, key)
            if wanted == [self._value(there, remote) for _, remote in pairs] and None not in wanted:
                return there if edge.with_parent or key in self._visible(target) else None
        return None

    # Lists

    def _rows(
        self, source: Listed | One | Pages, target: TypeInfo, arguments: dict[str, Any], order: Sequence[Any]
    ) -> list[Row]:
        """Return the rows that a statement function describes and the viewer may see, in order."""
        wish = source.parameters.read(arguments, self._graph.decoders)(None)
        statement = source.statement(self._viewer, **{name: _bound(value) for name, value in wish.items()})
        statement = statement.with_only_columns(*target.table.primary_key).order_by(*order)
        visible = self._visible(target)
        keys = (tuple(row) for row in self._database.rows(statement))
        return [Row(target.name, key) for key in keys if key in visible]

    def _children(self, rows: list[Row], on: Any, parent: Row | None) -> list[Row]:
        if on is None:
            return rows
        assert parent is not None
        (foreign_key,) = on.expression.foreign_keys
        wanted = self._value(parent, foreign_key.column)
        return [row for row in rows if self._value(row, on) == wanted]

    def _page(
        self, parent: Row | None, source: Pages, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        field = info.parent_type.fields[info.field_name]
        target = self._graph.info(get_named_type(field.type).fields["nodes"].type)
        order = arguments["orderBy"]
        view = window(f"{info.parent_type.name}.{info.field_name}", arguments, order)
        scope, size = view.scope(self._run), view.size(self._run)
        terms = [type_coerce(term_of(term, lambda clause: clause).expression, NullType()) for term in order.value]

        def cursor(row: Row) -> str:
            return self._cursors.write(scope, tuple(self._value(row, term) for term in terms))

        rows = self._children(self._rows(source, target, arguments, order.value), source.on, parent)
        before, after = self._around(target, order, scope, arguments.get("before") or arguments.get("after"))
        rest = [row for row in rows if row not in before] if not view.backward else rows
        rest = [row for row in rest if row not in after] if view.backward and view.from_cursor else rest
        page = rest[len(rest) - min(size, len(rest)) :] if view.backward else rest[:size]
        beyond = len(rest) > size
        return {
            "nodes": page,
            "edges": [{"cursor": cursor(row), "node": row} for row in page],
            "totalCount": len(rows),
            "pageInfo": {
                "hasNextPage": view.from_cursor if view.backward else beyond,
                "hasPreviousPage": beyond if view.backward else view.from_cursor,
                "startCursor": cursor(page[0]) if page else None,
                "endCursor": cursor(page[-1]) if page else None,
            },
        }

    def _around(self, target: TypeInfo, order: Enum, scope: bytes, cursor: str | None) -> tuple[set[Row], set[Row]]:
        """Return the rows up to a cursor's row and those from it on, whoever may see them."""
        if cursor is None:
            return set(), set()
        # Only the last key is needed: it is the primary key of a row that is still there.
        key = UUID(self._cursors.read(scope, cursor, [str] * len(order.value))[-1])
        statement = select(*target.table.primary_key).order_by(*order.value)
        rows = [Row(target.name, tuple(row)) for row in self._database.rows(statement)]
        at = rows.index(Row(target.name, (key,)))
        return set(rows[: at + 1]), set(rows[at:])

    # Batched functions

    def _batched(self, row: Row | None, source: Batched, arguments: dict[str, Any]) -> Any:
        values = tuple(self._value(row, column) for column in source.columns) if row is not None else ()
        key: Any = next(iter(values)) if len(source.columns) == 1 else values
        wish = source.parameters.read(arguments, self._graph.decoders)(None)
        (value,) = self._database.call(source.function(self._run, [key], **wish))
        return value

    def _found(self, value: Any, named: Any) -> Any:
        """Return a value with its references replaced by rows: only what exists, fits and may be seen."""
        if isinstance(value, list):
            return [self._found(item, named) for item in value]
        if not isinstance(value, Ref):
            return value
        info = self._graph.types[value.type]
        if not info.scopes <= self._scopes:
            return None
        type_ = self.schema_type(value.type)
        fits = type_ is named or (is_abstract_type(named) and self._graph.schema.is_sub_type(named, type_))
        return Row(value.type, (value.key,)) if fits and (value.key,) in self._visible(info) else None

    def schema_type(self, name: str) -> Any:
        """Return a type by its name."""
        return self._graph.schema.type_map[name]


def _bound_viewer(viewer: Any) -> Any:
    """Return the viewer with a parameter for each key and text, NULL for one that is lacking."""
    values = {field.name: getattr(viewer, field.name) for field in fields(viewer)}
    bound = {name: BindParameter(None, None, type_=Uuid(), unique=True) for name in values if values[name] is None}
    return without_none(type(viewer))(**{name: _bound(value) for name, value in values.items()} | bound)


def _bound(value: Any) -> Any:
    """Return a value as a statement function gets it: what may shape a statement is real, the rest is a parameter."""
    if value is None or isinstance(value, (bool, Enum, frozenset)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _bound(getattr(value, field.name)) for field in fields(value)})
    if isinstance(value, list):
        words = [item.value if isinstance(item, Enum) else item for item in value]
        return BindParameter(None, words, type_=NullType(), unique=True)
    return literal(value)
