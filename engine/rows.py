"""Rows: what was selected of a table becomes levels of a statement, and the shapes of their records."""

from collections.abc import Callable
from typing import Any, Protocol

from graphql import GraphQLObjectType, is_non_null_type
from sqlalchemy import Integer, func, select

from engine.failures import guard
from engine.graph import BadDeclarationError, Graph, TypeInfo
from engine.leaves import column_writer, lenient, python_reader, strict
from engine.pages import Cursors, Term, Window, after, position, term_of, window
from engine.selected import Details, Selected, Selection
from engine.selects import Joined, Level, adapt, narrowed
from engine.shapes import NO_ROWS, Constant, Leaf, Many, Page, PagePart, Record, Shape
from engine.sources import Batched, Column, Computed, Edge, Key, Listed, One, Pages, source_of
from engine.symbols import Parameter, Symbol


class Holding(Protocol):
    """Lets an object wait for a batched function's value (``engine.plans``)."""

    def hold(self, record: Record, selected: Selected, level: Level, at: Joined) -> Shape:
        """Note the slot in the record and return what stands in its place."""
        ...


class Rows:
    """Plans the rows of tables for one operation."""

    def __init__(self, graph: Graph, cursors: Cursors, selection: Selection, viewer: Any, holding: Holding) -> None:
        self._graph = graph
        self._cursors = cursors
        self._selection = selection
        self._viewer = viewer
        self._holding = holding
        self.windows: list[Window] = []

    def rule(self, info: TypeInfo) -> Any | None:
        """Return the row rule of a type for this viewer, over the un-aliased table."""
        return None if info.visible is None else info.visible(self._viewer)

    def record(self, level: Level, at: Joined, type_: GraphQLObjectType, details: Details) -> Record:
        """Return the shape of an object and add what it reads to the level."""
        record = Record(present=at.present)
        for selected in self._selection.of(type_, details):
            if selected.name == "__typename":
                record.fields[selected.key] = Constant(type_.name)
            else:
                record.fields[selected.key] = self._field(record, level, at, type_, selected)
        return record

    def _field(self, record: Record, level: Level, at: Joined, type_: GraphQLObjectType, selected: Selected) -> Shape:
        source = source_of(selected.field)
        match source:
            case Key():
                return Leaf((level.place(at.info.key, at.alias),), self._graph.encoders[at.info.name])
            case Column():
                write = column_writer(selected.field.type, source.expression)
                nullable = not is_non_null_type(selected.field.type)
                return Leaf((level.place(source.expression, at.alias),), write, nullable=nullable)
            case Computed():
                return self._computed(source, level, at, selected)
            case Edge():
                return self._edge(source, level, at, selected)
            case Listed():
                inner, each = self.plain_list(source, selected, at)
                return Many(each, level.add(inner.nested()))
            case Pages():
                inner, page, count = self.page(source, f"{type_.name}.{selected.name}", selected, at)
                attach(level, inner, page, count)
                return page
            case Batched():
                return self._holding.hold(record, selected, level, at)
            case _:
                raise BadDeclarationError(f"{type_.name}.{selected.name} does not say where it comes from.")

    def _computed(self, source: Computed, level: Level, at: Joined, selected: Selected) -> Leaf:
        type_ = selected.field.type
        function, check, forgive = _with_python_values(source), strict(type_), lenient(type_)
        guarded = guard(function)
        return Leaf(
            tuple(level.place(column, at.alias) for column in source.columns),
            write=lambda *values: check(function(*values)),
            guarded=lambda *values: forgive(guarded(*values)),
        )

    def _edge(self, source: Edge, level: Level, at: Joined, selected: Selected) -> Record:
        info = self._graph.info(selected.field.type)
        rule = None if source.with_parent else self.rule(info)
        joined = level.join(at, source.relationship, info, rule)
        return self.record(level, joined, selected.type, selected.details)

    def one(self, source: One, selected: Selected) -> tuple[Level, Record]:
        """Return the level and shape of at most one row."""
        level, at = self._level(source, selected.field.type, self._selection.arguments(selected))
        level.limit = 1
        return level, self.record(level, at, selected.type, selected.details)

    def plain_list(self, source: Listed, selected: Selected, parent: Joined | None) -> tuple[Level, Record]:
        """Return the level and shape of a plain list, of the parent's row or of the whole graph."""
        level, at = self._level(source, selected.field.type, self._selection.arguments(selected))
        if parent is not None:
            level.where(_belongs(source.on, level.alias, parent))
        # The primary key comes last: without it the order of equals is another one in each plan.
        order = (*source.order, *at.info.table.primary_key)
        level.order = [adapt(term, level.alias) for term in order]
        level.limit = source.at_most
        return level, self.record(level, at, selected.type, selected.details)

    def page(
        self, source: Pages, coordinate: str, selected: Selected, parent: Joined | None
    ) -> tuple[Level, Page, Any | None]:
        """Return the level and shape of a page of a connection, and the count of all its rows if it was selected."""
        arguments = self._selection.arguments(selected)
        level, at = self._level(source, selected.type.fields["nodes"].type, arguments)
        if parent is not None:
            level.where(_belongs(source.on, level.alias, parent))
        order = arguments["orderBy"]
        view = window(coordinate, arguments, order)
        number = len(self.windows)
        self.windows.append(view)
        terms = [term_of(term, lambda clause: adapt(clause, level.alias)) for term in order.value]
        terms = [term.flipped() for term in terms] if view.backward else terms
        page = self._page_shape(number, selected, level, at, terms)
        count = _count(level) if page.selects("totalCount") else None
        if view.from_cursor:
            level.where(after(terms, position(self._cursors, view, terms)))
        level.order = [term.sql() for term in terms]
        level.limit = Parameter(Symbol(lambda run: run.sizes[number] + 1), Integer())
        return level, page, count

    def _level(self, source: Listed | Pages | One, row_type: Any, arguments: dict[str, Any]) -> tuple[Level, Joined]:
        """Return a list's level, narrowed by the type's row rule and the statement function's condition."""
        info = self._graph.info(row_type)
        level = Level(info)
        rule = self.rule(info)
        level.where(None if rule is None else adapt(rule, level.alias))
        wish = source.parameters.bind(arguments, self._graph.decoders)
        level.where(narrowed(source.statement(self._viewer, **wish), info, level.alias))
        return level, Joined(level.alias, info, None)

    def _page_shape(self, number: int, selected: Selected, level: Level, at: Joined, terms: list[Term]) -> Page:
        """Lay out what was selected of a connection: its rows as records of one level, and the facts around them."""
        page = Page(number)
        for part in self._selection.of(selected.type, selected.details):
            page.fields[part.key] = self._page_part(part, selected.type, level, at)
        if page.needs_cursors:
            page.cursor_places = tuple(level.add(term.expression) for term in terms)
        # A cursor is read with the rows: without them a bad one would be taken for good.
        if not page.needs_rows and not self.windows[number].from_cursor:
            page.place = NO_ROWS
        return page

    def _page_part(self, part: Selected, parent: GraphQLObjectType, level: Level, at: Joined) -> PagePart:
        match part.name:
            case "__typename":
                return PagePart("constant", parent.name)
            case "nodes" | "node":
                return PagePart(part.name, record=self.record(level, at, part.type, part.details))
            case "edges" | "pageInfo":
                inner = self._selection.of(part.type, part.details)
                return PagePart(
                    part.name, parts={each.key: self._page_part(each, part.type, level, at) for each in inner}
                )
            case _:
                return PagePart(part.name)


def attach(parent: Level, level: Level, shape: Any, count: Any | None) -> None:
    """Make a list a column of the parent's record, and its count another."""
    if shape.place != NO_ROWS:
        shape.place = parent.add(level.nested())
    if count is not None:
        shape.total = parent.add(count)


def _with_python_values(source: Computed) -> Callable[..., Any]:
    """Return the function, given what its columns' types promise in Python: an enum's member, not its stored word."""
    function, readers = source.function, [python_reader(column) for column in source.columns]
    if not any(readers):
        return function

    def call(*values: Any) -> Any:
        pairs = zip(readers, values, strict=True)
        return function(*[value if read is None else read(value) for read, value in pairs])

    return call


def _count(level: Level) -> Any:
    return select(func.count()).select_from(level.alias).where(*level.conditions).scalar_subquery()


def _belongs(on: Any, alias: Any, parent: Joined) -> Any:
    """Return the condition that ties a row to its parent: the column ``on`` points to the parent's key."""
    (foreign_key,) = on.expression.foreign_keys
    return adapt(on, alias) == parent.alias.c[foreign_key.column.key]
