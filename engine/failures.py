"""Failures: what happens when a field cannot be answered. Good requests never come here.

An answer is built without any error handling. When that fails, the same source builds it again with functions that
put a ``Failure`` where a value is missing; ``settle`` then walks the answer once, writes each failure down with its
path and lets nulls rise to the nearest nullable field, as the GraphQL specification says.
"""

from collections.abc import Callable, Mapping
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


Nodes = list[tuple[Any, FieldNode]]
"""The nodes that select one response key, each with the type that its field has: below it, names mean that type's."""


class _Nulled(Exception):
    """A non-null value is missing: the nearest nullable ancestor becomes null."""


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
        fields: dict[str, Nodes] = {}
        for parent, selections in sets:
            self._collect(parent, selections, fields)
        return {key: self._value(item, fields[key][0][0], fields[key], (*path, key)) for key, item in value.items()}

    def _collect(self, parent: Any, selections: SelectionSetNode, fields: dict[str, Nodes]) -> None:
        """Gather fields by response key. Type conditions do not matter: validation made equal keys equal in shape."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                field = self._schema.get_field(parent, node.name.value)
                if field is not None:
                    fields.setdefault(key, []).append((field.type, node))
                continue
            fragment: Any = (
                self._fragments[node.name.value].definition if isinstance(node, FragmentSpreadNode) else node
            )
            condition = fragment.type_condition
            inner = self._schema.get_type(condition.name.value) if condition else parent
            self._collect(inner, fragment.selection_set, fields)

    def _value(self, value: Any, type_: Any, nodes: Nodes, path: Path) -> Any:
        if is_non_null_type(type_):
            settled = self._value(value, type_.of_type, nodes, path)
            if settled is None:
                if value is None:
                    self.errors.append(Located(NullError(), path, nodes[0][1]))
                raise _Nulled
            return settled
        if isinstance(value, Failure):
            self.errors.append(Located(value.error, path, nodes[0][1]))
            return None
        if value is None or is_leaf_type(type_):
            return value
        try:
            if is_list_type(type_):
                return [self._value(item, type_.of_type, nodes, (*path, index)) for index, item in enumerate(value)]
            sets = [(get_named_type(own), node.selection_set) for own, node in nodes if node.selection_set]
            return self._object(value, sets, path)
        except _Nulled:
            return None
