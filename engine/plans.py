"""Plans: one document, one operation, one shape of variables and viewer become SQL and a function, once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import (
    FieldNode,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from sqlalchemy import any_

from engine.functions import Function, Writing
from engine.graph import BadDeclarationError, Graph
from engine.leaves import lenient
from engine.limits import enforce_writes
from engine.pages import Cursors, Window
from engine.rows import Rows, attach
from engine.selected import Details, Selected, Selection
from engine.selects import KEYS, Joined, Level, Statement, adapt, compiled
from engine.shapes import Constant, First, Hold, Many, Page, Record, Shape
from engine.slots import Attributes, Completion, Items, Leaves, References, Required, Several, Slot
from engine.sources import Batched, Listed, Mutation, One, Pages, Source, source_of


@dataclass(slots=True)
class Plan:
    """How one operation is answered. ``slots`` and ``windows`` grow when a type is first read by key."""

    statement: Statement | None
    function: Function
    slots: list[Slot]
    windows: list[Window]
    writes: list[int]
    """The slots of the mutations, in their order."""
    introspection: dict[str, list[FieldNode]] = field(default_factory=dict[str, list[FieldNode]])
    readers: list["ByKeys"] = field(default_factory=list["ByKeys"])
    awaited: list[Callable[[], Any]] = field(default_factory=list[Callable[[], Any]])
    """Plan the types that fragments name and no request has met yet: to explain a plan, before it runs."""


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
    """Makes one plan. The selection's variables and the viewer are symbolic: see ``engine.symbols``."""

    def __init__(self, graph: Graph, cursors: Cursors, selection: Selection, viewer: Any) -> None:
        self._graph = graph
        self._cursors = cursors
        self._selection = selection
        self._rows = Rows(graph, cursors, selection, viewer, self)
        self._slots: list[Slot] = []
        self._writes: list[int] = []
        self._readers: list[ByKeys] = []
        self._awaited: list[Callable[[], Any]] = []
        self._root_lists: list[tuple[Level, Many | First | Page, Any | None]] = []

    def plan(self) -> Plan:
        """Return the plan of the operation.

        Raises:
            Rejected: for mutations that may not be sent together.
        """
        root = self._graph.root(self._selection.operation)
        record, introspection = Record(), dict[str, list[FieldNode]]()
        roots = list(self._selection.of_operation(root))
        enforce_writes([source for selected in roots if isinstance(source := _written(selected), Mutation)])
        for selected in roots:
            if selected.name == "__typename":
                record.fields[selected.key] = Constant(root.name)
            elif selected.name.startswith("__"):
                record.fields[selected.key] = Constant(None)
                introspection[selected.key] = [detail.node for detail in selected.details]
            else:
                record.fields[selected.key] = self._root_field(record, root, selected)
        statement = self._root_statement()
        function = self._writing().object(record)
        return Plan(
            statement,
            function,
            self._slots,
            self._rows.windows,
            self._writes,
            introspection,
            self._readers,
            self._awaited,
        )

    def _writing(self) -> Writing:
        return Writing(self._rows.windows, self._cursors)

    def _root_field(self, record: Record, root: GraphQLObjectType, selected: Selected) -> Shape:
        source = source_of(selected.field)
        coordinate = f"{root.name}.{selected.name}"
        match source:
            case One():
                level, each = self._rows.one(source, selected)
                return self._at_root(level, First(each), None)
            case Listed():
                level, each = self._rows.plain_list(source, selected, None)
                return self._at_root(level, Many(each), None)
            case Pages():
                level, page, count = self._rows.page(source, coordinate, selected, None)
                return self._at_root(level, page, count)
            case Batched():
                return self.hold(record, selected, None, None)
            case Mutation():
                shape = self._slot(record, selected, source, _written_once(source), ())
                self._writes.append(len(self._slots) - 1)  # the slots of its payload came before it
                return shape
            case _:
                raise BadDeclarationError(f"{coordinate} does not say where it comes from.")

    def _at_root(self, level: Level, shape: Many | First | Page, count: Any | None) -> Shape:
        self._root_lists.append((level, shape, count))
        return shape

    def _root_statement(self) -> Statement | None:
        """Return one statement for all root fields.

        A single list without a count is the statement itself: rows that arrive as rows are several times cheaper than
        one large array value.
        """
        if not self._root_lists:
            return None
        level, shape, count = self._root_lists[0]
        if len(self._root_lists) == 1 and count is None:
            return compiled(level.flat())
        root = Level(None)
        for level, shape, count in self._root_lists:
            attach(root, level, shape, count)
        return compiled(root.flat())

    # Slots

    def hold(self, record: Record, selected: Selected, level: Level | None, at: Joined | None) -> Shape:
        """Let the object wait for a batched function's value."""
        source = source_of(selected.field)
        assert isinstance(source, Batched)
        places = () if level is None or at is None else tuple(level.place(each, at.alias) for each in source.columns)
        return self._slot(record, selected, source, source.function, places)

    def _slot(
        self,
        record: Record,
        selected: Selected,
        source: Batched | Mutation,
        function: Callable[..., Any],
        places: tuple[int, ...],
    ) -> Shape:
        read = source.parameters.read(self._selection.arguments(selected), self._graph.decoders)
        completion = self._completion(selected.field.type, selected.details)
        record.holds.append(Hold(len(self._slots), places))
        self._slots.append(Slot(selected.key, function, read, len(places), completion))
        return Constant(None)

    def _completion(self, type_: Any, details: Details) -> Completion:
        if is_leaf_type(get_named_type(type_)):
            return Leaves(lenient(type_))
        if is_non_null_type(type_):
            return Required(self._completion(type_.of_type, details))
        if is_list_type(type_):
            return Items(self._completion(type_.of_type, details))
        if is_abstract_type(type_):
            return Several(self._references(type_, details), self._any_attributes(type_, details))
        if type_.name in self._graph.types:
            return self._references(type_, details)
        return self._attributes(type_, details)

    def _any_attributes(self, type_: Any, details: Details) -> Callable[[str], Attributes | None]:
        """Return what plans the plain types of an interface or union, each when it is first met."""
        known: dict[str, Attributes | None] = {}
        schema = self._graph.schema

        def attributes(name: str) -> Attributes | None:
            if name not in known:
                concrete: Any = schema.type_map.get(name)
                plain = is_object_type(concrete) and name not in self._graph.types
                fits = plain and schema.is_sub_type(type_, concrete)
                known[name] = self._attributes(concrete, details) if fits else None
            return known[name]

        named = self._selection.conditions(details)
        self._awaited += [partial(attributes, name) for name in sorted(named)]
        return attributes

    def _references(self, type_: Any, details: Details) -> References:
        readers: dict[str, ByKeys | None] = {}
        schema = self._graph.schema

        def reader(name: str) -> ByKeys | None:
            """Plan a type when it is first met: an interface has many types, a request shows few."""
            if name not in readers:
                concrete: Any = schema.type_map.get(name)
                fits = concrete is type_ or (is_abstract_type(type_) and schema.is_sub_type(type_, concrete))
                readers[name] = self._by_keys(concrete, details) if fits else None
            return readers[name]

        if is_abstract_type(type_):
            named = self._selection.conditions(details)
            self._awaited += [partial(reader, name) for name in sorted(named) if name in self._graph.types]
        else:
            reader(type_.name)
        return References(reader)

    def _by_keys(self, type_: GraphQLObjectType, details: Details) -> ByKeys:
        info = self._graph.types[type_.name]
        level = Level(info)
        level.where(level.alias.c[info.key.key] == any_(KEYS))
        rule = self._rows.rule(info)
        level.where(None if rule is None else adapt(rule, level.alias))
        record = self._rows.record(level, Joined(level.alias, info, None), type_, details)
        key_place = level.place(info.key, level.alias)
        reader = ByKeys(compiled(level.flat()), self._writing().pairs(record, key_place))
        self._readers.append(reader)
        return reader

    def _attributes(self, type_: GraphQLObjectType, details: Details) -> Attributes:
        fields: dict[str, tuple[str | None, Any]] = {}
        for selected in self._selection.of(type_, details):
            if selected.name == "__typename":
                fields[selected.key] = (None, type_.name)
            else:
                python_name = selected.field.extensions["strawberry-definition"].python_name
                fields[selected.key] = (python_name, self._completion(selected.field.type, selected.details))
        return Attributes(fields)


def _written(selected: Selected) -> Source | None:
    return None if selected.name.startswith("__") else source_of(selected.field)


def _written_once(source: Mutation) -> Callable[..., Any]:
    """Return a mutation in the form of a batched function: the root is the one key that waits for it."""
    function = source.function

    async def write(run: Any, keys: list[Any], **arguments: Any) -> list[Any]:
        assert len(keys) == 1
        return [await function(run, **arguments)]

    return write
