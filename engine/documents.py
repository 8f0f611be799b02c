"""Documents: a text is parsed, limited and validated once, and remembered in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SourceLocation,
    VariableNode,
    is_non_null_type,
    parse,
    type_from_ast,
    validate,
)
from graphql import Node as GraphQLNode
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from engine.errors import Code, Rejected
from engine.graph import Graph
from engine.limits import Limits, Measure, Measuring, enforce, enforce_cost
from engine.scopes import Scopes

DOCUMENTS_BYTES = 2**19
"""How much text the cache keeps: hundreds of a frontend's documents; an attacker's push each other out.

A parsed document takes about a hundred times its text in memory (measured): this is 50 MB of a process.
"""


ERRORS_MAX = 20
"""Who has more to mend begins with these. For each of them, the text is read again from its beginning."""

MESSAGE_MAX = 500
"""Characters of a message: GraphQL repeats names of the document in it, however long they are."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that GraphQL refuses. A GraphQLError would keep the whole parsed document in memory."""

    message: str
    locations: tuple[SourceLocation, ...]

    def __str__(self) -> str:
        """Return the message with its first place."""
        return f"{self.message} (line {self.locations[0].line})" if self.locations else self.message


class Invalid(Exception):
    """A document or its variables that GraphQL refuses: one or more problems, each with places in the text."""

    def __init__(self, code: Code, problems: list[Problem]) -> None:
        super().__init__(code)
        self.code = code
        self.problems = problems


def problems_of(errors: Iterable[GraphQLError]) -> list[Problem]:
    """Return what is told of ``errors``."""
    return [Problem(_short(error.message), tuple(error.locations or ())) for error in errors]


def _short(message: str) -> str:
    return message if len(message) <= MESSAGE_MAX else message[:MESSAGE_MAX] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass(slots=True, eq=False)
class Operation:
    """One operation of a document, ready to be planned."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    measure: Measure
    """The worst case over all variables."""
    needs: frozenset[str]
    """The scopes of all that it names, whatever its variables."""
    checks: list[tuple[str, Callable[[Any], bool]]] | None
    """For each variable, whether a value is exactly of its type already; None where coercion has work to do."""
    inputs: frozenset[str] = frozenset()
    """Variables that are only given to mutations: whatever they hold, the plan is the same."""


@dataclass(slots=True, eq=False)
class Document:
    """A parsed, valid document within the limits."""

    operations: dict[str | None, Operation]
    fragments: dict[str, FragmentDetails]

    def operation(self, name: str | None) -> Operation:
        """Return the operation to run.

        Raises:
            Rejected: OPERATION_NAME_REQUIRED, when there are several and none is named, or none has the name.
        """
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        operation = self.operations.get(name) if name is not None else None
        if operation is None:
            raise Rejected(Code.OPERATION_NAME_REQUIRED, f"The document {self._remedy(name)}")
        return operation

    def _remedy(self, name: str | None) -> str:
        names = sorted(each for each in self.operations if each is not None)
        if not names:
            return "has one operation, without a name. Send no `operationName`."
        what = "has several operations" if name is None else "has no operation of this name"
        return f"{what}. Send `operationName`: one of {', '.join(names)}."


class Documents:
    """The cache of documents, by text."""

    def __init__(self, graph: Graph, limits: Limits, most_bytes: int = DOCUMENTS_BYTES) -> None:
        self._schema = graph.schema
        self._scopes = Scopes(graph)
        self._limits = limits
        self._most = most_bytes
        self._bytes = 0
        self._known: OrderedDict[str, Document | Rejected | Invalid] = OrderedDict()

    def get(self, text: str) -> Document:
        """Return the document of ``text``.

        Raises:
            Rejected: when a limit is exceeded.
            Invalid: when it does not parse or is not valid for this graph.
        """
        known = self._known.get(text)
        if known is None:
            known = self._remember(text)
        else:
            self._known.move_to_end(text)
        if isinstance(known, Document):
            return known
        raise _again(known)

    def _remember(self, text: str) -> Document | Rejected | Invalid:
        try:
            known: Document | Rejected | Invalid = self._read(text)
        except (Rejected, Invalid) as refusal:
            known = _again(refusal)
        self._known[text] = known
        self._bytes += len(text)
        while self._bytes > self._most and len(self._known) > 1:
            forgotten, _ = self._known.popitem(last=False)
            self._bytes -= len(forgotten)
        return known

    def _read(self, text: str) -> Document:
        ast = self._parse(text)
        definitions = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
        nodes = [d for d in ast.definitions if isinstance(d, OperationDefinitionNode)]
        measuring = Measuring(self._schema, definitions)
        measures = [measuring.operation(node) for node in nodes]
        # Fragments too: one that nobody spreads is refused by validation, but only after all its fields were compared.
        for measure in [*measures, *map(measuring.fragment, definitions)]:
            enforce(measure, self._limits)
        errors = validate(self._schema, ast, max_errors=ERRORS_MAX)
        if errors:
            raise Invalid(Code.GRAPHQL_VALIDATION_FAILED, problems_of(errors))
        if any(self._schema.get_root_type(node.operation) is None for node in nodes):
            known = " and ".join(_KINDS[kind] for kind in _KINDS if self._schema.get_root_type(kind) is not None)
            raise Rejected(Code.GRAPHQL_VALIDATION_FAILED, f"This graph answers {known} only.")
        operations = {
            node.name.value if node.name else None: Operation(
                node,
                definitions,
                measure,
                self._scopes.of_operation(node, definitions),
                self._checks(node),
                _inputs(node, definitions),
            )
            for node, measure in zip(nodes, measures, strict=True)
        }
        fragments = {name: FragmentDetails(definition) for name, definition in definitions.items()}
        return Document(operations, fragments)

    def _parse(self, text: str) -> DocumentNode:
        longest = self._limits.characters
        if len(text) > longest:
            message = f"The document is longer than {longest} characters. Put long values into variables."
            raise Rejected(Code.DOCUMENT_TOO_LARGE, message, limit=longest)
        try:
            return parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            if "tokens" in error.message:
                most = self._limits.tokens
                message = f"The document is longer than {most} tokens. Split the operation."
                raise Rejected(Code.DOCUMENT_TOO_LARGE, message, limit=most) from error
            raise Invalid(Code.GRAPHQL_PARSE_FAILED, problems_of([error])) from error

    def _checks(self, operation: OperationDefinitionNode) -> list[tuple[str, Callable[[Any], bool]]] | None:
        """Return the checks of variables that need no coercion when they are given exactly; None if one does."""
        checks: list[tuple[str, Callable[[Any], bool]]] = []
        for definition in operation.variable_definitions or ():
            type_ = type_from_ast(self._schema, definition.type)
            named = type_.of_type if is_non_null_type(type_) else type_
            check = _EXACT.get(getattr(named, "name", ""))
            if check is None:
                return None
            checks.append((definition.variable.name.value, check))
        return checks

    def variables(self, operation: Operation, inputs: dict[str, Any]) -> VariableValues:
        """Return the coerced variables, and refuse an operation that costs too much with them.

        Raises:
            Invalid: BAD_USER_INPUT, naming each variable that does not fit its type.
            Rejected: COST_EXCEEDED.
        """
        values = self._coerced(operation, inputs)
        if operation.measure.cost > self._limits.cost:
            measuring = Measuring(self._schema, operation.fragments, values.coerced)
            enforce_cost(measuring.operation(operation.node).cost, self._limits)
        return values

    def _coerced(self, operation: Operation, inputs: dict[str, Any]) -> VariableValues:
        checks = operation.checks
        if checks is not None and all(name in inputs and fits(inputs[name]) for name, fits in checks):
            return VariableValues({}, {name: inputs[name] for name, _ in checks})
        values = get_variable_values(self._schema, operation.node.variable_definitions or (), inputs, max_errors=10)
        if isinstance(values, list):
            raise Invalid(Code.BAD_USER_INPUT, problems_of(values))
        return values


def _inputs(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> frozenset[str]:
    """Return the variables that stand in the arguments of an operation's mutations and nowhere else."""
    if operation.operation is not OperationType.MUTATION:
        return frozenset()
    given, elsewhere = set[str](), set[str]()
    left, spread = [operation.selection_set], set[str]()
    while left:
        for node in left.pop().selections:
            elsewhere |= _variables(node.directives)
            if isinstance(node, FieldNode):
                given |= _variables(node.arguments)
                elsewhere |= _variables(node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                left.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                left.append(fragments[node.name.value].selection_set)
    for name in fragments.keys() - spread:
        elsewhere |= _variables(fragments[name].selection_set)
    return frozenset(given - elsewhere)


def _variables(within: Any) -> set[str]:
    """Return the names of the variables in a part of a document, fragments that are spread there left out."""
    found, left = set[str](), [within]
    while left:
        node = left.pop()
        if isinstance(node, VariableNode):
            found.add(node.name.value)
        elif isinstance(node, (list, tuple)):
            left += node
        elif isinstance(node, GraphQLNode):
            left += [getattr(node, key) for key in node.keys if key != "loc"]
    return found


_KINDS = {OperationType.QUERY: "queries", OperationType.MUTATION: "mutations"}


def _again(refusal: Rejected | Invalid) -> Rejected | Invalid:
    """Return the same refusal anew. One that was raised holds, by its traceback, the whole request that met it."""
    if isinstance(refusal, Rejected):
        return Rejected(refusal.code, refusal.message, **refusal.extensions)
    return Invalid(refusal.code, refusal.problems)


def _is_int(value: Any) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


_EXACT: Mapping[str, Callable[[Any], bool]] = {
    "String": lambda value: type(value) is str,
    "ID": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": _is_int,
}
