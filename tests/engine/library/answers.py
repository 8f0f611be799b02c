"""The library's batched functions: answers that no column holds, good ones and broken ones.

All are pure functions of keys and arguments, so that one key at a time gives the same as all at once.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from engine.sources import Ref
from tests.engine.library import data
from tests.engine.library.reads import BookId, MemberId, PriceRange
from tests.engine.library.tables import Binding


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Fail(Enum):
    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Wish:
    """Every kind of argument inside an input object."""

    text: str
    size: Size = Size.LARGE
    count: int | None = None
    ratio: float | None = None
    book: BookId | None = None
    members: list[MemberId] | None = None
    bindings: list[Binding] | None = None
    price: PriceRange | None = None
    day: date | None = None
    at: datetime | None = None
    isbn: UUID | None = None
    exact: Decimal | None = None
    grid: list[list[int]] | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain object; one of its attributes cannot be had."""

    number: int
    worm: Ref | None

    @property
    def torn(self) -> str:
        if self.number % 2:
            raise ValueError("canary: torn")
        return "no"


@dataclass(frozen=True, slots=True)
class Condition:
    """A plain object with everything inside."""

    grade: Binding
    leaves: list[Leaf | None]
    reader: Ref | None
    note: Any
    best: Leaf | None
    seen_at: datetime | None


def number_of(key: UUID) -> int:
    return key.int & 0xFFFF


async def echo(
    _run: Any,
    keys: list[Any],
    wish: Wish | None = None,
    ids: list[BookId] | None = None,
    sizes: list[Size | None] | None = None,
    text: str = "none",
    count: int | None = None,
    first: int = 3,
) -> list[str]:
    """Say what arrived."""
    return [repr((wish, ids, sizes, text, count, first)) for _ in keys]


async def receipt(_run: Any, keys: list[UUID]) -> list[Ref | None]:
    return [None if number_of(key) % 5 == 0 else Ref("Receipt", key) for key in keys]


async def stars(_run: Any, keys: list[UUID], add: int = 0) -> list[int | None]:
    return [None if number_of(key) % 4 == 0 else number_of(key) % 5 + add for key in keys]


async def last_loan(_run: Any, keys: list[UUID]) -> list[Ref | None]:
    return [None if number_of(key) % 3 == 0 else Ref("Loan", data.key(data.LOAN, number_of(key))) for key in keys]


async def related(_run: Any, keys: list[UUID], count: int = 3) -> list[list[Any]]:
    """Return books near by; some are not there, one fails."""

    def near(number: int) -> Any:
        return ValueError("canary: near") if number % 13 == 5 else Ref("Book", data.key(data.BOOK, number))

    return [[near(number_of(key) + step * 2) for step in range(count)] for key in keys]


async def condition(_run: Any, keys: list[UUID]) -> list[Any]:
    return [_condition(number_of(key)) for key in keys]


def _condition(n: int) -> Any:
    if n % 7 == 3:
        return None
    leaf = Leaf(n, Ref("Member", data.key(data.MEMBER, n % 15)))
    return Condition(
        grade=list(Binding)[n % 3],
        leaves=[leaf, None, Leaf(n + 1, None)][: n % 4],
        reader=Ref("Member", data.key(data.MEMBER, n)),
        note=ValueError("canary: note") if n % 5 == 2 else f"note {n}",
        best=leaf if n % 2 else None,
        seen_at=data.EPOCH,
    )


async def cover(_run: Any, keys: list[tuple[UUID, str]], size: Size = Size.SMALL) -> list[str]:
    return [f"{title[:5]}-{number_of(key)}-{size.name}" for key, title in keys]


async def fragile(_run: Any, keys: list[UUID], fail: Fail = Fail.SOME) -> list[Any]:
    if fail is Fail.ALL and keys:
        raise ValueError("canary: all")
    bad = fail is Fail.SOME
    return [ValueError("canary: some") if bad and number_of(key) % 4 == 1 else number_of(key) for key in keys]


async def matrix(_run: Any, keys: list[UUID]) -> list[Any]:
    """Return lists in lists; one has a hole, one is no list at all."""
    return [
        12 if number_of(key) % 6 == 4 else [[number_of(key)], [None] if number_of(key) % 5 == 1 else []] for key in keys
    ]


async def things(_run: Any, keys: list[UUID]) -> list[list[Ref | None]]:
    return [
        [Ref("Book", data.key(data.BOOK, number_of(key))), None, Ref("Member", key), Ref("Book", data.key(9, 9))]
        for key in keys
    ]


async def near(_run: Any, keys: list[UUID]) -> list[Ref | None]:
    return [_named(number_of(key)) for key in keys]


async def best(_run: Any, keys: list[UUID]) -> list[Ref]:
    """Return what may not be null; a hidden book breaks that."""
    return [Ref("Book", data.key(data.BOOK, number_of(key))) for key in keys]


async def named(_run: Any, keys: list[Any], numbers: list[int]) -> list[list[Ref | None]]:
    return [[_named(number) for number in numbers] for _ in keys]


def _named(number: int) -> Ref | None:
    if number % 4 == 3:
        return None if number % 8 == 3 else Ref("Receipt", data.key(data.LOAN, number))
    return Ref("Shelf", data.key(data.SHELF, number)) if number % 2 else Ref("Member", data.key(data.MEMBER, number))


async def rank(_run: Any, keys: list[tuple[UUID, UUID]]) -> list[int]:
    return [number_of(member) * 100 + number_of(book) for member, book in keys]
