"""What was selected: the fields of an operation as graphql-core collects them, fragments and conditions resolved."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

Details = list[FieldDetails]
"""The nodes of the document that select one field, merged."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One field of an object, under the key that the client gave it."""

    key: str
    name: str
    field: GraphQLField
    """The definition; of no meaning for ``__typename`` and introspection."""
    details: Details

    @property
    def type(self) -> Any:
        """The field's type without its lists and non-null marks."""
        return get_named_type(self.field.type)


@dataclass(frozen=True, slots=True)
class Selection:
    """An operation with variables, symbolic ones when a plan is made."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDetails]
    operation: OperationDefinitionNode
    variables: VariableValues

    def of_operation(self, root: GraphQLObjectType) -> Iterator[Selected]:
        """Give the root fields, in answer order."""
        collected = collect_fields(self.schema, self.fragments, self.variables, root, self.operation)
        return self._named(root, collected.grouped_field_set)

    def of(self, type_: GraphQLObjectType, details: Details) -> Iterator[Selected]:
        """Give the fields that were selected of an object, in answer order."""
        collected = collect_subfields(self.schema, self.fragments, self.variables, self.operation, type_, details)
        return self._named(type_, collected.grouped_field_set)

    def arguments(self, selected: Selected) -> dict[str, Any]:
        """Return the field's arguments by GraphQL name, defaults filled in; values may be symbols."""
        return get_argument_values(selected.field, selected.details[0].node, self.variables)

    def conditions(self, details: Details) -> set[str]:
        """Return the names of the types that fragments within a field are for."""
        names: set[str] = set()
        sets = [detail.node.selection_set for detail in details if detail.node.selection_set]
        for selections in sets:  # grows while it is walked
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    continue
                spread = isinstance(node, FragmentSpreadNode)
                fragment: Any = self.fragments[node.name.value].definition if spread else node
                if fragment.type_condition is not None:
                    names.add(fragment.type_condition.name.value)
                if not any(fragment.selection_set is walked for walked in sets):
                    sets.append(fragment.selection_set)
        return names

    def _named(self, type_: GraphQLObjectType, grouped: dict[str, Details]) -> Iterator[Selected]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            yield Selected(key, name, type_.fields.get(name, _META), details)


_META: Any = None
