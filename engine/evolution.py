"""Evolution: what a client of the released schema would notice as broken in the schema that the code makes now.

graphql-core knows what breaks an operation's text; scopes and costs break operations too, though their text stays
valid: a field that needs another scope, or counts more, is refused to those who could read it yesterday.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    IntValueNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    build_schema,
    find_breaking_changes,
    parse,
)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One breaking change. Its text names it in a change note."""

    text: str

    def __str__(self) -> str:
        return self.text


def breaking_changes(released: str, current: str) -> list[Change]:
    """Return what breaks clients of the SDL ``released`` in the SDL ``current``, in a stable order."""
    found = find_breaking_changes(build_schema(released), build_schema(current))
    changes = {Change(f"{change.type.name}: {change.description}") for change in found}
    return sorted(changes | set(_refusals(_fields(released), _fields(current))))


Fields = dict[str, dict[str, ConstDirectiveNode]]
"""The directives of each type and field, by its coordinate and the directive's name."""


def _fields(sdl: str) -> Fields:
    found: Fields = {}
    for type_ in parse(sdl).definitions:
        if isinstance(type_, ObjectTypeDefinitionNode):
            found[type_.name.value] = {each.name.value: each for each in type_.directives or ()}
            for field in type_.fields or ():
                coordinate = f"{type_.name.value}.{field.name.value}"
                found[coordinate] = {each.name.value: each for each in field.directives or ()}
    return found


def _refusals(before: Fields, now: Fields) -> Iterator[Change]:
    """Give the types and fields whose scopes or costs refuse more than they did."""
    for coordinate in before.keys() & now.keys():
        old, new = before[coordinate], now[coordinate]
        needed, need = _scopes(old.get("requiresScopes")), _scopes(new.get("requiresScopes"))
        if not all(any(set(enough) <= set(held) for enough in need) for held in needed):
            yield Change(f"SCOPES_CHANGED: {coordinate} needs {_shown(need)}, not {_shown(needed)}.")
        for name, argument in (("cost", "weight"), ("listSize", "assumedSize")):
            was, is_ = _number(old.get(name), argument), _number(new.get(name), argument)
            if is_ > was:
                yield Change(f"COST_RAISED: {coordinate} has {argument} {is_}, not {was}.")


def _scopes(directive: ConstDirectiveNode | None) -> frozenset[tuple[str, ...]]:
    """Return the alternatives of scopes that open a field, any one of them whole; without a directive, none at all."""
    if directive is None:
        return frozenset({()})
    value = _value(directive, "scopes")
    alternatives = value.values if isinstance(value, ListValueNode) else ()
    return frozenset(
        tuple(sorted(scope.value for scope in each.values if isinstance(scope, StringValueNode)))
        for each in alternatives
        if isinstance(each, ListValueNode)
    )


def _shown(scopes: frozenset[tuple[str, ...]]) -> str:
    return " or ".join("+".join(each) or "no scope" for each in sorted(scopes))


def _number(directive: ConstDirectiveNode | None, argument: str) -> int:
    value = _value(directive, argument)
    return int(value.value) if isinstance(value, IntValueNode | StringValueNode) else 0


def _value(directive: ConstDirectiveNode | None, argument: str) -> object:
    arguments = directive.arguments or () if directive else ()
    return next((each.value for each in arguments if each.name.value == argument), None)
