"""Following: an operation whose answer has cursors becomes operations that go on from them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    parse,
    print_ast,
)

FOLLOWED_MAX = 2
"""How many continuations of one operation are tried."""


def followed(document: str, data: dict[str, Any]) -> Iterator[str]:
    """Give the document with a real cursor put into one connection, for the first few that the answer has."""
    ast = parse(document)
    (operation,) = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    for count, changed in enumerate(_changed(operation.selection_set, data)):
        if count == FOLLOWED_MAX:
            return
        definitions = [
            replace(node, selection_set=changed) if isinstance(node, OperationDefinitionNode) else node
            for node in ast.definitions
        ]
        yield print_ast(DocumentNode(definitions=tuple(definitions)))


def _changed(selections: SelectionSetNode, value: Any) -> Iterator[SelectionSetNode]:
    """Give the selection set with one connection of ``value`` going on."""
    value = next((item for item in value if item), None) if isinstance(value, list) else value
    if not isinstance(value, dict):
        return
    for index, node in enumerate(selections.selections):
        if not isinstance(node, FieldNode) or node.selection_set is None:
            continue
        inner = value.get(node.alias.value if node.alias else node.name.value)
        changes = [replace(node, selection_set=below) for below in _changed(node.selection_set, inner)]
        if isinstance(inner, dict) and (argument := _cursor_argument(node, inner)):
            changes.insert(0, replace(node, arguments=(*(node.arguments or ()), argument)))
        for change in changes:
            nodes = [*selections.selections]
            nodes[index] = change
            yield SelectionSetNode(selections=tuple(nodes))


def _cursor_argument(node: FieldNode, page: dict[str, Any]) -> ArgumentNode | None:
    names = {argument.name.value for argument in node.arguments or ()}
    info = page.get("pageInfo")
    edges = page.get("edges")
    cursors = [info.get("endCursor"), info.get("startCursor")] if isinstance(info, dict) else []
    if isinstance(edges, list):
        cursors += [edge.get("cursor") for edge in edges if isinstance(edge, dict)]
    known = [cursor for cursor in cursors if isinstance(cursor, str)]
    if not known or names & {"after", "before"}:
        return None
    backward = "last" in names
    value = StringValueNode(value=known[-1] if backward else known[0])
    return ArgumentNode(name=NameNode(value="before" if backward else "after"), value=value)
