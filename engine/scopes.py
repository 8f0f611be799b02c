"""Scopes: what a caller must hold for an operation, known when its document is read and checked before any work.

An operation needs the scopes of every field that it names, on whatever way: in fragments, behind interfaces and
unions, and whatever ``@skip`` and ``@include`` say. A field needs its own, those of the type that it belongs to and
those of the type that it shows. Only an object that is met as something more general, ``{ node(id:) { id } }``, needs
nothing: to a caller who lacks its type's scopes it is not there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLOutputType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)

from engine.errors import Code, Rejected
from engine.graph import Graph, row_type
from engine.sources import scopes_of

NOTHING: frozenset[str] = frozenset()


class Scopes:
    """What the fields and types of a graph need."""

    def __init__(self, graph: Graph) -> None:
        self._schema = graph.schema
        self._types = {info.name: info.scopes for info in graph.types.values() if info.scopes}
        self._types |= dict(self._around(graph))
        self._fields = {
            (type_.name, name): self._type(type_.name) | self._shown(field.type) | frozenset(scopes_of(field) or ())
            for type_, name, field in graph.fields()
        }

    def coordinates(self) -> dict[str, frozenset[str]]:
        """Return what every object type and field of it needs, by coordinate: ``Course``, ``Course.title``."""
        types = {name: self._type(name) for name, _ in self._fields}
        return types | {f"{type_}.{name}": needed for (type_, name), needed in self._fields.items()}

    def of_operation(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> frozenset[str]:
        """Return what a valid operation needs. Each fragment is visited once."""
        root = self._schema.get_root_type(operation.operation)
        found, left = set[str](), [(operation.selection_set, root)]
        spread = set[str]()
        while left:
            selections, parent = left.pop()
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    left += self._field(node, parent, found)
                elif isinstance(node, FragmentSpreadNode):
                    if node.name.value not in spread:
                        spread.add(node.name.value)
                        left.append(self._fragment(fragments[node.name.value], parent, found))
                else:
                    left.append(self._fragment(node, parent, found))
        return frozenset(found)

    def _field(self, node: FieldNode, parent: Any, found: set[str]) -> list[tuple[SelectionSetNode, Any]]:
        name = node.name.value
        for type_ in self._schema.get_possible_types(parent) if is_abstract_type(parent) else (parent,):
            # An object that the caller may not see at all is null; its type's own scopes are asked for by name only.
            hidden = self._type(type_.name) if type_ is not parent else NOTHING
            found |= self._fields.get((type_.name, name), NOTHING) - hidden
        if node.selection_set is None:
            return []
        field = self._schema.get_field(parent, name)
        return [(node.selection_set, None if field is None else get_named_type(field.type))]

    def _fragment(self, fragment: Any, parent: Any, found: set[str]) -> tuple[SelectionSetNode, Any]:
        condition = fragment.type_condition
        type_ = self._schema.type_map[condition.name.value] if condition else parent
        found |= self._type(type_.name)
        return fragment.selection_set, type_

    def _around(self, graph: Graph) -> Iterator[tuple[str, frozenset[str]]]:
        """Give the connections of scoped types, and their edges: what is around a row needs what the row does."""
        for type_, name, field in graph.fields():
            if name == "edges" and (scopes := self._shown(type_)):
                yield type_.name, scopes
                yield get_named_type(field.type).name, scopes

    def _type(self, name: str) -> frozenset[str]:
        return self._types.get(name, NOTHING)

    def _shown(self, type_: GraphQLOutputType) -> frozenset[str]:
        """Return what the type needs whose rows a field of ``type_`` shows or counts."""
        return self._type(get_named_type(row_type(type_)).name)


def needs(graph: Graph) -> dict[str, frozenset[str]]:
    """Return what every object type and field of a graph needs, by coordinate: for tables, and tests of them."""
    return Scopes(graph).coordinates()


def enforce_scopes(needed: frozenset[str], viewer: Any) -> None:
    """Refuse a caller who lacks a scope.

    Raises:
        Rejected: FORBIDDEN, or UNAUTHENTICATED when nobody is signed in, with all ``missing`` scopes.
    """
    missing = sorted(needed - viewer.scopes)
    if not missing:
        return
    names = ", ".join(missing)
    if viewer.signed_in:
        message = f"This token lacks scopes that the operation needs: {names}. Ask for them, or leave those fields out."
        raise Rejected(Code.FORBIDDEN, message, missing=missing)
    message = f"The operation needs a token with these scopes: {names}. Sign in, or leave those fields out."
    raise Rejected(Code.UNAUTHENTICATED, message, missing=missing)
