"""Introspection: what is asked of the schema itself is answered by graphql-core, within a number of fields.

Before it runs nobody knows how much it is: aliases multiply, and the lists are as long as the graph is large. Thirty
aliases in the right places are a minute of work; so fields are counted while they are read.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    MiddlewareManager,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from engine.documents import Invalid, Operation, problems_of
from engine.errors import Code, Rejected

FIELDS_PER_TYPE = 150
"""Twice what tools take that read the whole schema; the larger a graph is, the more they read."""


class TooMuchError(BaseException):
    """The fields are used up. No Exception: the executor would make an error of one field of it, and go on."""


class Counter:
    """Counts the fields of one introspection."""

    def __init__(self, most: int) -> None:
        self._left = most

    def resolve(self, following: Callable[..., Any], *source: Any, **arguments: Any) -> Any:
        """Let a field be read, as a middleware of graphql-core's.

        Raises:
            TooMuchError: too many were read before.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuchError
        return following(*source, **arguments)


def introspected(
    schema: GraphQLSchema,
    operation: Operation,
    nodes: Sequence[FieldNode],
    inputs: dict[str, Any],
    *,
    per_type: int = FIELDS_PER_TYPE,
) -> dict[str, Any]:
    """Return the values of an operation's fields that ask for the schema.

    Raises:
        Invalid: BAD_USER_INPUT, when a variable does not fit.
        Rejected: COST_EXCEEDED, when more fields are read than ``per_type`` times the graph's types.
    """
    only = OperationDefinitionNode(
        operation=operation.node.operation,
        variable_definitions=operation.node.variable_definitions,
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )
    fragments: list[FragmentDefinitionNode] = list(operation.fragments.values())
    most = per_type * len(schema.type_map)
    try:
        result = execute_sync(
            schema,
            DocumentNode(definitions=(only, *fragments)),
            variable_values=inputs,
            middleware=MiddlewareManager(Counter(most)),
        )
    except TooMuchError:
        _refuse(most)
    if result.errors:
        raise Invalid(Code.BAD_USER_INPUT, problems_of(result.errors))
    return result.data or {}


def _refuse(most: int) -> NoReturn:
    raise Rejected(
        Code.COST_EXCEEDED,
        f"The operation reads more than {most} fields of the schema. Ask for less of it at once.",
        limit=most,
    )
