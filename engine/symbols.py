"""Symbols: stand-ins for values that only a request knows, so that a plan is made once for all of them.

A statement function is called when the plan is made. What may shape the statement (None, booleans, enum members, which
keys an input object has) is real then and part of the plan's key; everything else is a symbol and becomes a parameter.
A function that tries to look at a symbol fails when the plan is made, not silently at run time.
"""

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from sqlalchemy import BindParameter
from sqlalchemy.types import TypeEngine

Read = Callable[[Any], Any]
"""Takes the running request (``engine.run.Run``) and returns the value."""


class Symbol:
    """A value that is read from the request when the statement runs."""

    __slots__ = ("read",)

    def __init__(self, read: Read) -> None:
        self.read = read

    def then(self, change: Callable[[Any], Any]) -> "Symbol":
        """Return the symbol of the changed value."""
        read = self.read
        return Symbol(lambda run: change(read(run)))

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("A statement function may compare this value in SQL, but not look at it: it is not known yet.")

    __bool__ = __iter__ = __len__ = __str__ = __int__ = __float__ = __lt__ = __gt__ = __le__ = __ge__ = _refuse


class Parameter(BindParameter[Any]):
    """A bound parameter whose value is read from the request."""

    inherit_cache = False

    def __init__(self, symbol: Symbol, type_: TypeEngine[Any] | None = None) -> None:
        super().__init__(None, None, type_=type_, unique=True)
        self.read = symbol.read


def symbol_of(value: object) -> Symbol:
    """Return ``value`` as a symbol: literals of the document are constants, but symbols may stand inside them."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, list) and _holds_symbol(value):
        items = [symbol_of(item) for item in value]
        return Symbol(lambda run: [item.read(run) for item in items])
    if isinstance(value, dict) and _holds_symbol(value):
        parts = {key: symbol_of(item) for key, item in value.items()}
        return Symbol(lambda run: {key: part.read(run) for key, part in parts.items()})
    return Symbol(lambda _run: value)


def _holds_symbol(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_symbol, value.values()))
    return isinstance(value, Symbol) or (isinstance(value, list) and any(map(_holds_symbol, value)))


def symbolic(value: object, read: Read) -> Any:
    """Return the symbolic twin of a variable's value: its shape is real, its leaves are symbols."""
    if value is None or isinstance(value, (bool, Enum)):
        return value
    if isinstance(value, dict):
        return {key: symbolic(item, _at(read, key)) for key, item in value.items()}
    return Symbol(read)


def _at(read: Read, key: str) -> Read:
    return lambda run: read(run)[key]


def shape(value: object) -> Hashable:
    """Return what of ``value`` may shape a statement; equal shapes share a plan."""
    if type(value) is str or type(value) is int:
        return "·"  # what most variables are, told first
    if value is None or isinstance(value, (bool, Enum)):
        return value
    if isinstance(value, dict):
        return tuple([(key, shape(item)) for key, item in value.items()])
    return "·"


def symbolic_viewer(viewer: Any) -> Any:
    """Return the viewer with its keys and texts as parameters; what is boolean, an enum or a set stays real.

    A viewer's None becomes a bound NULL, also where a property returns it: ``row.owner_id == viewer.id`` must be true
    for nobody, not for ownerless rows. What is declared as an enum or none, like a role, stays None.
    Its ``scopes`` are known only as far as plans depend on them: those in ``row_scopes`` of its class.
    """
    assert is_dataclass(viewer)
    kind = type(viewer)
    values: dict[str, Any] = {}
    for field in fields(viewer):
        value = getattr(viewer, field.name)
        if field.name == "scopes":
            values[field.name] = HeldScopes(value, _row_scopes(kind))
        elif field.name in _real_fields(kind):
            values[field.name] = value
        else:
            values[field.name] = Parameter(Symbol(_viewer_field(field.name)))
    return without_none(kind)(**values)


class HeldScopes:
    """The scopes of a viewer, for row rules: they may ask for those that were said to shape statements."""

    def __init__(self, held: frozenset[str], shaping: frozenset[str]) -> None:
        self._held = held
        self._shaping = shaping

    def __contains__(self, scope: str) -> bool:
        if scope not in self._shaping:
            raise TypeError(f"A rule asks for the scope {scope}, but plans are shared by all. Name it in row_scopes.")
        return scope in self._held


@cache
def without_none(kind: type) -> Any:
    """Return a viewer's class whose properties give a bound NULL for None, so that no rule reads ``IS NULL``."""
    body: dict[str, Any] = {"__slots__": (), "__doc__": kind.__doc__}
    for base in reversed(kind.__mro__):
        body |= {
            name: property(_bound_none(attribute.fget))
            for name, attribute in vars(base).items()
            if isinstance(attribute, property) and not _is_real(get_type_hints(attribute.fget).get("return"))
        }
    return type(kind.__name__, (kind,), body)


def _bound_none(compute: Any) -> Callable[[Any], Any]:
    def value(self: Any) -> Any:
        computed = compute(self)
        return Parameter(Symbol(lambda _run: None)) if computed is None else computed

    return value


@cache
def _real_fields(kind: type) -> frozenset[str]:
    """Return the names of a viewer's fields that may shape a statement."""
    hints = get_type_hints(kind)
    return frozenset(field.name for field in fields(kind) if _is_real(hints[field.name]))


def _is_real(hint: Any) -> bool:
    """Whether values of an annotation, None apart, are booleans, enum members or sets."""
    parts = [part for part in get_args(hint) if part is not NoneType] if get_origin(hint) in _UNIONS else [hint]
    kinds = [get_origin(part) or part for part in parts]
    return all(isinstance(kind, type) and issubclass(kind, (bool, Enum, frozenset)) for kind in kinds)


_UNIONS = (Union, UnionType)


def _row_scopes(kind: type) -> frozenset[str]:
    return getattr(kind, "row_scopes", frozenset[str]())


def _viewer_field(name: str) -> Read:
    return lambda run: getattr(run.viewer, name)


def viewer_shape(viewer: Any) -> Hashable:
    """Return what of the viewer may shape a statement. Each request asks: it is read by what its class prepared."""
    return _shape_reader(type(viewer))(viewer)


@cache
def _shape_reader(kind: type) -> Callable[[Any], Hashable]:
    row_scopes = _row_scopes(kind)
    names = [name for name in _real_fields(kind) if name != "scopes"]
    read: Callable[[Any], Hashable] = attrgetter(*sorted(names)) if names else lambda _viewer: None
    return (lambda viewer: (read(viewer), viewer.scopes & row_scopes)) if row_scopes else read
