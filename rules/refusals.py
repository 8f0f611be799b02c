"""Refusals: the rules say no. A refusal is data: a code, where in the input it lies, and what one must know to act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class KeyRefusal(StrEnum):
    """Why an idempotency key is of no use. Every mutation may say so."""

    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. ``code`` is a word of the mutation's own enum, which clients decide by."""

    code: str
    path: tuple[str | int, ...] = ()
    """The field of the input as clients write it: ``("rows", 3, "price")``."""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Figures for the message, such as ``{"price_max": 5000000}``. They are kept with the answer: no personal data."""


def under(place: tuple[str | int, ...], refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return the refusals of a part of the input, with the part's own place before theirs."""
    return [replace(each, path=(*place, *each.path)) for each in refusals]


class Refused(Exception):
    """The rules say no, for one or several reasons. Raised in a use case it undoes what that wrote."""

    def __init__(self, code: str, *path: str | int, **details: Any) -> None:
        super().__init__(code)
        self.refusals: tuple[Refusal, ...] = (Refusal(code, path, details),)

    @classmethod
    def of(cls, refusals: Iterable[Refusal]) -> "Refused":
        """Return a refusal for all these reasons; there must be one."""
        made = tuple(refusals)
        refused = cls(made[0].code)
        refused.refusals = made
        return refused
