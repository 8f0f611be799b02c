"""From the bytes of a request body to what is asked. Everything that JSON may hide is refused here, with its place."""

import json
from collections.abc import Callable
from typing import Any, cast

import orjson

from engine.errors import Code, Rejected
from engine.run import Ask

DEPTH_MAX = 20
"""No input type of a graph nests like this; deeper values only cost time."""

INTEGER_MAX = 2**64
"""Beyond it JSON readers disagree about the value, so nobody may rely on one."""


def read_ask(body: bytes, *, explain: bool = False, on_write: Callable[[], None] | None = None) -> Ask:
    """Return what ``body`` asks; ``on_write`` is called when it begins to change something.

    Raises:
        Rejected: BAD_REQUEST for what is no GraphQL request, BAD_USER_INPUT for a variable that no text may hold.
    """
    try:
        payload: object = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise _unreadable(body, wrong) from None
    if type(payload) is not dict:
        raise _not_an_object(payload)
    wish = cast("dict[str, Any]", payload)
    document = wish.get("query")
    if type(document) is not str:
        raise Rejected(Code.BAD_REQUEST, 'The "query" must be a string: the text of a GraphQL document.')
    name = wish.get("operationName")
    if name is not None and type(name) is not str:
        raise Rejected(Code.BAD_REQUEST, 'The "operationName" must be a string or null.')
    variables = _object(wish, "variables")
    if variables:
        _check(variables)
    _object(wish, "extensions")
    return Ask(document, name, variables, explain, on_write)


def _object(wish: dict[str, Any], key: str) -> dict[str, Any] | None:
    value = wish.get(key)
    if value is not None and type(value) is not dict:
        raise Rejected(Code.BAD_REQUEST, f'The "{key}" must be an object or null.')
    return cast("dict[str, Any] | None", value)


def _check(variables: dict[str, Any]) -> None:
    """Refuse NUL (no column stores it), numbers that lost digits, and nesting; most variables are flat and short."""
    for name, value in variables.items():
        if isinstance(value, str):
            if "\0" in value:
                raise _bad(name, "holds the character U+0000, which no text may hold; remove it.")
        elif isinstance(value, dict | list | float):
            _check_deeply(name, cast("object", value))
        if "\0" in name:
            raise _bad(name, "has a name with the character U+0000; remove it.")


def _check_deeply(name: str, whole: object) -> None:
    left: list[tuple[str, object, int]] = [(name, whole, 1)]
    while left:
        path, value, depth = left.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise _bad(path, "holds the character U+0000, which no text may hold; remove it.")
        elif isinstance(value, float):
            if abs(value) >= INTEGER_MAX:
                raise _bad(path, "is a number too large to be read exactly; send it as a string if the type allows it.")
        elif isinstance(value, dict | list):
            if depth > DEPTH_MAX:
                raise _bad(name, f"is nested deeper than {DEPTH_MAX} levels; send flatter input.")
            if isinstance(value, dict):
                inner = cast("dict[str, object]", value)
                left.extend((f"{path}.{key}", item, depth + 1) for key, item in inner.items())
            else:
                items = cast("list[object]", value)
                left.extend((f"{path}[{index}]", item, depth + 1) for index, item in enumerate(items))


def _bad(path: str, what: str) -> Rejected:
    shown = path.replace("\0", "\N{REPLACEMENT CHARACTER}")[:200]
    return Rejected(Code.BAD_USER_INPUT, f'The variable "{shown}" {what}', variable=shown)


def _not_an_object(payload: object) -> Rejected:
    if isinstance(payload, list):
        return Rejected(Code.BAD_REQUEST, "Batches are not answered: send each operation as a request of its own.")
    return Rejected(Code.BAD_REQUEST, 'The body must be a JSON object: {"query": "...", "variables": {...}}.')


def _unreadable(body: bytes, wrong: orjson.JSONDecodeError) -> Rejected:
    """Say what is wrong with a body that is no strict JSON, and where; half a surrogate pair is a variable's fault."""
    if not body:
        return Rejected(Code.BAD_REQUEST, 'The body is empty: send a JSON object, {"query": "..."}.')
    if b"\\u" in body and "surrogate" in wrong.msg:
        try:
            loose: object = json.loads(body)
        except (ValueError, RecursionError):
            loose = None
        place = _surrogate(loose)
        if place is not None:
            return _bad(place, "holds half of a surrogate pair, which is no character; send whole characters.")
    return Rejected(Code.BAD_REQUEST, f"The body is not JSON in UTF-8: {wrong.msg} at character {wrong.pos}.")


def _surrogate(payload: object) -> str | None:
    """Return the place of a lone surrogate in the variables of a loosely read body."""
    whole = cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
    left: list[tuple[str, object]] = [("", whole.get("variables"))]
    while left:
        path, value = left.pop()
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            return path
        if isinstance(value, dict):
            left.extend((f"{path}.{key}".lstrip("."), item) for key, item in cast("dict[str, object]", value).items())
        elif isinstance(value, list):
            left.extend((f"{path}[{index}]", item) for index, item in enumerate(cast("list[object]", value)))
    return None
