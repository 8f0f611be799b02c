"""Failures: what happens when a field cannot be answered. Good requests never come here.

An answer is built without any error handling. When that fails, the same source builds it again with functions that
put a ``Failure`` where a value is missing; ``settle`` then walks the answer once, writes each failure down with its
path and lets nulls rise to the nearest nullable field, as the GraphQL specification says.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """Stands in an answer where a value could not be had."""

    error: Exception


class NullError(Exception):
    """A field that is declared non-null has no value."""


@dataclass(frozen=True, slots=True)
class Located:
    """An error with its place in the answer and in the document."""

    error: Exception
    path: Path
    node: FieldNode


class _Nulled(Exception):
    """A non-null value is missing: the nearest nullable ancestor becomes null."""


def write_leaf(type_: Any) -> Callable[[Any], Any] | None:
    """Return the function that makes JSON of a driver's or Python's value of a leaf type, None where it is JSON."""
    if is_non_null_type(type_):
        return write_leaf(type_.of_type)
    if is_list_type(type_):
        write = write_leaf(type_.of_type)
        return None if write is None else lambda items: [None if item is None else write(item) for item in items]
    serialize = getattr(type_, "serialize", None)
    return (
        None if type_.name in _JSON_TYPES or serialize is as_is or not hasattr(type_, "specified_by_url") else serialize
    )


_JSON_TYPES = frozenset({"String", "Int", "Float", "Boolean", "ID"})


def as_is(value: Any) -> Any:
    """Serialise a scalar whose Python value orjson writes as it should be: dates, instants, plain text."""
    return value


def strict(type_: Any) -> Callable[[Any], Any]:
    """Return a function that checks and writes a computed value, and raises when its type is broken."""
    required = is_non_null_type(type_)
    write = write_leaf(type_)

    def check(value: Any) -> Any:
        if value is None:
            if required:
                raise NullError
            return None
        return value if write is None else write(value)

    return check


def lenient(type_: Any) -> Callable[[Any], Any]:
    """Return the function of ``strict`` that answers a Failure instead of raising, item by item in lists."""
    if is_non_null_type(type_):
        inner = lenient(type_.of_type)
        return lambda value: Failure(NullError()) if (result := inner(value)) is None else result
    if is_list_type(type_):
        item = lenient(type_.of_type)
        return lambda values: None if values is None else [item(value) for value in values]
    write = write_leaf(type_)
    return guard(lambda value: value if value is None or write is None else write(value))


def guard(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` with exceptions turned into a Failure."""

    def guarded(*arguments: Any) -> Any:
        if arguments and isinstance(arguments[0], Failure):
            return arguments[0]
        try:
            return function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever a field raises is that field's error
            return Failure(error)

    return guarded


class Settlement:
    """One walk over an answer that holds failures."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments
        self.errors: list[Located] = []

    def settle(
        self, answer: dict[str, Any], selections: SelectionSetNode, root: GraphQLObjectType
    ) -> dict[str, Any] | None:
        """Return the answer with its failures replaced by nulls; ``errors`` then has them, in the answer's order."""
        try:
            return self._object(answer, [(root, selections)], ())
        except _Nulled:
            return None

    def _object(self, value: dict[str, Any], sets: list[tuple[Any, SelectionSetNode]], path: Path) -> dict[str, Any]:
        fields: dict[str, tuple[Any, list[FieldNode]]] = {}
        for parent, selections in sets:
            self._collect(parent, selections, fields)
        settled = {}
        for key, item in value.items():
            type_, nodes = fields[key]
            settled[key] = self._value(item, type_, nodes, (*path, key))
        return settled

    def _collect(
        self, parent: Any, selections: SelectionSetNode, fields: dict[str, tuple[Any, list[FieldNode]]]
    ) -> None:
        """Gather fields by response key. Type conditions do not matter: validation made equal keys equal in shape."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                field = self._schema.get_field(parent, node.name.value)
                if field is not None:
                    fields.setdefault(key, (field.type, []))[1].append(node)
                continue
            fragment: Any = (
                self._fragments[node.name.value].definition if isinstance(node, FragmentSpreadNode) else node
            )
            condition = fragment.type_condition
            inner = self._schema.get_type(condition.name.value) if condition else parent
            self._collect(inner, fragment.selection_set, fields)

    def _value(self, value: Any, type_: Any, nodes: list[FieldNode], path: Path) -> Any:
        if is_non_null_type(type_):
            settled = self._value(value, type_.of_type, nodes, path)
            if settled is None:
                if value is None:
                    self.errors.append(Located(NullError(), path, nodes[0]))
                raise _Nulled
            return settled
        if isinstance(value, Failure):
            self.errors.append(Located(value.error, path, nodes[0]))
            return None
        if value is None or is_leaf_type(type_):
            return value
        try:
            if is_list_type(type_):
                return [self._value(item, type_.of_type, nodes, (*path, index)) for index, item in enumerate(value)]
            named = get_named_type(type_)
            return self._object(value, [(named, node.selection_set) for node in nodes if node.selection_set], path)
        except _Nulled:
            return None


def failures_in(values: Iterable[Any]) -> bool:
    """Return whether any of the values is a Failure."""
    return any(isinstance(value, Failure) for value in values)
