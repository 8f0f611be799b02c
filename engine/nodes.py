"""``node`` and ``nodes``: any object of the graph, by its global id."""

from typing import Annotated, Any

import strawberry
from typing_extensions import Doc

from engine.errors import Rejected
from engine.slots import refuse_many
from engine.sources import Ref

NODES_MAX = 100
"""The most ids of one ``nodes``."""


async def node(run: Any, keys: list[Any], id: Annotated[strawberry.ID, Doc("The object's id.")]) -> list[Any]:  # noqa: A002 - Relay's word
    """Return a reference to the object of an id, or None where no type has such ids."""
    return [_ref(run, id) for _ in keys]


async def nodes(
    run: Any,
    keys: list[Any],
    ids: Annotated[list[strawberry.ID], Doc(f"The objects' ids, {NODES_MAX} at most.")],
) -> list[Any]:
    """Return references in the order of the ids; a malformed one fails by itself."""
    refuse_many(len(ids), NODES_MAX, "ids")
    return [[_attempt(run, text) for text in ids] for _ in keys]


def _ref(run: Any, text: str) -> Ref | None:
    found = run.graph.refs(text)
    return None if found is None else Ref(*found)


def _attempt(run: Any, text: str) -> Ref | Rejected | None:
    try:
        return _ref(run, text)
    except Rejected as rejected:
        return rejected
