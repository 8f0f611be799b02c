"""Leaves: scalars and enums, from the driver's or Python's value to JSON's.

What a column holds is of its type already, so most columns need no function at all; what Python code returns is checked
as the GraphQL specification says.
"""

from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any

from graphql import get_named_type, is_enum_type, is_list_type, is_non_null_type
from sqlalchemy import Column as TableColumn
from sqlalchemy import Float, Numeric
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.types import TypeDecorator

from engine.failures import NullError, guard

Write = Callable[[Any], Any]

_DIALECT = asyncpg_dialect()


def as_is(value: Any) -> Any:
    """Serialise a scalar whose Python value orjson writes as it should be: dates, instants, plain text."""
    return value


def column_writer(type_: Any, expression: Any) -> Write | None:
    """Return the function that makes JSON of a column's values, None when they are JSON already.

    A value that may be NULL although the field's type forbids it is refused with NullError: only of a table's own
    column is it known that it is not.
    """
    required = is_non_null_type(type_) and not isinstance(getattr(expression, "expression", expression), TableColumn)
    write = _stored(type_.of_type if is_non_null_type(type_) else type_, expression.type)
    if not required:
        return write
    return _required(write or as_is)


def _stored(type_: Any, sql_type: Any) -> Write | None:
    """Return the writer of a column's value that is not NULL."""
    if is_list_type(type_):
        inner, holes = type_.of_type, True
        if is_non_null_type(inner):
            inner, holes = inner.of_type, False
        write = _stored(inner, getattr(sql_type, "item_type", sql_type))
        return _list_writer(write, holes=holes)
    if is_enum_type(type_):
        return _word_writer(type_, sql_type)
    if type_.name == "Float" and isinstance(sql_type, Numeric) and not isinstance(sql_type, Float):
        return float if sql_type.asdecimal else None
    return None if type_.name in _JSON_TYPES or type_.serialize is as_is else type_.serialize


_JSON_TYPES = frozenset({"String", "Int", "Float", "Boolean", "ID"})


def _list_writer(write: Write | None, *, holes: bool) -> Write | None:
    if holes:
        return None if write is None else lambda items: [None if item is None else write(item) for item in items]

    def whole(items: list[Any]) -> list[Any]:
        if None in items:
            raise NullError
        return items if write is None else [write(item) for item in items]

    return whole


def _word_writer(type_: Any, sql_type: Any) -> Write | None:
    """Return the writer of an enum's stored words, None when clients see the same words."""
    store = sql_type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    words: dict[Any, str] = {}
    for name in type_.values:
        member = type_.parse_value(name)
        words[store(member) if store else member.value] = name
    return None if all(stored == name for stored, name in words.items()) else words.__getitem__


def python_reader(expression: Any) -> Write | None:
    """Return the function that makes a column's Python value of the driver's; None when it is the same one."""
    type_ = expression.type
    return partial(_read, type_) if isinstance(type_, TypeDecorator) else None


def _read(type_: TypeDecorator[Any], value: Any) -> Any:
    return type_.process_result_value(value, _DIALECT)


def strict(type_: Any) -> Write:
    """Return a function that checks and writes a value of Python code, and raises when its type is broken."""
    return _checked(type_, lambda function: function)


def lenient(type_: Any) -> Write:
    """Return the function of ``strict`` that answers a Failure instead of raising, item by item in lists."""
    return _checked(type_, guard)


def _checked(type_: Any, forgive: Callable[[Write], Write]) -> Write:
    if is_non_null_type(type_):
        return forgive(_required(_checked(type_.of_type, forgive)))
    if is_list_type(type_):
        item = _checked(type_.of_type, forgive)
        return forgive(lambda values: None if values is None else [item(value) for value in as_list(values)])
    return forgive(_leaf(get_named_type(type_)))


def _required(write: Write) -> Write:
    def required(value: Any) -> Any:
        if value is None or (result := write(value)) is None:
            raise NullError
        return result

    return required


def as_list(values: Any) -> list[Any] | tuple[Any, ...]:
    """Return what Python code gave for a list.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"A list was declared, but {type(values).__name__} was given.")
    return values


def _leaf(type_: Any) -> Write:
    """Return the checked writer of one value: those of just the right type are taken at once."""
    exact = _EXACT.get(type_.name, _never) if not is_enum_type(type_) else _never
    serialize = type_.serialize

    def write(value: Any) -> Any:
        if value is None or exact(value):
            return value
        if isinstance(value, Exception):
            raise value
        return serialize(value)

    return write


def _never(_value: Any) -> bool:
    return False


_EXACT: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: type(value) is str,
    "ID": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "Float": lambda value: type(value) is float and isfinite(value),
}
