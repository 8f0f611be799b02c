"""Limits: what a document may cost, known before any work, by one pass that visits each fragment once.

A limiter that expands fragments is a denial of service of its own: 26 levels of doubling are 67 million visits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    VariableNode,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
)

from engine.errors import Code, Rejected
from engine.graph import bare
from engine.sources import PAGE_DEFAULT, PAGE_MAX, Listed, Mutation, Pages, bound_of, source_of

COUNT_COST = 10
"""Counting a connection reads more than a row of it."""

WRITE_COST = 10
"""A write locks rows and waits for the disk, which a read does not."""

WRITES_MAX = 10
"""Mutations of one operation. They run one after the other, each a transaction; many rows are a bulk form's."""

TABLE_FIELDS = 4
"""To plan a join or a subselect takes as long as to plan so many plain fields."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one operation may ask for. The defaults fit a page of a rich frontend several times over."""

    tokens: int = 1_000
    """Validation is quadratic in the worst case: 1,000 tokens are 40 ms of it, 4,000 are seconds."""
    characters: int = 32 << 10
    """Text that 1,000 tokens never need: each error looks for its line from the beginning."""
    depth: int = 12
    aliases: int = 30
    fields: int = 500
    """Fields after expanding fragments; a plan is made of each, and what reads a table counts ``TABLE_FIELDS`` more.
    A rich page has a hundred; 500 are planned in a quarter of a second."""
    cost: int = 10_000
    """Objects that the answer may hold, counted with its page sizes."""
    answer_bytes: int = 8 << 20
    """What the dearest of answers comes to without aliases; with them, one text can be asked for thirty times."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection amounts to, fragments expanded."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    once: int = 0
    """What a page costs however many rows it has."""

    def beside(self, other: "Measure") -> "Measure":
        """Return the measure of both in one selection set."""
        return Measure(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.cost + other.cost,
            self.once + other.once,
        )


class Measuring:
    """Measures the operations of one document. ``variables``: None for the worst case over all values."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, Measure] = {}

    def operation(self, operation: OperationDefinitionNode) -> Measure:
        """Return the measure of an operation."""
        return self._selections(operation.selection_set, self._schema.get_root_type(operation.operation))

    def _selections(self, selections: SelectionSetNode, parent: Any) -> Measure:
        total = Measure()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total = total.beside(self._field(node, parent))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self.fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                type_ = self._schema.get_type(condition.name.value) if condition else parent
                total = total.beside(self._selections(node.selection_set, type_))
        return total

    def fragment(self, name: str) -> Measure:
        """Return the measure of a fragment; nothing for one that is not there."""
        if name not in self._known:
            self._known[name] = Measure()  # a cycle ends here; validation refuses it
            fragment = self._fragments.get(name)
            if fragment is not None:
                type_ = self._schema.get_type(fragment.type_condition.name.value)
                self._known[name] = self._selections(fragment.selection_set, type_)
        return self._known[name]

    def _field(self, node: FieldNode, parent: Any) -> Measure:
        aliases = 1 if node.alias else 0
        if node.name.value == "__typename":
            return Measure(aliases=aliases, fields=1)
        field = _META.get(node.name.value) or getattr(parent, "fields", {}).get(node.name.value)
        named = None if field is None else get_named_type(field.type)
        inner = self._selections(node.selection_set, named) if node.selection_set else Measure()
        if node.name.value in _META or (parent is not None and is_introspection_type(parent)):
            # graphql-core bounds the depth, which is great on the way to a wrapped type's name (engine.introspection).
            return Measure(1, inner.aliases + aliases, inner.fields + 1)
        tables = 0 if field is None or is_leaf_type(named) or source_of(field) is None else TABLE_FIELDS
        return Measure(
            depth=inner.depth + 1,
            aliases=inner.aliases + aliases,
            fields=inner.fields + 1 + tables,
            cost=0 if field is None else self._cost(node, field, inner),
            once=COUNT_COST if field is not None and node.name.value == "totalCount" else 0,
        )

    def _cost(self, node: FieldNode, field: GraphQLField, selected: Measure) -> int:
        if is_leaf_type(get_named_type(field.type)):
            return 0
        source = source_of(field)
        if isinstance(source, Pages):
            return self._page_size(node) * (1 + selected.cost) + selected.once
        inner = selected.cost + selected.once
        if isinstance(source, Mutation):
            return WRITE_COST + inner
        if source is None and (at_most := bound_of(field)) is not None:
            return at_most * (1 + inner)
        if isinstance(source, Listed):
            return source.at_most * (1 + inner)
        if is_list_type(bare(field.type)) and source is not None:
            return self._list_size(node) * (1 + inner)
        # The connection, its edges and nodes are not objects of their own: the page has counted them.
        return inner if source is None else 1 + inner

    def _page_size(self, node: FieldNode) -> int:
        sizes = [self._integer(a.value) for a in node.arguments or () if a.name.value in ("first", "last")]
        given = [size for size in sizes if size is not None]
        return max(0, min(PAGE_MAX, given[0])) if given else PAGE_DEFAULT

    def _integer(self, value: Any) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value[:_DIGITS])
        if isinstance(value, VariableNode):
            if self._variables is None:
                return PAGE_MAX
            known = self._variables.get(value.name.value)
            return known if isinstance(known, int) else None
        return None

    def _list_size(self, node: FieldNode) -> int:
        lists = [a.value for a in node.arguments or () if isinstance(a.value, ListValueNode)]
        if lists:
            return len(lists[0].values)
        if self._variables is not None:
            names = [a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)]
            known = [self._variables.get(name) for name in names]
            return max((len(value) for value in known if isinstance(value, list)), default=1)
        return PAGE_MAX


_META: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}

_DIGITS = 12
"""More digits than any page has; int() of thousands of digits is refused by Python."""


def enforce(measure: Measure, limits: Limits) -> None:
    """Refuse what no variables can make acceptable.

    Raises:
        Rejected: DEPTH_EXCEEDED, TOO_MANY_ALIASES or DOCUMENT_TOO_LARGE.
    """
    checks = (
        (measure.depth, limits.depth, Code.DEPTH_EXCEEDED, "levels deep", "Ask for less at once"),
        (measure.aliases, limits.aliases, Code.TOO_MANY_ALIASES, "aliases long", "Split the operation"),
        (measure.fields, limits.fields, Code.DOCUMENT_TOO_LARGE, "fields large", "Split the operation"),
    )
    for is_, most, code, unit, remedy in checks:
        if is_ > most:
            shown = is_ if is_ <= _SHOWN else f"more than {_SHOWN}"
            raise Rejected(code, f"The operation is {shown} {unit}; {most} is the limit. {remedy}.", limit=most)


_SHOWN = 1_000_000


def enforce_writes(writes: Sequence[Mutation]) -> None:
    """Refuse mutations that may not be sent together.

    Raises:
        Rejected: TOO_MANY_MUTATIONS or MUTATION_ALONE.
    """
    if len(writes) > WRITES_MAX:
        message = f"The operation has {len(writes)} mutations; {WRITES_MAX} is the limit. Send the rest by themselves."
        raise Rejected(Code.TOO_MANY_MUTATIONS, message, limit=WRITES_MAX)
    if len(writes) > 1 and any(write.alone for write in writes):
        message = "One of these mutations may only be sent alone. Send each as an operation of its own."
        raise Rejected(Code.MUTATION_ALONE, message)


def enforce_cost(cost: int, limits: Limits) -> None:
    """Refuse an operation that may return too many objects.

    Raises:
        Rejected: COST_EXCEEDED.
    """
    if cost > limits.cost:
        raise Rejected(
            Code.COST_EXCEEDED,
            f"The operation may return {cost} objects; {limits.cost} is the limit. Ask for smaller pages (`first`).",
            cost=cost,
            limit=limits.cost,
        )
