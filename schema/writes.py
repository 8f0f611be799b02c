"""Writes as mutations: a use case is run once for each key of each caller, and the payload tells what it came to.

A payload has the object and ``errors``, and one of the two says something. What is wrong with a request as such, or
with us, is an error of the field instead: its codes are those of ``engine.errors``.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any, TypeVar, get_type_hints

import strawberry
from typing_extensions import Doc

from engine.enums import describe
from engine.sources import Ref
from models.writes import Write, once
from rules.callers import Caller
from rules.messages import TEXTS, message_of, remedy_of
from rules.refusals import Refusal, Refused, under

Wish = TypeVar("Wish")
Result = TypeVar("Result")
Shown = Callable[[Any], Mapping[str, Any]]
"""Makes a payload's fields of what a use case returned; of None, of what it would have shown."""


@strawberry.type(description="The same in both languages.")
class Bilingual:
    """A text."""

    english: str = strawberry.field(description="In English.")
    indonesian: str = strawberry.field(description="In Indonesian.")


@strawberry.interface(
    description="Why something was not done. Nothing is left of it. The answer is kept under the key: mend what is "
    "wrong, and send it under another."
)
class UserError:
    """A refusal as clients see it; each list of codes has a type of its own that adds ``code``."""

    message: Bilingual = strawberry.field(description="Why, for people.")
    remedy: Bilingual = strawberry.field(description="What to do next, for people.")
    path: list[str] = strawberry.field(
        description='Where in the input it lies: `["rows", "3", "price"]`; empty when it concerns the whole.'
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One refusal as a payload has it. The codes and texts of ``words`` tell it."""

    words: type[StrEnum]
    refusal: Refusal

    @property
    def code(self) -> StrEnum:
        """The word that clients decide by."""
        return self.words(self.refusal.code)

    @property
    def message(self) -> Any:
        """Why."""
        return message_of(self.words, self.refusal)

    @property
    def remedy(self) -> Any:
        """What to do next."""
        return remedy_of(self.words, self.refusal)

    @property
    def path(self) -> list[str]:
        """Where in the input."""
        return [str(step) for step in self.refusal.path]


def told(words: type[StrEnum], refusals: Iterable[Refusal]) -> list[Told]:
    """Return refusals as a payload's ``errors``."""
    return [Told(words, refusal) for refusal in refusals]


def describe_refusals(words: type[StrEnum], description: str) -> None:
    """Make the codes of refusals a GraphQL enum, each described by its own message."""
    english = {code.name: TEXTS[words][code].message.english for code in words}
    describe(words, description, **{name: re.sub(r"\{(\w+)\}", r"<\1>", text) for name, text in english.items()})


def showing(type_name: str) -> Shown:
    """Show the object that a use case returned the key of, in the field of its type's name."""
    name = type_name[0].lower() + type_name[1:]
    return lambda key: {name: None if key is None else Ref(type_name, key)}


_INPUT = Doc("What shall be done, and the key under which it is done once.")


@dataclass(frozen=True, slots=True)
class Written:
    """What the mutations of a concept have in common: what they show, and how they refuse."""

    words: type[StrEnum]
    shows: Shown
    broken: Mapping[str, Refusal] = field(default_factory=dict[str, Refusal])
    """Which refusal it is when a constraint breaks."""

    def by(self, use_case: Callable[[Write, Wish], Awaitable[Result]], *, place: str = "") -> Callable[..., Any]:
        """Return the mutation that runs ``use_case``, whose wish is the input.

        ``place``: the field of the input that holds what constraints may break.
        """
        broken = {name: under((place,) if place else (), [each])[0] for name, each in self.broken.items()}

        async def write(run: Any, input: Any) -> Any:  # noqa: A002 - the client's word
            ended = await once(
                run.services.database,
                Caller(run.viewer, run.request_id),
                input.idempotency_key,
                input,
                use_case,
                operation=use_case.__name__,  # pyright: ignore[reportFunctionMemberAccess]  it is a function
                constraints=broken,
            )
            if isinstance(ended, Refused):
                return SimpleNamespace(**self.shows(None), errors=told(self.words, ended.refusals))
            return SimpleNamespace(**self.shows(ended.result), errors=[])

        wish = get_type_hints(use_case, include_extras=True)["wish"]
        write.__annotations__ = {"run": Any, "input": Annotated[wish, _INPUT]}
        return write
