"""Shapes: how an answer is laid out over the records that a statement returns.

The planner makes shapes while it makes the select; ``engine.functions`` writes them as Python source. ``place`` is
always a position in the record that the shape is read from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Union


@dataclass(slots=True)
class Leaf:
    """A value of the record, as it is or through a writer."""

    places: tuple[int, ...]
    write: Callable[..., Any] | None = None
    """Makes the JSON value; None where the driver's value is one already."""
    guarded: Callable[..., Any] | None = None
    """The same, but a value that cannot be written becomes a Failure (see ``engine.failures``)."""
    nullable: bool = False


@dataclass(slots=True)
class Constant:
    """A value that the document alone decides: a type's name, or None where a slot will put its value."""

    value: Any


@dataclass(slots=True)
class Hold:
    """A slot to be served later: the object, the response key, and where the row's keys are."""

    slot: int
    places: tuple[int, ...]


@dataclass(slots=True)
class Record:
    """An object made of the record; absent when the value at ``present`` is NULL (an outer join found nothing)."""

    fields: dict[str, "Shape"] = field(default_factory=dict["str", "Shape"])
    present: int | None = None
    holds: list[Hold] = field(default_factory=list[Hold])


@dataclass(slots=True)
class Many:
    """A list: an array in the record, or (no place) the statement's own rows."""

    each: Record
    place: int | None = None


@dataclass(slots=True)
class First:
    """The only row of such a list, or None."""

    each: Record
    place: int | None = None


NO_ROWS = -1
"""The place of a page of which only facts were selected that need no rows."""


@dataclass(slots=True)
class Page:
    """A connection: its rows, cut and turned by the window, and what was selected around them."""

    number: int
    """Which of the plan's windows it is."""
    place: int | None = None
    cursor_places: tuple[int, ...] = ()
    total: int | None = None
    fields: dict[str, "PagePart"] = field(default_factory=dict["str", "PagePart"])

    def selects(self, kind: str) -> bool:
        """Return whether a part of this kind was selected."""
        return any(part.kind == kind for part in self.fields.values())

    @property
    def needs_rows(self) -> bool:
        """Whether anything was selected that is made of rows."""
        return self.selects("edges") or self.selects("nodes") or self.selects("pageInfo")

    @property
    def needs_cursors(self) -> bool:
        """Whether a cursor was selected, on an edge or in the page info."""
        inner = (part for outer in self.fields.values() for part in outer.parts.values())
        return any(part.kind in ("cursor", "startCursor", "endCursor") for part in inner)


@dataclass(slots=True)
class PagePart:
    """A field of a connection, an edge or its page info, by its kind; ``parts`` are an edge's or info's own fields."""

    kind: str
    value: Any = None
    parts: dict[str, "PagePart"] = field(default_factory=dict["str", "PagePart"])
    record: Record | None = None


Shape = Union[Leaf, Constant, Record, Many, First, Page]  # noqa: UP007 - the recursive names above need a string
