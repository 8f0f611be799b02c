"""Operations: a generated tree made into what clients really send.

``hypothesis-graphql`` makes a valid tree of fields with literals and inline fragments. Here a seeded ``Random`` mixes
in variables, named fragments, directives, aliases, merges, type names, page information, and values that find rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
)

from tests.engine.duel import NO_CURSOR

Values = Callable[[Random, str], str | None]
"""Gives a text that stands in the data, by an argument's or input field's coordinate; None keeps what was generated."""

DEEP = 5
"""How deep further fields are added; generated trees may go deeper."""


@dataclass
class Operation:
    """An operation and two sets of variables of the same shape."""

    document: str
    variables: dict[str, Any]
    others: dict[str, Any]


@dataclass
class Mixer:
    """Rewrites one tree."""

    schema: GraphQLSchema
    random: Random
    values: Values
    definitions: list[VariableDefinitionNode] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[FragmentDefinitionNode] = field(default_factory=list)

    def mixed(self, text: str) -> Operation:
        """Return the operation that ``text`` becomes."""
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        root = self.schema.get_root_type(operation.operation)
        selections = self._selections(operation.selection_set, root, 0)
        node = OperationDefinitionNode(
            operation=operation.operation,
            name=NameNode(value="Q"),
            variable_definitions=tuple(self.definitions),
            directives=(),
            selection_set=selections,
        )
        used = [fragment for fragment in self.fragments if fragment.name.value in self._spread([selections])]
        document = print_ast(DocumentNode(definitions=(node, *used)))
        return Operation(document, self.variables, {name: _other(value) for name, value in self.variables.items()})

    def _spread(self, sets: list[SelectionSetNode]) -> set[str]:
        """Return the names of the fragments that are spread, however deep."""
        known = {fragment.name.value: fragment for fragment in self.fragments}
        found: set[str] = set()
        while sets:
            for node in sets.pop().selections:
                if isinstance(node, FragmentSpreadNode) and node.name.value not in found:
                    found.add(node.name.value)
                    sets.append(known[node.name.value].selection_set)
                elif isinstance(node, (FieldNode, InlineFragmentNode)) and node.selection_set:
                    sets.append(node.selection_set)
        return found

    # Selections

    def _selections(self, selections: SelectionSetNode, type_: Any, depth: int) -> SelectionSetNode:
        nodes: list[Any] = []
        for node in selections.selections:
            if isinstance(node, FieldNode) and node.name.value == "__typename":
                nodes.append(node)
            elif isinstance(node, InlineFragmentNode):
                inner = self.schema.type_map[node.type_condition.name.value] if node.type_condition else type_
                nodes.append(replace(node, selection_set=self._selections(node.selection_set, inner, depth)))
            else:
                assert isinstance(node, FieldNode)
                nodes.extend(self._fields(node, type_, depth))
        nodes += self._more(type_, depth)
        if self._chance(0.25):
            nodes.insert(self.random.randrange(len(nodes) + 1), self._field("__typename"))
        if "pageInfo" in getattr(type_, "fields", {}) and self._chance(0.6):
            parts = self.random.sample(["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"], 2)
            nodes.append(self._field("pageInfo", [self._field(part) for part in parts]))
        if depth and self._chance(0.2):
            nodes = self._fragmented(nodes, type_)
        return SelectionSetNode(selections=tuple(nodes))

    def _more(self, type_: Any, depth: int) -> list[Any]:
        """Return further fields: generated trees are small, and few of their fields stand in the same object."""
        if depth > DEEP or not self._chance(0.6):
            return []
        if not is_object_type(type_):
            possible = [each for each in self.schema.get_possible_types(type_) if self._chance(0.5)]
            return [
                InlineFragmentNode(
                    type_condition=NamedTypeNode(name=NameNode(value=each.name)),
                    directives=(),
                    selection_set=self._selections(_only([self._field("__typename")]), each, depth),
                )
                for each in possible
            ]
        names = self.random.sample(list(type_.fields), min(len(type_.fields), self.random.choice([1, 2, 3, 5])))
        nodes: list[Any] = []
        for name in names:
            definition = type_.fields[name]
            named = get_named_type(definition.type)
            if any(is_required_argument(argument) for argument in definition.args.values()) or name.startswith("_"):
                continue
            if is_leaf_type(named):
                nodes += self._fields(self._field(name), type_, depth)
            elif depth < DEEP:
                nodes += self._fields(self._field(name, [self._field("__typename")]), type_, depth)
        return nodes

    def _fields(self, node: FieldNode, type_: Any, depth: int) -> list[FieldNode]:
        definition = type_.fields[node.name.value]
        made = self._arguments(node, f"{type_.name}.{node.name.value}", definition, depth)
        if node.selection_set:
            inner = self._selections(node.selection_set, get_named_type(definition.type), depth + 1)
            made = replace(made, selection_set=inner)
        made = replace(made, directives=self._directives())
        result = [made]
        if self._chance(0.12):
            result.append(made if self._chance(0.5) else replace(made, alias=self._name("again")))
        if self._chance(0.08) and definition.args:
            again = self._arguments(made, f"{type_.name}.{node.name.value}", definition, depth)
            result.append(replace(again, alias=self._name("other")))
        if self._chance(0.05) and made.alias is None:
            result = [replace(made, alias=self._name("only"))]
        return result

    def _fragmented(self, nodes: list[Any], type_: Any) -> list[Any]:
        """Move some of the nodes into a fragment, named or not, spread once or twice."""
        cut = self.random.randrange(len(nodes))
        head, tail = nodes[:cut], nodes[cut:]
        selections = SelectionSetNode(selections=tuple(tail))
        conditions = [type_.name]
        if is_object_type(type_):
            conditions += [interface.name for interface in type_.interfaces]
        if self._chance(0.4):
            condition = NamedTypeNode(name=NameNode(value=type_.name)) if self._chance(0.7) else None
            inline = InlineFragmentNode(
                type_condition=condition, directives=self._directives(), selection_set=selections
            )
            return [*head, inline]
        name = f"F{len(self.fragments)}"
        self.fragments.append(
            FragmentDefinitionNode(
                name=NameNode(value=name),
                type_condition=NamedTypeNode(name=NameNode(value=type_.name)),
                directives=(),
                selection_set=selections,
            )
        )
        spreads = [FragmentSpreadNode(name=NameNode(value=name), directives=self._directives())]
        if self._chance(0.3):
            spreads.append(FragmentSpreadNode(name=NameNode(value=name), directives=self._directives()))
        return [*head, *spreads]

    def _directives(self) -> tuple[DirectiveNode, ...]:
        directives: list[DirectiveNode] = []
        for name, likely in (("skip", False), ("include", True)):
            if self._chance(0.04):
                value: Any = self.random.random() < 0.7
                literal: Any = BooleanValueNode(value=value if likely else not value)
                if self._chance(0.5):
                    literal = self._variable("Boolean!", literal)
                directives.append(DirectiveNode(name=NameNode(value=name), arguments=(_argument("if", literal),)))
        return tuple(directives)

    # Arguments

    def _arguments(self, node: FieldNode, coordinate: str, definition: Any, depth: int) -> FieldNode:
        arguments: list[ArgumentNode] = []
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        one_way = {"last", "before"} if self._chance(0.6) else {"first", "after"}
        for name, argument in definition.args.items():
            if name in one_way and "orderBy" in definition.args:
                continue
            value = given.get(name)
            if name in ("first", "last"):
                sizes = [0, 1, 2, 3] if depth else [0, 1, 2, 5, 9, 200]
                value = IntValueNode(value=str(self.random.choice(sizes))) if depth or self._chance(0.7) else None
            elif name in ("after", "before"):
                value = None if self._chance(0.97) else StringValueNode(value=NO_CURSOR)
            if value is None or isinstance(value, VariableNode):
                if value is not None:
                    arguments.append(_argument(name, value))
                continue
            value = self._value(value, argument.type, f"{coordinate}.{name}")
            if self._chance(0.3) and "$" not in print_ast(value):
                value = self._as_variable(value, argument)
            arguments.append(_argument(name, value))
        return replace(node, arguments=tuple(arguments))

    def _value(self, value: Any, type_: GraphQLInputType, coordinate: str, *, inside: bool = False) -> Any:
        """Put values that stand in the data into a literal."""
        named = get_named_type(type_)
        if isinstance(value, ObjectValueNode) and is_input_object_type(named):
            fields = [
                replace(
                    item,
                    value=self._value(
                        item.value,
                        named.fields[item.name.value].type,
                        f"{named.name}.{item.name.value}",
                        inside=True,
                    ),
                )
                for item in value.fields
            ]
            if named.is_one_of:
                fields = [item for item in fields if not isinstance(item.value, NullValueNode)][:1] or self._one_of(
                    named
                )
            return ObjectValueNode(fields=tuple(fields))
        if isinstance(value, NullValueNode) or not self._chance(0.96):
            return value
        if inside and is_leaf_type(named) and not isinstance(value, ListValueNode) and self._chance(0.15):
            return self._variable(f"{named.name}!", self._value(value, type_, coordinate))
        if isinstance(value, ListValueNode):
            items = [self._value(item, type_, coordinate, inside=True) for item in value.values]
            return ListValueNode(values=tuple(items))
        known = self.values(self.random, coordinate)
        if known is None or not isinstance(value, (StringValueNode, IntValueNode)):
            return value
        return StringValueNode(value=known)

    def _one_of(self, named: Any) -> list[ObjectFieldNode]:
        name = self.random.choice(list(named.fields))
        known = self.values(self.random, f"{named.name}.{name}") or "x"
        return [ObjectFieldNode(name=NameNode(value=name), value=StringValueNode(value=known))]

    def _as_variable(self, value: Any, argument: Any) -> Any:
        """Return a variable of a type that fits: as it is, required, nullable, defaulted, absent or null."""
        text = str(argument.type)
        ways = ["given"]
        if is_non_null_type(argument.type):
            ways += ["defaulted"] if argument.default_value is not None else []
        else:
            ways += ["required", "null", "absent", "default"]
        way = self.random.choice(ways)
        if way == "required" and not isinstance(value, NullValueNode):
            return self._variable(f"{text}!", value)
        if way == "null":
            return self._variable(text, NullValueNode())
        if way in ("absent", "default"):
            return self._variable(text, None, value if way == "default" else None)
        if way == "defaulted":
            return self._variable(text.removesuffix("!"), value, value)
        return self._variable(text, value)

    def _variable(self, type_: str, value: Any, default: Any = None) -> VariableNode:
        name = f"v{len(self.definitions)}"
        self.definitions.append(
            VariableDefinitionNode(
                variable=VariableNode(name=NameNode(value=name)),
                type=parse_type(type_),
                default_value=default,
                directives=(),
            )
        )
        if value is not None:
            self.variables[name] = value_from_ast_untyped(value)
        return VariableNode(name=NameNode(value=name))

    # Nodes

    def _name(self, stem: str) -> NameNode:
        return NameNode(value=f"{stem}{self.random.randrange(10**6)}")

    def _field(self, name: str, selections: list[Any] | None = None) -> FieldNode:
        inner = _only(selections) if selections else None
        return FieldNode(name=NameNode(value=name), arguments=(), directives=(), selection_set=inner)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


def _only(nodes: list[Any]) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(nodes))


def _argument(name: str, value: Any) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=value)


def _other(value: Any) -> Any:
    """Return another value of the same shape: it must do with the same plan."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return (value + 1) % 200
    if isinstance(value, dict):
        return {key: _other(item) for key, item in value.items()}
    return value
