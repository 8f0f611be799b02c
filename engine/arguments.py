"""Arguments: a statement function's parameters become a field's arguments, and the client's values its parameters.

The signature is the only declaration: types, defaults and, by ``Annotated[..., Doc("...")]``, descriptions. A
dataclass becomes an input object of the same name; a NewType of UUID called ``CourseId`` takes the ids of ``Course``.

What a client leaves out has the field's default, and None stands for null. An input that must tell the two apart says
so by the default ``...``: in ``note: str | EllipsisType | None = ...`` null is None, and nothing at all is ``...``.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import EllipsisType, NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry
from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Double, Integer, Numeric, Text, Uuid
from sqlalchemy.types import TypeEngine
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.utils.str_converters import to_camel_case
from typing_extensions import Doc

from engine.errors import Rejected
from engine.symbols import Parameter, Symbol, symbol_of

Decoders = dict[str, Callable[[str], UUID]]
"""Reads global ids, by the name of their type."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function asks of the client: the GraphQL arguments, and how their values come back as Python's."""

    arguments: list[StrawberryArgument]
    annotations: dict[str, tuple[str, Any]]
    """The function's parameter and its annotation, by the argument's GraphQL name."""

    def bind(self, values: dict[str, Any], decoders: Decoders) -> dict[str, Any]:
        """Return the keyword arguments of a statement function: parameters for values, real shapes."""
        return {
            python: _statement_value(annotation, values[name], decoders)
            for name, (python, annotation) in self.annotations.items()
            if name in values
        }

    def samples(self) -> Iterator[dict[str, Any]]:
        """Give keyword arguments that try a statement function: nothing that may be left out, then everything."""
        required = {a.python_name for a in self.arguments if a.default is strawberry.UNSET and not _optional(a)}
        for variant in range(_VARIANTS):
            yield {
                python: _sample(annotation, variant)
                for name, (python, annotation) in self.annotations.items()
                if variant > 0 or name in required
            }

    def read(self, values: dict[str, Any], decoders: Decoders) -> Callable[[Any], dict[str, Any]]:
        """Return a function of the request that gives the keyword arguments of a resolver as plain values."""
        symbols = {
            python: _plain_symbol(annotation, values[name], decoders, name)
            for name, (python, annotation) in self.annotations.items()
            if name in values
        }
        return lambda run: {python: symbol.read(run) for python, symbol in symbols.items()}


def parameters_of(function: Callable[..., Any], skip: int, *, bulk: bool = False) -> Parameters:
    """Return what ``function`` asks of the client, leaving out its first ``skip`` parameters.

    ``bulk``: it gets plain values, so that it can take lists of input objects, which no statement can.
    """
    hints = get_type_hints(function, include_extras=True)
    arguments: list[StrawberryArgument] = []
    annotations: dict[str, tuple[str, Any]] = {}
    for parameter in list(inspect.signature(function).parameters.values())[skip:]:
        hint = hints[parameter.name]
        name = to_camel_case(parameter.name)
        assert bulk or not _holds_objects(hint), f"{hint}: a statement cannot take a list of input objects"
        arguments.append(argument(name, _graphql(hint), description=_doc(hint), default=parameter.default))
        annotations[name] = (parameter.name, hint)
    return Parameters(arguments, annotations)


def _holds_objects(hint: Any) -> bool:
    """Whether there is a list of input objects in a value."""
    bare, _ = _bare(hint)
    if get_origin(bare) is list:
        item = _bare(get_args(bare)[0])[0]
        return is_dataclass(item) or _holds_objects(item)
    if not is_dataclass(bare):
        return False
    return any(map(_holds_objects, get_type_hints(bare, include_extras=True).values()))


def argument(name: str, annotation: Any, *, description: str | None, default: Any) -> StrawberryArgument:
    """Return a GraphQL argument; without a default value, an optional one prints none."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=strawberry.UNSET if default in (None, inspect.Parameter.empty) else default,
    )


def _doc(hint: Any) -> str | None:
    notes = (note for note in get_args(hint)[1:] if isinstance(note, Doc)) if get_origin(hint) is Annotated else ()
    return next((note.documentation for note in notes), None)


def _bare(hint: Any) -> tuple[Any, bool]:
    """Return the type without notes and ``| None``, and whether it was optional."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part not in (NoneType, EllipsisType)]
        assert len(rest) == 1, f"{hint} is more than one type or None"
        return rest[0], True
    return hint, False


def id_type(hint: Any) -> str | None:
    """Return the name of the type whose ids ``hint`` takes: ``Course`` for ``CourseId``."""
    if isinstance(hint, NewType) and hint.__supertype__ is UUID:
        return hint.__name__.removesuffix("Id")
    return None


def _graphql(hint: Any) -> Any:
    bare, optional = _bare(hint)
    if id_type(bare):
        bare = strawberry.ID
    elif get_origin(bare) is list:
        bare = list[_graphql(get_args(bare)[0])]
    elif isinstance(bare, type) and is_dataclass(bare):
        bare = input_type(bare)
    return bare | None if optional else bare


@cache
def input_type(wish: type) -> Any:
    """Return the input object of the dataclass ``wish``: same name, its docstring and notes as descriptions.

    A dataclass with ``one_of = True`` in its body takes exactly one of its fields.
    """
    hints = get_type_hints(wish, include_extras=True)
    body: dict[str, Any] = {"__annotations__": {}, "__module__": wish.__module__}
    for field in fields(wish):
        hint = hints[field.name]
        absent = field.default is MISSING
        default = strawberry.UNSET if field.default in (None, ...) else field.default
        description = _doc(hint)
        body["__annotations__"][field.name] = _graphql(hint)
        body[field.name] = (
            strawberry.field(description=description)
            if absent
            else strawberry.field(description=description, default=default)
        )
    one_of = getattr(wish, "one_of", False)
    return strawberry.input(type(wish.__name__, (), body), description=inspect.getdoc(wish), one_of=one_of)


def _statement_value(hint: Any, value: Any, decoders: Decoders) -> Any:
    bare, _ = _bare(hint)
    if value is None or isinstance(value, (bool, Enum)):
        return value
    if isinstance(bare, type) and is_dataclass(bare):
        return bare(**_by_field(bare, value, lambda inner, item: _statement_value(inner, item, decoders)))
    symbol = _plain_symbol(hint, value, decoders, "")
    return Parameter(symbol.then(_stored) if get_origin(bare) is list else symbol, _sql_type(bare))


def _stored(items: list[Any]) -> list[Any]:
    """Return a list for the driver: words of an enum as they are stored."""
    return [item.value if isinstance(item, Enum) else item for item in items]


def _sql_type(bare: Any) -> TypeEngine[Any] | None:
    """Return the SQL type of a parameter: functions like concat() need it told. None leaves it to the comparison."""
    if get_origin(bare) is list:
        inner = _sql_type(_bare(get_args(bare)[0])[0])
        return None if inner is None else ARRAY(inner)
    if isinstance(bare, NewType):
        supertype = bare.__supertype__
        return BigInteger() if supertype is int else _sql_type(supertype)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return Text()
    return _SQL_TYPES.get(bare)


_SQL_TYPES: dict[Any, TypeEngine[Any]] = {
    str: Text(),
    int: Integer(),
    float: Double(),
    Decimal: Numeric(),
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    date: Date(),
}


def _plain_symbol(hint: Any, value: Any, decoders: Decoders, place: str) -> Symbol:
    """Return the symbol of a resolver's argument; in ``value``, as GraphQL coerced it, symbols may stand anywhere."""
    symbol = symbol_of(value)
    make = _maker(hint, decoders)
    return symbol if make is None else symbol.then(lambda coerced: make(coerced, place))


Make = Callable[[Any, str], Any]
"""Makes a Python value of a coerced one; told the place of the value, for what it may refuse."""


def _maker(hint: Any, decoders: Decoders) -> Make | None:
    """Return what makes a value of the annotation ``hint``; None where the coerced value is it already."""
    bare, _ = _bare(hint)
    make: Make | None = None
    if get_origin(bare) is list:
        make = _list_maker(_maker(get_args(bare)[0], decoders))
    elif isinstance(bare, type) and is_dataclass(bare):
        make = _object_maker(bare, decoders)
    elif id_type(bare):
        make = _id_maker(decoders.get(id_type(bare) or ""))
    return None if make is None else _or_none(make)


def _or_none(make: Make) -> Make:
    return lambda value, place: None if value is None else make(value, place)


def _list_maker(each: Make | None) -> Make | None:
    if each is None:
        return None
    return lambda items, place: [each(item, f"{place}.{index}") for index, item in enumerate(items)]


def _id_maker(decode: Callable[[str], UUID] | None) -> Make | None:
    if decode is None:
        return None

    def make(text: str, place: str) -> UUID:
        try:
            return decode(text)
        except Rejected as rejected:
            where = {"argument": place} if place else {}
            raise Rejected(rejected.code, rejected.message, **where) from None

    return make


def _object_maker(wish: type, decoders: Decoders) -> Make:
    parts = [(name, python, _maker(hint, decoders)) for name, python, hint in _input_fields(wish)]

    def make(value: dict[str, Any], place: str) -> Any:
        given = {
            python: value[name] if inner is None else inner(value[name], f"{place}.{name}")
            for name, python, inner in parts
            if name in value
        }
        return wish(**given)

    return make


def _by_field(wish: type, value: dict[str, Any], convert: Callable[[Any, Any], Any]) -> dict[str, Any]:
    return {python: convert(hint, value[name]) for name, python, hint in _input_fields(wish) if name in value}


@cache
def _input_fields(wish: type) -> list[tuple[str, str, Any]]:
    """Return the GraphQL name, the Python name and the annotation of each field of an input dataclass."""
    hints = get_type_hints(wish, include_extras=True)
    return [(to_camel_case(field.name), field.name, hints[field.name]) for field in fields(wish)]


_VARIANTS = 4
"""How many ways a statement function is tried; an input of which exactly one field is given shows one in each."""


def _optional(argument_: StrawberryArgument) -> bool:
    return _bare(argument_.type_annotation.annotation)[1]


def _sample(hint: Any, variant: int) -> Any:
    """Return a value of the kind that a plan passes: words and flags real, all else a parameter."""
    bare, _ = _bare(hint)
    if bare is bool:
        return bool(variant % 2)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return next(iter(bare))
    if isinstance(bare, type) and is_dataclass(bare):
        hints = get_type_hints(bare, include_extras=True)
        names = [field.name for field in fields(bare)]
        if getattr(bare, "one_of", False):
            names = [names[variant % len(names)]]
        return bare(**{name: _sample(hints[name], variant) for name in names})
    return Parameter(Symbol(lambda _run: None))
