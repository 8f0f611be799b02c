"""Declarations: where the value of a field comes from, written beside the field's type and description.

A declaration is a Strawberry field without a resolver that carries its source in its metadata. Strawberry makes types,
SDL and validation of it; ``engine.graph`` finds the source again and checks it when the program starts.

``scopes``: what the caller must hold, all of them, to select the field (``engine.scopes``).
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import SQLCoreOperations
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from engine.arguments import Parameters, argument, parameters_of

T = TypeVar("T")

SOURCE: Final = "engine.source"
AT_MOST: Final = "engine.at_most"
SCOPES: Final = "engine.scopes"
PUBLIC: Final[tuple[str, ...]] = ()
"""The scopes of what anybody may do. A mutation that says nothing of scopes does not start."""
PAGE_MAX: Final = 200
"""The most rows that one page may ask for: a page is for a screen; who wants all walks the pages."""
PAGE_DEFAULT: Final = 20
LIST_MAX: Final = 50
"""The most rows of a plain list whose declaration gives no other bound."""
EVERYONE: Final = "everyone"
"""The row rule of a type whose rows anybody may see. A type without a rule does not start."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's value comes from."""


@dataclass(frozen=True, slots=True)
class Key(Source):
    """The row's primary key, written as a global id."""


@dataclass(frozen=True, slots=True)
class Column(Source):
    """A column, or any SQL expression over the type's table."""

    expression: Any


@dataclass(frozen=True, slots=True)
class Computed(Source):
    """A pure function of columns."""

    function: Callable[..., Any]
    columns: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Edge(Source):
    """A to-one relationship: a join."""

    relationship: Any
    with_parent: bool


@dataclass(frozen=True, slots=True)
class Listed(Source):
    """A list with a fixed order and a bound: of a parent's row by the column ``on``, without it of the whole graph."""

    statement: Callable[..., Any]
    parameters: Parameters
    on: Any | None
    order: tuple[Any, ...]
    at_most: int


@dataclass(frozen=True, slots=True)
class Pages(Source):
    """A keyset connection, of the whole graph or (``on``) of a parent's row."""

    statement: Callable[..., Any]
    parameters: Parameters
    orders: type[enum.Enum]
    on: Any | None


@dataclass(frozen=True, slots=True)
class One(Source):
    """One row, or null."""

    statement: Callable[..., Any]
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Batched(Source):
    """An async function of all the keys of a level at once, for what is not SQL of this row."""

    function: Callable[..., Any]
    parameters: Parameters
    columns: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Mutation(Source):
    """An async function that changes something and returns what is to be shown of it."""

    function: Callable[..., Any]
    parameters: Parameters
    alone: bool


def key(*, description: str) -> Any:
    """Declare the global id."""
    return _field(Key(), description)


def column(
    expression: SQLCoreOperations[T] | InstrumentedAttribute[T], *, description: str, scopes: Sequence[str] = ()
) -> T:
    """Declare a field that is a column or a SQL expression over the type's table."""
    return _field(Column(expression), description, scopes=scopes)


def computed(
    function: Callable[..., T], *columns: SQLCoreOperations[Any], description: str, scopes: Sequence[str] = ()
) -> T:
    """Declare a field that is a pure function of columns, called with their values in this order."""
    return _field(Computed(function, columns), description, scopes=scopes)


def edge(relationship: Any, *, description: str, with_parent: bool = False, scopes: Sequence[str] = ()) -> Any:
    """Declare a to-one edge along an ORM relationship.

    ``with_parent``: whoever sees the parent sees the target through this edge, whatever the target's own row rule says;
    only then may the field be non-null.
    """
    return _field(Edge(relationship, with_parent), description, scopes=scopes)


def listed(
    statement: Callable[..., Any],
    *,
    order: Sequence[Any],
    description: str,
    on: Any | None = None,
    at_most: int = LIST_MAX,
    scopes: Sequence[str] = (),
) -> Any:
    """Declare a plain list: the first ``at_most`` rows, of those whose column ``on`` points to the parent if named."""
    parameters = parameters_of(statement, skip=1)
    source = Listed(statement, parameters, on, tuple(order), at_most)
    return _field(source, description, parameters.arguments, scopes=scopes)


def pages(
    statement: Callable[..., Any],
    *,
    orders: type[enum.Enum],
    description: str,
    on: Any | None = None,
    default: enum.Enum | None = None,
    scopes: Sequence[str] = (),
) -> Any:
    """Declare a keyset connection. ``orders``: members are tuples of order terms whose last one is unique."""
    parameters = parameters_of(statement, skip=1)
    taken = {a.graphql_name for a in parameters.arguments} & {"first", "after", "last", "before", "orderBy"}
    assert not taken, f"{statement.__name__} uses the reserved argument names {taken}"
    first_order = default or next(iter(orders))
    arguments = [*parameters.arguments, *_page_arguments(orders, first_order)]
    return _field(Pages(statement, parameters, orders, on), description, arguments, scopes=scopes)


def one(statement: Callable[..., Any], *, description: str, scopes: Sequence[str] = ()) -> Any:
    """Declare a root field that is one row or null."""
    parameters = parameters_of(statement, skip=1)
    return _field(One(statement, parameters), description, parameters.arguments, scopes=scopes)


def batched(
    function: Callable[..., Any],
    *columns: Any,
    description: str,
    name: str | None = None,
    scopes: Sequence[str] = (),
) -> Any:
    """Declare a field that an async function answers for all rows at once.

    ``await function(run, keys, **arguments)`` returns one value, or an Exception, for each of ``keys``, in their order.
    A key is the column's value, a tuple when several columns are named, ``()`` when none is. A value of a type with a
    table is a ``Ref``: the engine reads what the client selected of it.
    """
    parameters = parameters_of(function, skip=2, bulk=True)
    return _field(Batched(function, parameters, columns), description, parameters.arguments, name, scopes)


def mutation(
    function: Callable[..., Any],
    *,
    description: str,
    scopes: Sequence[str] | None = None,
    alone: bool = False,
    name: str | None = None,
) -> Any:
    """Declare a field of the mutation root: ``await function(run, **arguments)`` writes, and returns the payload.

    The payload is a plain object whose attributes are the fields of the field's type, or None; the engine reads what
    the client selected of the rows that it names (``Ref``), from the primary. ``run`` has ``viewer``, ``services`` and
    ``request_id``. An exception is the field's error: a ``Rejected`` as it says, all else masked.

    ``scopes`` must be said: ``PUBLIC`` for what anybody may do.
    ``alone``: one request is one attempt. It is refused beside any other mutation.
    """
    parameters = parameters_of(function, skip=1, bulk=True)
    return _field(Mutation(function, parameters, alone), description, parameters.arguments, name, scopes)


def several(*, description: str, at_most: int) -> Any:
    """Declare a list of a plain object that may be long, for its cost: each row of a bulk write has its result."""
    return StrawberryField(description=description, metadata={AT_MOST: at_most})


def deprecated(field: T, reason: str) -> T:
    """Mark a declared field as one that will go. ``reason``: what to use instead, and last ``Removed YYYY-MM-DD.``."""
    declared: Any = field
    declared.deprecation_reason = reason
    return field


@dataclass(frozen=True, slots=True)
class Ref:
    """Names a row of the graph: the engine reads what was selected of it, all of one type in one statement."""

    type: str
    key: Any


def _field(
    source: Source,
    description: str,
    arguments: list[StrawberryArgument] | None = None,
    name: str | None = None,
    scopes: Sequence[str] | None = (),
) -> Any:
    assert not isinstance(scopes, str), f"{scopes}: put scopes in a tuple"
    metadata = {SOURCE: source, SCOPES: None if scopes is None else tuple(map(str, scopes))}
    field = StrawberryField(graphql_name=name, description=description, metadata=metadata)
    field.arguments = arguments or []
    return field


def _page_arguments(orders: type[enum.Enum], default: enum.Enum) -> list[StrawberryArgument]:
    backwards = "Not together with `first` and `after`."
    return [
        argument(
            "first",
            int | None,
            description=f"How many to read from the start, {PAGE_MAX} at most; {PAGE_DEFAULT} when neither is given.",
            default=None,
        ),
        argument("after", str | None, description="Read what comes after this cursor.", default=None),
        argument("last", int | None, description=f"How many to read from the end. {backwards}", default=None),
        argument("before", str | None, description="Read what comes before this cursor.", default=None),
        argument("orderBy", orders, description="The order; a cursor belongs to one.", default=default),
    ]


def source_of(field: Any) -> Source | None:
    """Return where a GraphQL field's value comes from, or None for a plain Strawberry field."""
    definition = field.extensions.get("strawberry-definition")
    return None if definition is None else definition.metadata.get(SOURCE)


def bound_of(field: Any) -> int | None:
    """Return how many items a list of a plain object may have, None where it does not say."""
    definition = field.extensions.get("strawberry-definition")
    return None if definition is None else definition.metadata.get(AT_MOST)


def scopes_of(field: Any) -> tuple[str, ...] | None:
    """Return the scopes that a GraphQL field's declaration names; None when it should name them and does not."""
    definition = field.extensions.get("strawberry-definition")
    return () if definition is None else definition.metadata.get(SCOPES, ())
