"""Federation: ``_service`` and ``_entities``, by which a gateway joins this graph with others.

Entities are read like ``nodes``: one statement for each type, however many there are, and a bad key spoils only itself.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NewType

import strawberry
from typing_extensions import Doc

from engine.errors import Code, Rejected
from engine.graph import Graph
from engine.sdl import subgraph_sdl
from engine.slots import refuse_many
from engine.sources import Ref

AnyKey = NewType("AnyKey", dict)  # type: ignore[type-arg]

ENTITIES_MAX = 100
"""The most keys of one ``_entities``."""

ANY_KEY = strawberry.scalar(
    name="_Any",
    description="The key of an entity: its `__typename` and its `id`.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)


@strawberry.type(name="_Service", description="This graph as a part of a federation.")
class Service:
    """Federation's description of a subgraph."""

    sdl: str = strawberry.field(description="The subgraph's SDL, for composition.")


@dataclass(frozen=True, slots=True)
class _Sdl:
    sdl: str


async def service(run: Any, keys: list[Any]) -> list[Any]:
    """Return the SDL for composition."""
    return [_Sdl(_sdl(run.graph)) for _ in keys]


@cache
def _sdl(graph: Graph) -> str:
    return subgraph_sdl(graph)


async def entities(
    run: Any,
    keys: list[Any],
    representations: Annotated[list[AnyKey], Doc(f"The entities' keys, {ENTITIES_MAX} at most.")],
) -> list[Any]:
    """Return references in the order of the representations."""
    refuse_many(len(representations), ENTITIES_MAX, "representations")
    return [[_attempt(run, representation) for representation in representations] for _ in keys]


def _attempt(run: Any, representation: Any) -> Ref | Rejected:
    known = isinstance(representation, dict)
    type_name, text = (representation.get("__typename"), representation.get("id")) if known else (None, None)
    decode = run.graph.decoders.get(type_name) if isinstance(type_name, str) else None
    if decode is None or not isinstance(text, str) or not isinstance(type_name, str):
        return Rejected(Code.BAD_USER_INPUT, "A representation has the `__typename` of an entity here, and its `id`.")
    try:
        return Ref(type_name, decode(text))
    except Rejected as rejected:
        return rejected
