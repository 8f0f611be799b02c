"""Plans: one document, one operation, one shape of variables and viewer become SQL and a function, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy import Integer, any_, func, select

from engine.failures import guard, lenient, strict, write_leaf
from engine.functions import Function, Writing
from engine.graph import BadDeclarationError, Graph, TypeInfo
from engine.pages import Cursors, Window, after, position, term_of, window
from engine.selects import KEYS, Joined, Level, Statement, adapt, compiled, narrowed
from engine.shapes import Constant, First, Hold, Leaf, Many, Page, PagePart, Record, Shape
from engine.slots import Attributes, Completion, Items, Leaves, References, Required, Slot
from engine.sources import Batched, Column, Computed, Edge, Key, Listed, One, Pages, source_of
from engine.symbols import Parameter, Symbol

Details = list[FieldDetails]


@dataclass(slots=True)
class Plan:
    """How one operation is answered. ``slots`` and ``windows`` grow when a type is first read by key."""

    statement: Statement | None
    function: Function
    slots: list[Slot]
    windows: list[Window]
    introspection: dict[str, list[FieldNode]] = field(default_factory=dict[str, list[FieldNode]])
    readers: list["ByKeys"] = field(default_factory=list["ByKeys"])


@dataclass(slots=True)
class ByKeys:
    """A planned statement that reads rows of one type by their keys."""

    statement: Statement
    function: Function

    async def read(self, run: Any, keys: list[Any]) -> dict[Any, Any]:
        """Return the objects that were found, by key."""
        run.keys = keys
        rows = await run.fetch(self.statement)
        return run.build(self.function, rows)


class Planner:
    """Makes one plan. Variables and viewer are symbolic: see ``engine.symbols``."""

    def __init__(
        self,
        graph: Graph,
        cursors: Cursors,
        fragments: dict[str, FragmentDetails],
        operation: OperationDefinitionNode,
        variables: VariableValues,
        viewer: Any,
    ) -> None:
        self._graph = graph
        self._cursors = cursors
        self._fragments = fragments
        self._operation = operation
        self._variables = variables
        self._viewer = viewer
        self._windows: list[Window] = []
        self._slots: list[Slot] = []
        self._readers: list[ByKeys] = []
        self._root_rows: list[tuple[Level, Many | First | Page, Any | None]] = []

    def plan(self) -> Plan:
        """Return the plan of the operation."""
        root = self._graph.query
        assert root is not None
        record, introspection = Record(), {}
        for key, name, field_, details in self._fields_of_operation(root):
            if name == "__typename":
                record.fields[key] = Constant(root.name)
            elif name.startswith("__"):
                record.fields[key] = Constant(None)
                introspection[key] = [detail.node for detail in details]
            else:
                record.fields[key] = self._root_field(record, key, f"{root.name}.{name}", field_, details)
        statement = self._root_statement()
        function = Writing(self._windows, self._cursors).object(record)
        return Plan(statement, function, self._slots, self._windows, introspection, self._readers)

    # What was selected

    def _fields_of_operation(self, root: GraphQLObjectType) -> Iterator[tuple[str, str, Any, Details]]:
        collected = collect_fields(self._graph.schema, self._fragments, self._variables, root, self._operation)
        yield from self._named(root, collected.grouped_field_set)

    def _fields(self, type_: GraphQLObjectType, details: Details) -> Iterator[tuple[str, str, Any, Details]]:
        """Give response key, name, definition and nodes of what was selected of an object, in answer order."""
        collected = collect_subfields(
            self._graph.schema, self._fragments, self._variables, self._operation, type_, details
        )
        yield from self._named(type_, collected.grouped_field_set)

    def _named(self, type_: GraphQLObjectType, grouped: dict[str, Details]) -> Iterator[tuple[str, str, Any, Details]]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            yield key, name, type_.fields.get(name), details

    def _arguments(self, field_: GraphQLField, details: Details) -> dict[str, Any]:
        return get_argument_values(field_, details[0].node, self._variables)

    # The root

    def _root_field(self, record: Record, key: str, coordinate: str, field_: GraphQLField, details: Details) -> Shape:
        source = source_of(field_)
        arguments = self._arguments(field_, details)
        match source:
            case One():
                level, each = self._one(source, field_, details, arguments)
                return self._at_root(level, First(each, None), None)
            case Listed():
                level, each = self._list(source, field_, details, arguments, None)
                return self._at_root(level, Many(each, None), None)
            case Pages():
                level, page, count = self._page(source, coordinate, field_, details, arguments, None)
                return self._at_root(level, page, count)
            case Batched():
                self._hold(record, key, source, field_, details, arguments, lambda _column: 0)
                return Constant(None)
            case _:
                raise BadDeclarationError(f"{coordinate} does not say where it comes from.")

    def _at_root(self, level: Level, shape: Many | First | Page, count: Any | None) -> Shape:
        self._root_rows.append((level, shape, count))
        return shape

    def _root_statement(self) -> Statement | None:
        """Return one statement for all root fields. A single list without a count is the statement itself: its rows
        arrive as rows, which is several times cheaper than one large array value.
        """
        if not self._root_rows:
            return None
        level, shape, count = self._root_rows[0]
        if len(self._root_rows) == 1 and count is None:
            return compiled(level.flat())
        root = Level(None)
        for level, shape, count in self._root_rows:
            self._attach(root, level, shape, count)
        return compiled(root.flat())

    def _attach(self, parent: Level, level: Level, shape: Many | First | Page, count: Any | None) -> None:
        rows_needed = not isinstance(shape, Page) or shape.place != _NO_ROWS
        if rows_needed:
            shape.place = parent.add(level.nested())
        if isinstance(shape, Page) and count is not None:
            shape.total = parent.add(count)

    # Objects

    def _object(self, level: Level, at: Joined, type_: GraphQLObjectType, details: Details) -> Record:
        """Return the shape of an object and add what it reads to the level."""
        record = Record(present=at.present)
        for key, name, field_, nodes in self._fields(type_, details):
            if name == "__typename":
                record.fields[key] = Constant(type_.name)
                continue
            record.fields[key] = self._field(record, level, at, key, f"{type_.name}.{name}", field_, nodes)
        return record

    def _field(
        self,
        record: Record,
        level: Level,
        at: Joined,
        key: str,
        coordinate: str,
        field_: GraphQLField,
        details: Details,
    ) -> Shape:
        source = source_of(field_)
        match source:
            case Key():
                return Leaf((level.place(at.info.key, at.alias),), self._graph.encoders[at.info.name])
            case Column():
                nullable = not is_non_null_type(field_.type)
                return Leaf((level.place(source.expression, at.alias),), write_leaf(field_.type), nullable=nullable)
            case Computed():
                return self._computed(source, level, at, field_)
            case Edge():
                return self._edge(source, level, at, field_, details)
            case Listed():
                return self._listed(source, level, at, field_, details)
            case Pages():
                return self._nested_page(source, coordinate, level, at, field_, details)
            case Batched():
                arguments = self._arguments(field_, details)
                self._hold(record, key, source, field_, details, arguments, lambda column: level.place(column, at.alias))
                return Constant(None)
            case _:
                raise BadDeclarationError(f"{coordinate} does not say where it comes from.")

    def _computed(self, source: Computed, level: Level, at: Joined, field_: GraphQLField) -> Leaf:
        function, check, forgive = source.function, strict(field_.type), lenient(field_.type)
        guarded = guard(function)
        return Leaf(
            tuple(level.place(column, at.alias) for column in source.columns),
            write=lambda *values: check(function(*values)),
            guarded=lambda *values: forgive(guarded(*values)),
        )

    def _edge(self, source: Edge, level: Level, at: Joined, field_: GraphQLField, details: Details) -> Record:
        info = self._graph.info(field_.type)
        rule = None if source.with_parent else self._rule(info)
        joined = level.join(at.alias, at.optional, source.relationship, info, rule)
        return self._object(level, joined, get_named_type(field_.type), details)

    def _rule(self, info: TypeInfo) -> Any | None:
        return None if info.visible is None else info.visible(self._viewer)

    # Lists

    def _rows(self, source: Listed | Pages | One, info: TypeInfo, arguments: dict[str, Any]) -> Level:
        """Return the level of a list: the type's row rule and the statement function's condition."""
        level = Level(info)
        rule = self._rule(info)
        level.where(None if rule is None else adapt(rule, level.alias))
        wish = source.parameters.bind(arguments, self._graph.decoders)
        level.where(narrowed(source.statement(self._viewer, **wish), info, level.alias))
        return level

    def _one(
        self, source: One, field_: GraphQLField, details: Details, arguments: dict[str, Any]
    ) -> tuple[Level, Record]:
        info = self._graph.info(field_.type)
        level = self._rows(source, info, arguments)
        level.limit = 1
        return level, self._object(level, Joined(level.alias, info, None), get_named_type(field_.type), details)

    def _listed(self, source: Listed, level: Level, at: Joined, field_: GraphQLField, details: Details) -> Many:
        inner, each = self._list(source, field_, details, self._arguments(field_, details), at)
        return Many(each, level.add(inner.nested()))

    def _list(
        self, source: Listed, field_: GraphQLField, details: Details, arguments: dict[str, Any], parent: Joined | None
    ) -> tuple[Level, Record]:
        info = self._graph.info(field_.type)
        level = self._rows(source, info, arguments)
        if parent is not None:
            level.where(_belongs(source.on, level.alias, parent))
        # The primary key comes last: without it the order of equals is another one in each plan.
        order = (*source.order, *info.table.primary_key)
        level.order = [term_of(term, lambda clause: adapt(clause, level.alias)).sql() for term in order]
        level.limit = source.at_most
        return level, self._object(level, Joined(level.alias, info, None), get_named_type(field_.type), details)

    def _nested_page(
        self, source: Pages, coordinate: str, level: Level, at: Joined, field_: GraphQLField, details: Details
    ) -> Page:
        inner, page, count = self._page(source, coordinate, field_, details, self._arguments(field_, details), at)
        self._attach(level, inner, page, count)
        return page

    def _page(
        self,
        source: Pages,
        coordinate: str,
        field_: GraphQLField,
        details: Details,
        arguments: dict[str, Any],
        parent: Joined | None,
    ) -> tuple[Level, Page, Any | None]:
        connection = get_named_type(field_.type)
        info = self._graph.info(connection.fields["nodes"].type)
        level = self._rows(source, info, arguments)
        if parent is not None:
            level.where(_belongs(source.on, level.alias, parent))
        order = arguments["orderBy"]
        view = window(coordinate, arguments, order)
        number = len(self._windows)
        self._windows.append(view)
        terms = [term_of(term, lambda clause: adapt(clause, level.alias)) for term in order.value]
        if view.backward:
            terms = [term.flipped() for term in terms]
        page = Page(number, Record(), None, (), None)
        self._page_fields(page, connection, details, level, info, terms)
        count = self._count(level) if _selects(page, "totalCount") else None
        if view.from_cursor:
            level.where(after(terms, position(self._cursors, view, terms)))
        level.order = [term.sql() for term in terms]
        level.limit = Parameter(Symbol(lambda run: run.sizes[number] + 1), Integer())
        if not any(_selects(page, kind) for kind in ("edges", "nodes", "pageInfo")):
            page.place = _NO_ROWS
        return level, page, count

    def _count(self, level: Level) -> Any:
        return select(func.count()).select_from(level.alias).where(*level.conditions).scalar_subquery()

    def _page_fields(
        self, page: Page, connection: GraphQLObjectType, details: Details, level: Level, info: TypeInfo, terms: list[Any]
    ) -> None:
        """Fill in what was selected of a connection: its rows as records of one level, and the facts around them."""
        at = Joined(level.alias, info, None)
        needs_cursor = False
        for key, name, field_, nodes in self._fields(connection, details):
            part = PagePart(name)
            type_ = None if field_ is None else get_named_type(field_.type)
            if name == "__typename":
                part = PagePart("constant", connection.name)
            elif name == "nodes":
                part.record = self._object(level, at, type_, nodes)
            elif name == "edges":
                part.parts = self._edge_fields(type_, nodes, level, at)
                needs_cursor = needs_cursor or any(inner.kind == "cursor" for inner in part.parts.values())
            elif name == "pageInfo":
                part.parts = {
                    inner: PagePart("constant", type_.name) if what == "__typename" else PagePart(what)
                    for inner, what, _, _ in self._fields(type_, nodes)
                }
                needs_cursor = needs_cursor or any(inner.kind.endswith("Cursor") for inner in part.parts.values())
            page.fields[key] = part
        if needs_cursor:
            page.cursor_places = tuple(level.add(term.expression) for term in terms)

    def _edge_fields(self, edge: GraphQLObjectType, details: Details, level: Level, at: Joined) -> dict[str, PagePart]:
        parts: dict[str, PagePart] = {}
        for key, name, field_, nodes in self._fields(edge, details):
            if name == "__typename":
                parts[key] = PagePart("constant", edge.name)
            elif name == "node":
                record = self._object(level, at, get_named_type(field_.type), nodes)
                parts[key] = PagePart(name, record=record)
            else:
                parts[key] = PagePart(name)
        return parts

    # Slots

    def _hold(
        self,
        record: Record,
        key: str,
        source: Batched,
        field_: GraphQLField,
        details: Details,
        arguments: dict[str, Any],
        place: Callable[[Any], int],
    ) -> None:
        """Let the object wait for a batched function's value."""
        read = source.parameters.read(arguments, self._graph.decoders)
        completion = self._completion(field_.type, details)
        number = len(self._slots)
        self._slots.append(Slot(key, source.function, read, len(source.columns), completion))
        record.holds.append(Hold(number, tuple(place(column) for column in source.columns)))

    def _completion(self, type_: Any, details: Details) -> Completion:
        if is_leaf_type(get_named_type(type_)):
            return Leaves(lenient(type_))
        if is_non_null_type(type_):
            return Required(self._completion(type_.of_type, details))
        if is_list_type(type_):
            return Items(self._completion(type_.of_type, details))
        if is_abstract_type(type_) or type_.name in self._graph.types:
            return self._references(type_, details)
        return self._attributes(type_, details)

    def _references(self, type_: Any, details: Details) -> References:
        readers: dict[str, ByKeys | None] = {}

        def reader(name: str) -> ByKeys | None:
            """Plan a type when it is first met: an interface has many types, a request shows few."""
            if name not in readers:
                concrete = self._graph.schema.get_type(name)
                fits = concrete is type_ or (is_abstract_type(type_) and self._graph.schema.is_sub_type(type_, concrete))
                readers[name] = self._by_keys(concrete, details) if fits else None
            return readers[name]

        if not is_abstract_type(type_):
            reader(type_.name)
        return References(reader)

    def _by_keys(self, type_: Any, details: Details) -> ByKeys:
        info = self._graph.types[type_.name]
        level = Level(info)
        level.where(level.alias.c[info.key.key] == any_(KEYS))
        rule = self._rule(info)
        level.where(None if rule is None else adapt(rule, level.alias))
        record = self._object(level, Joined(level.alias, info, None), type_, details)
        key_place = level.place(info.key, level.alias)
        function = Writing(self._windows, self._cursors).pairs(record, key_place)
        reader = ByKeys(compiled(level.flat()), function)
        self._readers.append(reader)
        return reader

    def _attributes(self, type_: GraphQLObjectType, details: Details) -> Attributes:
        fields: dict[str, tuple[str | None, Any]] = {}
        for key, name, field_, nodes in self._fields(type_, details):
            if name == "__typename":
                fields[key] = (None, type_.name)
            else:
                python_name = field_.extensions["strawberry-definition"].python_name
                fields[key] = (python_name, self._completion(field_.type, nodes))
        return Attributes(fields)


_NO_ROWS = -1
"""The place of a page of which only the count was selected."""


def _belongs(on: Any, alias: Any, parent: Joined) -> Any:
    """Return the condition that ties a row to its parent: the column ``on`` points to the parent's key."""
    (foreign_key,) = on.expression.foreign_keys
    return adapt(on, alias) == parent.alias.c[foreign_key.column.key]


def _selects(page: Page, kind: str) -> bool:
    return any(part.kind == kind for part in page.fields.values())
