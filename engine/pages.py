"""Pages: keyset connections. A page starts after a row's keys, so it stays right while other rows come and go."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry
from sqlalchemy import ColumnElement, UnaryExpression, and_, or_, tuple_
from sqlalchemy.sql.operators import desc_op
from sqlalchemy.types import TypeDecorator

from engine.errors import Code, Rejected
from engine.ids import FROM_URL, quick_uuid
from engine.sources import PAGE_DEFAULT, PAGE_MAX
from engine.symbols import Parameter, Symbol, symbol_of

NodeT = TypeVar("NodeT")

_MAC_BYTES = 8
"""A forged cursor only starts a page elsewhere, so 64 bits are plenty and keep the text short."""


@strawberry.type(description="Where a page lies in its connection.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first edge.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last edge; pass it as `after`.")


@strawberry.type(name="Edge", description="One row of a connection, with its place in the order.")
class PageEdge(Generic[NodeT]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="The row's place in this order; pass it as `after` or `before`.")
    node: NodeT = strawberry.field(description="The row.")


@strawberry.type(description="A page of rows in a stable order, forward or backward from a cursor.")
class Connection(Generic[NodeT]):
    """Relay's connection, with ``nodes`` for who needs no cursors per row."""

    edges: list[PageEdge[NodeT]] = strawberry.field(description="The page's rows with their cursors.")
    nodes: list[NodeT] = strawberry.field(description="The page's rows.")
    page_info: PageInfo = strawberry.field(description="Whether and where the connection goes on.")
    total_count: int = strawberry.field(description="How many rows there are over all pages; counted when selected.")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order: an expression over the alias, and its direction."""

    expression: Any
    descending: bool

    def flipped(self) -> "Term":
        """Return the term in the other direction: a backward page reads the order from its end."""
        return Term(self.expression, not self.descending)

    def sql(self) -> Any:
        """Return the term for ORDER BY."""
        return self.expression.desc() if self.descending else self.expression.asc()


def term_of(clause: Any, adapt: Callable[[Any], Any]) -> Term:
    """Return a declared order term (``Course.price.desc()`` or a bare column), moved to an alias by ``adapt``."""
    expression = getattr(clause, "expression", clause)
    if isinstance(expression, UnaryExpression) and expression.modifier is not None:
        return Term(adapt(expression.element), expression.modifier is desc_op)
    return Term(adapt(expression), descending=False)


def after(terms: Sequence[Term], keys: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for rows that come after ``keys`` in the order of ``terms``."""
    expressions = [term.expression for term in terms]
    if len({term.descending for term in terms}) == 1:
        mine, theirs = tuple_(*expressions), tuple_(*keys)
        return mine < theirs if terms[0].descending else mine > theirs
    first, rest = terms[0], terms[1:]
    beyond = _beyond(first, keys[0])
    # The redundant bound on the first key lets PostgreSQL start in the index; the OR alone would filter from its start.
    bound = first.expression <= keys[0] if first.descending else first.expression >= keys[0]
    return and_(bound, or_(beyond, and_(first.expression == keys[0], after(rest, keys[1:]))))


def _beyond(term: Term, key: Any) -> ColumnElement[bool]:
    return term.expression < key if term.descending else term.expression > key


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a connection one request reads."""

    coordinate: str
    order: str
    backward: bool
    from_cursor: bool
    size: Callable[[Any], int]
    """The number of rows asked for, checked, from the running request."""
    cursor: Symbol
    filter: Symbol
    """The values that narrow the connection; a cursor belongs to them."""

    def scope(self, run: Any) -> bytes:
        """Return what a cursor is bound to: field, order and filter."""
        text = orjson.dumps([self.coordinate, self.order, self.filter.read(run)], default=str)
        return blake2b(text, digest_size=16).digest()

    def scope_once(self, run: Any) -> bytes:
        """Return the scope, made once for a request and noted in it."""
        known: bytes | None = run.scopes.get(id(self))
        if known is None:
            known = run.scopes[id(self)] = self.scope(run)
        return known


def window(coordinate: str, arguments: dict[str, Any], order: Any) -> Window:
    """Return the window that a field's page arguments describe.

    Raises:
        Rejected: BAD_USER_INPUT, when both directions are asked for at once.
    """
    first, last = arguments.get("first"), arguments.get("last")
    start, end = arguments.get("after"), arguments.get("before")
    backward = last is not None or end is not None
    if backward and (first is not None or start is not None):
        raise Rejected(
            Code.BAD_USER_INPUT,
            f"`{coordinate}` was asked for both directions. Use `first` and `after`, or `last` and `before`.",
        )
    wanted, cursor = (last, end) if backward else (first, start)
    narrowing = {name: value for name, value in arguments.items() if name not in _PAGE_ARGUMENTS}
    return Window(
        coordinate=coordinate,
        order=order.name,
        backward=backward,
        from_cursor=cursor is not None,
        size=_size(wanted, coordinate),
        cursor=symbol_of(cursor),
        filter=_narrowing(narrowing),
    )


_PAGE_ARGUMENTS = frozenset({"first", "after", "last", "before", "orderBy"})


def _narrowing(values: dict[str, Any]) -> Symbol:
    """Return the filter's values as one symbol: equal wishes are equal, however they are written.

    What is null or empty narrows nothing, an instant is the same in every zone, and a list is a set of words or ids.
    """

    def read(run: Any, value: Any) -> Any:
        if isinstance(value, Symbol):
            return read(run, value.read(run))
        if isinstance(value, dict):
            inner = {name: read(run, item) for name, item in sorted(value.items())}
            return {name: item for name, item in inner.items() if item is not None} or None
        if isinstance(value, list):
            return sorted([read(run, item) for item in value], key=str)
        return value.astimezone(UTC) if isinstance(value, datetime) else value

    return Symbol(lambda run: read(run, values))


def _size(wanted: Any, coordinate: str) -> Callable[[Any], int]:
    if wanted is None:
        return lambda _run: PAGE_DEFAULT
    symbol = symbol_of(wanted)

    def size(run: Any) -> int:
        value = symbol.read(run)
        if not 0 <= value <= PAGE_MAX:
            raise Rejected(
                Code.BAD_USER_INPUT,
                f"`{coordinate}` reads 0 to {PAGE_MAX} rows at once, not {value}. Read page by page.",
            )
        return value

    return size


class Cursors:
    """Writes and reads signed cursors. All processes of one installation share the key."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, scope: bytes, keys: tuple[Any, ...]) -> str:
        """Return the cursor of the row with these order keys."""
        payload = orjson.dumps(keys, default=str)
        return urlsafe_b64encode(self._mac(scope, payload) + payload).rstrip(b"=").decode("ascii")

    def read(self, scope: bytes, text: str, types: Sequence[type]) -> list[Any]:
        """Return the order keys of a cursor.

        Raises:
            Rejected: CURSOR_INVALID, when the cursor is forged, damaged, or of another order, filter or field.
        """
        try:
            letters = text.encode("ascii").translate(FROM_URL, delete=b"+/=")
            raw = (
                a2b_base64(letters + b"=" * (-len(letters) % 4), strict_mode=True) if len(letters) == len(text) else b""
            )
        except (UnicodeError, ValueError) as error:
            raise Rejected(Code.CURSOR_INVALID, _INVALID) from error
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        # Compared in constant time: a cursor is no secret, but a signature that can be guessed byte by byte is none.
        if not compare_digest(mac, self._mac(scope, payload)):
            raise Rejected(Code.CURSOR_INVALID, _INVALID)
        return [_READERS[type_](key) for type_, key in zip(types, orjson.loads(payload), strict=True)]

    def _mac(self, scope: bytes, payload: bytes) -> bytes:
        return blake2b(scope + payload, key=self._secret, digest_size=_MAC_BYTES).digest()


def position(cursors: Cursors, page: Window, terms: Sequence[Term]) -> list[Parameter]:
    """Return the order keys of the window's cursor as one parameter for each term."""
    kept = [stored(term.expression.type) for term in terms]
    types = [type_.python_type for type_ in kept]

    def keys(run: Any) -> list[Any]:
        known: list[Any] | None = run.positions.get(id(page))
        if known is None:
            known = run.positions[id(page)] = cursors.read(page.scope_once(run), page.cursor.read(run), types)
        return known

    def key_at(index: int) -> Symbol:
        return Symbol(lambda run: keys(run)[index])

    return [Parameter(key_at(index), type_) for index, type_ in enumerate(kept)]


def stored(type_: Any) -> Any:
    """Return the type without its decoration: a cursor holds the driver's values."""
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


_READERS: dict[type, Callable[[Any], Any]] = {
    bool: bool,
    int: int,
    str: str,
    float: float,
    Decimal: Decimal,
    UUID: quick_uuid,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}

CURSOR_KEYS = frozenset(_READERS)
"""The Python types of order keys that a cursor can hold."""

_INVALID = (
    "This cursor does not belong here. Pass a cursor that the same field gave for the same order and filter, "
    "or start again without one."
)
