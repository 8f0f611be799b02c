"""SDL: the schema as text, for clients (self-contained, costs visible) and for a federation's gateway."""

from collections.abc import Iterable
from typing import Any

from graphql import (
    BooleanValueNode,
    ConstArgumentNode,
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    InputObjectTypeDefinitionNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)

from engine.graph import Graph
from engine.limits import COUNT_COST, WRITE_COST
from engine.scopes import needs
from engine.sources import PAGE_DEFAULT, Listed, Mutation, Pages, bound_of, scopes_of, source_of

_DEFINITIONS = '''
"""How much an object or field counts toward an operation's cost; without it, an object counts 1 and a leaf 0."""
directive @cost(weight: Int!) on FIELD_DEFINITION

"""How many objects a list may hold: what the slicing argument asks for, or the assumed size."""
directive @listSize(
  assumedSize: Int
  slicingArguments: [String!]
  sizedFields: [String!]
  requireOneSlicingArgument: Boolean = true
) on FIELD_DEFINITION
'''

_SCOPES = '''
"""Scopes that the caller's token must hold: all of one of the lists."""
directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT

"""A scope of a token, as `resource:action`."""
scalar federation__Scope
'''

_LINK = """
extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@cost", "@listSize"]
)
"""
_LINK_SCOPES = _LINK.replace('"@listSize"', '"@listSize", "@requiresScopes"')


def public_sdl(graph: Graph) -> str:
    """Return what clients see: every definition, with costs and scopes; nothing of the federation's plumbing."""
    scopes = _SCOPES if any(needs(graph).values()) else ""
    definitions = [*parse(_DEFINITIONS + scopes).definitions, *_annotated(graph, keys=False)]
    return print_ast(DocumentNode(definitions=tuple(definitions))) + "\n"


def subgraph_sdl(graph: Graph) -> str:
    """Return what a federation composes: entities with their keys, directives linked instead of defined."""
    link = _LINK_SCOPES if any(needs(graph).values()) else _LINK
    definitions = [*parse(link).definitions, *_annotated(graph, keys=True)]
    return print_ast(DocumentNode(definitions=tuple(definitions))) + "\n"


def _annotated(graph: Graph, *, keys: bool) -> Iterable[DefinitionNode]:
    for definition in parse(print_schema(graph.schema)).definitions:
        name = getattr(getattr(definition, "name", None), "value", "")
        if name.startswith("_") or (isinstance(definition, UnionTypeDefinitionNode) and name.startswith("_")):
            continue
        if isinstance(definition, ObjectTypeDefinitionNode):
            yield _object(graph, definition, keys=keys)
        elif keys and isinstance(definition, InputObjectTypeDefinitionNode):
            # Composition by Apollo does not know @oneOf yet; the subgraph itself still holds clients to it.
            yield InputObjectTypeDefinitionNode(
                description=definition.description, name=definition.name, fields=definition.fields
            )
        else:
            yield definition


def _object(graph: Graph, definition: ObjectTypeDefinitionNode, *, keys: bool) -> ObjectTypeDefinitionNode:
    name = definition.name.value
    type_ = graph.schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    directives: list[ConstDirectiveNode] = []
    if keys and name in graph.encoders:
        directives.append(_directive("key", fields=_string("id")))
    if keys and name == "PageInfo":
        directives.append(_directive("shareable"))
    if name in graph.types:
        directives.extend(_needs(graph.types[name].scopes))
    fields = [
        _field(field, type_.fields[field.name.value])
        for field in definition.fields or ()
        if not field.name.value.startswith("_")
    ]
    return ObjectTypeDefinitionNode(
        description=definition.description,
        name=definition.name,
        interfaces=definition.interfaces,
        directives=(*(definition.directives or ()), *directives),
        fields=tuple(fields),
    )


def _field(node: FieldDefinitionNode, field: GraphQLField) -> FieldDefinitionNode:
    directives = (*(node.directives or ()), *_costs(node.name.value, field), *_needs(scopes_of(field)))
    return FieldDefinitionNode(
        description=node.description,
        name=node.name,
        arguments=node.arguments,
        type=node.type,
        directives=directives,
    )


def _costs(name: str, field: GraphQLField) -> Iterable[ConstDirectiveNode]:
    source = source_of(field)
    if isinstance(source, Pages):
        yield _directive(
            "listSize",
            assumedSize=_integer(PAGE_DEFAULT),
            slicingArguments=_strings("first", "last"),
            sizedFields=_strings("edges", "nodes"),
            requireOneSlicingArgument=BooleanValueNode(value=False),
        )
    elif isinstance(source, Listed):
        yield _directive("listSize", assumedSize=_integer(source.at_most))
    elif (at_most := bound_of(field)) is not None:
        yield _directive("listSize", assumedSize=_integer(at_most))
    elif isinstance(source, Mutation):
        yield _directive("cost", weight=_integer(WRITE_COST))
    elif name == "totalCount":
        yield _directive("cost", weight=_integer(COUNT_COST))


def _needs(scopes: Iterable[str] | None) -> Iterable[ConstDirectiveNode]:
    if scopes:
        yield _directive("requiresScopes", scopes=ListValueNode(values=(_strings(*sorted(scopes)),)))


def _directive(name: str, **arguments: Any) -> ConstDirectiveNode:
    nodes = [ConstArgumentNode(name=NameNode(value=key), value=value) for key, value in arguments.items()]
    return ConstDirectiveNode(name=NameNode(value=name), arguments=tuple(nodes))


def _string(text: str) -> StringValueNode:
    return StringValueNode(value=text)


def _integer(number: int) -> IntValueNode:
    return IntValueNode(value=str(number))


def _strings(*texts: str) -> ListValueNode:
    return ListValueNode(values=tuple(_string(text) for text in texts))
