"""Slots: values that come after the statement, each from one call for all the places that wait for it.

A batched field, ``node``, ``nodes`` and the mutations are all slots. While an answer is built, an object that
needs one is noted with the row's keys; then each slot is served once, its ``Ref`` values are read by key with one
statement for each type, and the objects made so may wait for further slots.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from engine.errors import Code, Rejected
from engine.failures import Failure, NullError
from engine.leaves import as_list
from engine.sources import Ref


class Reader(Protocol):
    """Reads rows by their keys; a planned statement (``engine.plans.ByKeys``)."""

    async def read(self, run: Any, keys: list[Any]) -> dict[Any, Any]:
        """Return the objects that were found, by key."""
        ...


class Completion:
    """How a slot's Python value becomes a part of the answer."""

    def refs(self, value: Any) -> Iterator[tuple["References", Ref]]:
        """Give the rows that must be read first."""
        del value
        return iter(())

    def finish(self, value: Any, found: "Found") -> Any:
        """Return the value as JSON, with a Failure where it breaks its type."""
        raise NotImplementedError


Found = dict[tuple[int, str], dict[Any, Any]]
"""Objects that were read, by completion and type, then by key."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaves(Completion):
    """A scalar or enum, or lists of them."""

    write: Callable[[Any], Any]

    def finish(self, value: Any, found: Found) -> Any:
        """Write the value."""
        del found
        return value if isinstance(value, Failure) else self.write(value)


@dataclass(frozen=True, slots=True, eq=False)
class Required(Completion):
    """A non-null type."""

    inner: Completion

    def refs(self, value: Any) -> Iterator[tuple["References", Ref]]:
        """See the inner type."""
        return self.inner.refs(value)

    def finish(self, value: Any, found: Found) -> Any:
        """Refuse null."""
        result = self.inner.finish(value, found)
        return Failure(NullError()) if result is None else result


@dataclass(frozen=True, slots=True, eq=False)
class Items(Completion):
    """A list."""

    inner: Completion

    def refs(self, value: Any) -> Iterator[tuple["References", Ref]]:
        """See all the items."""
        if isinstance(value, (list, tuple)):
            for item in value:
                yield from self.inner.refs(item)

    def finish(self, value: Any, found: Found) -> Any:
        """Finish each item; one that fails spoils only itself, or its list when items may not be null."""
        if value is None or isinstance(value, Failure):
            return value
        try:
            items = as_list(value)
        except TypeError as error:
            return Failure(error)
        return [self.inner.finish(_as_failure(item), found) for item in items]


@dataclass(frozen=True, slots=True, eq=False)
class Attributes(Completion):
    """A plain Python object without a table: each selected field is an attribute."""

    fields: dict[str, tuple[str | None, Any]]
    """By response key: the attribute and its completion, or None and a constant."""

    def refs(self, value: Any) -> Iterator[tuple["References", Ref]]:
        """See all the attributes."""
        if value is None or isinstance(value, Failure):
            return
        for attribute, completion in self.fields.values():
            if attribute is not None:
                yield from completion.refs(_attribute(value, attribute))

    def finish(self, value: Any, found: Found) -> Any:
        """Read the attributes."""
        if value is None or isinstance(value, Failure):
            return value
        return {
            key: completion if attribute is None else completion.finish(_attribute(value, attribute), found)
            for key, (attribute, completion) in self.fields.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class References(Completion):
    """A type with a table: the value is a Ref, the row is read by key."""

    reader: Callable[[str], Reader | None]
    """Gives the planned statement for a type, None for a type that cannot stand here."""

    def refs(self, value: Any) -> Iterator[tuple["References", Ref]]:
        """Give the row itself."""
        if isinstance(value, Ref):
            yield self, value

    def finish(self, value: Any, found: Found) -> Any:
        """Return the object that was read; a row that is not there, or not for this viewer, is null."""
        if isinstance(value, Ref):
            return found.get((id(self), value.type), {}).get(value.key)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Several(Completion):
    """An interface or a union: a Ref is read by its key, a plain object gives its attributes."""

    references: References
    attributes: Callable[[str], Attributes | None]
    """Gives what was selected of a type without a table, None for a type that cannot stand here."""

    def refs(self, value: Any) -> Iterator[tuple[References, Ref]]:
        """See the row, or all the attributes."""
        if isinstance(value, Ref):
            yield self.references, value
        elif (attributes := self.attributes(type_name(value))) is not None:
            yield from attributes.refs(value)

    def finish(self, value: Any, found: Found) -> Any:
        """Return the row that was read, or read the attributes."""
        if value is None or isinstance(value, (Ref, Failure)):
            return self.references.finish(value, found)
        attributes = self.attributes(type_name(value))
        if attributes is None:
            return Failure(TypeError(f"{type(value).__name__} is no type that can stand here."))
        return attributes.finish(value, found)


def type_name(value: Any) -> str:
    """Return the name of the GraphQL type of a plain object: its class is of that name, or made that type."""
    definition = getattr(type(value), "__strawberry_definition__", None)
    return type(value).__name__ if definition is None else definition.name


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One place of the document that waits for a batched function."""

    key: str
    function: Callable[..., Awaitable[list[Any]]]
    arguments: Callable[[Any], dict[str, Any]]
    columns: int
    completion: Completion

    async def serve(self, run: Any, places: list[tuple[dict[str, Any], tuple[Any, ...]]]) -> None:
        """Put the values where they are waited for; note in ``run`` when something failed."""
        keys = [key[0] if self.columns == 1 else key for _, key in places]
        distinct = list(dict.fromkeys(keys))
        values = await self._load(run, distinct)
        found = await self._read(run, values.values())
        finished = {key: self.completion.finish(value, found) for key, value in values.items()}
        for (object_, _), key in zip(places, keys, strict=True):
            object_[self.key] = finished[key]
        run.failed = run.failed or any(_has_failure(value) for value in finished.values())

    async def _load(self, run: Any, keys: list[Any]) -> dict[Any, Any]:
        try:
            values = await self.function(run, keys, **self.arguments(run))
        except Exception as error:  # noqa: BLE001 - whatever a field raises is that field's error
            return dict.fromkeys(keys, Failure(error))
        return {key: _as_failure(value) for key, value in zip(keys, values, strict=True)}

    async def _read(self, run: Any, values: Any) -> Found:
        wanted: dict[tuple[int, str], tuple[Reader, dict[Any, None]]] = {}
        for value in values:
            for completion, ref in self.completion.refs(value):
                at = (id(completion), ref.type)
                if at not in wanted and run.may_meet(ref.type) and (reader := completion.reader(ref.type)) is not None:
                    wanted[at] = (reader, {})
                if at in wanted:
                    wanted[at][1][ref.key] = None
        return {at: await reader.read(run, list(keys)) for at, (reader, keys) in wanted.items()}


def _attribute(value: Any, name: str) -> Any:
    """Read an attribute; one that cannot be read spoils only its own field."""
    try:
        return _as_failure(getattr(value, name))
    except Exception as error:  # noqa: BLE001 - whatever a field raises is that field's error
        return Failure(error)


def _as_failure(value: Any) -> Any:
    return Failure(value) if isinstance(value, Exception) else value


def _has_failure(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_failure(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_failure(item) for item in value)
    return isinstance(value, Failure)


def refuse_many(count: int, most: int, what: str) -> None:
    """Refuse a list argument that is too long.

    Raises:
        Rejected: BAD_USER_INPUT.
    """
    if count > most:
        raise Rejected(Code.BAD_USER_INPUT, f"{count} {what} were asked for at once; ask for {most} at most.")
