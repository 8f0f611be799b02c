"""Enums: a closed list of words becomes a GraphQL enum with a description for each word."""

from enum import Enum
from typing import Any, TypeVar

import strawberry

Words = TypeVar("Words", bound=Enum)


def describe(words: type[Words], description: str, **values: str) -> type[Words]:
    """Make ``words`` a GraphQL enum; each of its members must be described.

    Raises:
        ValueError: when a member has no description, or a description no member.
    """
    if set(values) != set(words.__members__):
        missing = sorted(set(words.__members__) ^ set(values))
        raise ValueError(f"{words.__name__}: describe exactly its members; these differ: {', '.join(missing)}")
    if "__strawberry_definition__" not in vars(words):
        strawberry.enum(words)
    # An argument of this type may have been met first: its definition is completed, not made anew.
    definition: Any = vars(words)["__strawberry_definition__"]
    definition.description = description
    for value in definition.values:
        value.description = values[value.name]
    return words
