"""Canonical form: plain values as JSON, the same for the same meaning, and back again.

For what is kept about a write: the digest of its wish, and what it came to.
"""

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson

KEY_FIELD = "idempotency_key"
"""A wish may carry its key; the key is no part of what is wished."""

SHOWN_ONCE: Mapping[str, Any] = {"shown_once": True}
"""Metadata of a dataclass's field, such as a new secret, that the first answer shows and nobody keeps. Its type must
allow None, which is what a replayed answer has in its place."""


def digest_of(wish: Any) -> bytes:
    """Return the SHA-256 of a wish: 32 bytes, the same whatever the order of keys, sets and the zone of instants."""
    return hashlib.sha256(orjson.dumps(plain(wish), option=orjson.OPT_SORT_KEYS)).digest()


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dataclasses as objects without their key, instants in UTC, sets in order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value) if each.name != KEY_FIELD}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, AbstractSet):
        return sorted((plain(item) for item in value), key=orjson.dumps)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (UUID, date)):
        return str(value)
    return value


def kept(outcome: Any) -> Any:
    """Return what is stored of an outcome: its plain form, less what is shown once."""
    if is_dataclass(outcome) and not isinstance(outcome, type):
        return {
            each.name: None if each.metadata.get("shown_once") else kept(getattr(outcome, each.name))
            for each in fields(outcome)
        }
    if isinstance(outcome, (list, tuple)):
        return [kept(item) for item in outcome]  # pyright: ignore[reportUnknownVariableType]
    return plain(outcome)


def restored(kind: Any, data: Any) -> Any:
    """Return what was stored as a value of type ``kind``.

    Types are those that a use case returns: str, int, float, bool, None, UUID, date, datetime, enums, NewTypes of them,
    dataclasses, lists and tuples (``tuple[X, ...]``) of them, each or None, and mappings of plain values.
    """
    if isinstance(kind, NewType):
        return restored(kind.__supertype__, data)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if data is None else restored(next(arm for arm in arguments if arm is not type(None)), data)
    if origin in (list, tuple):
        items = [restored(arguments[0], item) for item in data]
        return tuple(items) if origin is tuple else items
    if not isinstance(kind, type) or data is None:
        return data
    if is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{each.name: restored(hints[each.name], data.get(each.name)) for each in fields(kind)})
    if issubclass(kind, (datetime, date)):
        return kind.fromisoformat(data)
    return kind(data) if issubclass(kind, (UUID, Enum)) else data


def returned_by(function: Any) -> Any:
    """Return the type that an async function is declared to return."""
    return _hints(function)["return"]


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)
