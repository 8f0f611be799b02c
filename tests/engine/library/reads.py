"""What the library's graph reads: row rules, statements, orders, pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, NewType, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased
from typing_extensions import Doc

from tests.engine.library.tables import Binding, Book, Card, Favourite, Loan, Member, Shelf

ShelfId = NewType("ShelfId", UUID)
MemberId = NewType("MemberId", UUID)
BookId = NewType("BookId", UUID)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: nobody in particular, a reader, or the librarian."""

    id: UUID | None = None
    librarian: bool = False
    rooms: frozenset[str] = frozenset()
    signed_in: bool = False
    scopes: frozenset[str] = frozenset()
    row_scopes: ClassVar[frozenset[str]] = frozenset({"money:read"})


def among(column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return whether the column's value is one of ``values``, a parameter when a plan is made."""
    return column == any_(cast("Any", values))


# Row rules


def shelves_visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.librarian:
        return true()
    return or_(Shelf.room.is_(None), Shelf.room.in_(viewer.rooms))


def books_visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.librarian:
        return true()
    return or_(Book.private.is_(False), Book.owner_id == viewer.id)


def loans_visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.librarian:
        return true()
    own = select(Book.id).where(Book.id == Loan.book_id, Book.owner_id == viewer.id)
    return or_(Loan.member_id == viewer.id, own.exists())


def receipts_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which receipts the viewer may see: a scope shapes this statement."""
    if "money:read" in viewer.scopes:
        return true()
    return Loan.returned.is_(True)


def cards_visible(viewer: Viewer) -> ColumnElement[bool]:
    return Card.member_id == viewer.id


# Expressions

Other = aliased(Book)
LOAN_COUNT = select(func.count(Loan.id)).where(Loan.book_id == Book.id).scalar_subquery()
OTHERS = select(func.count(Other.id)).where(Other.shelf_id == Book.shelf_id, Other.id != Book.id).scalar_subquery()
TOP_FEE = select(func.max(Loan.fee)).where(Loan.book_id == Book.id).scalar_subquery()
PROVERB = case((Book.title.like("%100\\% M%"), "100% it's : $1 \\ done"), else_=func.concat(Book.title, " %s :x"))
RECEIPT = func.concat("R-", Loan.id)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


# Orders


class BookOrder(Enum):
    TITLE = (Book.title.asc(), Book.id.asc())
    THICKEST = (Book.pages.desc(), Book.id.asc())
    PRICE_THEN_PAGES = (Book.price.asc(), Book.pages.desc(), Book.title, Book.id.desc())
    BOUGHT = (func.coalesce(Book.bought_at, NEVER).desc(), Book.id.desc())
    OPEN_FIRST = (Book.private, Book.id.desc())
    BINDING = (Book.binding.desc(), Book.id.desc())
    MOST_LENT = (LOAN_COUNT.desc(), Book.id.asc())
    KEY = (Book.id.asc(),)


class LoanOrder(Enum):
    DUE = (Loan.due_on.asc(), Loan.id.asc())
    FEE = (func.coalesce(Loan.fee, 0).desc(), Loan.returned.asc(), Loan.id.desc())


class MemberOrder(Enum):
    NAME = (Member.name.asc(), Member.id.desc())
    NEWEST = (Member.id.desc(),)


# Statements


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Between two prices."""

    min: Annotated[Decimal | None, Doc("The least.")] = None
    max: Annotated[Decimal | None, Doc("The most.")] = None


@dataclass(frozen=True, slots=True)
class BookFilter:
    """Narrows books; all that is given must hold."""

    shelf: ShelfId | None = None
    owners: list[MemberId] | None = None
    binding: Binding | None = None
    bindings: list[Binding] | None = None
    private: bool | None = None
    pages_min: int = 0
    pages_any: list[int] | None = None
    price: PriceRange | None = None
    text: str | None = None
    bought_from: datetime | None = None
    printed_on: date | None = None
    isbn: UUID | None = None
    tagged: str | None = None
    ratio_max: float | None = None


@dataclass(frozen=True, slots=True)
class BookBy:
    """Names one book: by exactly one of its id and its title."""

    one_of = True

    id: BookId | None = None
    title: str | None = None


def books(viewer: Viewer, filter: BookFilter | None = None) -> Select[Book]:  # noqa: A002 - the client's word
    del viewer
    statement = select(Book)
    return statement if filter is None else statement.where(*_facts(filter), *_details(filter))


def _facts(wish: BookFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Book.pages >= wish.pages_min]
    if wish.shelf is not None:
        conditions.append(Book.shelf_id == wish.shelf)
    if wish.owners is not None:
        conditions.append(among(Book.owner_id, wish.owners))
    if wish.binding is not None:
        conditions.append(Book.binding == wish.binding)
    if wish.bindings is not None:
        conditions.append(among(Book.binding, wish.bindings))
    if wish.private is not None:
        conditions.append(Book.private.is_(wish.private))
    if wish.pages_any is not None:
        conditions.append(among(Book.pages, wish.pages_any))
    if wish.price is not None and wish.price.min is not None:
        conditions.append(Book.price >= wish.price.min)
    if wish.price is not None and wish.price.max is not None:
        conditions.append(Book.price <= wish.price.max)
    return conditions


def _details(wish: BookFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wish.text is not None:
        conditions.append(func.strpos(func.lower(Book.title), func.lower(func.concat(wish.text, ""))) > 0)
    if wish.bought_from is not None:
        conditions.append(Book.bought_at >= wish.bought_from)
    if wish.printed_on is not None:
        conditions.append(Book.printed_on == wish.printed_on)
    if wish.isbn is not None:
        conditions.append(Book.isbn == wish.isbn)
    if wish.tagged is not None:
        conditions.append(func.array_position(Book.tags, wish.tagged).is_not(None))
    if wish.ratio_max is not None:
        conditions.append(Book.ratio <= wish.ratio_max)
    return conditions


def book_by(viewer: Viewer, by: BookBy) -> Select[Book]:
    del viewer
    if by.id is not None:
        return select(Book).where(Book.id == by.id)
    return (
        select(Book)
        .where(Book.title == by.title)
        .where(~select(Other.id).where(Other.title == Book.title, Other.id < Book.id).exists())
    )


def member_by(viewer: Viewer, id: MemberId) -> Select[Member]:  # noqa: A002 - the client's word
    del viewer
    return select(Member).where(Member.id == id)


def members(viewer: Viewer, joined_after: date | None = None, mentored: bool = False) -> Select[Member]:  # noqa: FBT001, FBT002
    del viewer
    statement = select(Member)
    if joined_after is not None:
        statement = statement.where(Member.joined_on > joined_after)
    return statement.where(Member.mentor_id.is_not(None)) if mentored else statement


def shelves(viewer: Viewer, these: list[ShelfId] | None = None) -> Select[Shelf]:
    del viewer
    return select(Shelf) if these is None else select(Shelf).where(among(Shelf.id, these))


def loans(viewer: Viewer, returned: bool | None = None) -> Select[Loan]:  # noqa: FBT001
    del viewer
    return select(Loan) if returned is None else select(Loan).where(Loan.returned.is_(returned))


def favourites(viewer: Viewer) -> Select[Favourite]:
    del viewer
    return select(Favourite).where(Favourite.stars >= 0)


# Pure functions


def heft(pages: int, weight: Decimal | None) -> int:
    """Fail for a book that nobody has weighed."""
    if weight is None:
        raise ValueError("canary: not weighed")
    return int(pages * weight)


def motto(title: str, pages: int) -> str:
    """Break the type for some books: None behind non-null."""
    return None if pages == 110 else title.upper()  # type: ignore[return-value]


def chapters(pages: int, marks: list[int] | None) -> list[int]:
    """Break the type of an item for some books."""
    return [pages, *(marks or [None])]  # type: ignore[list-item]


def remarks(marks: list[int] | None, tags: list[str | None] | None) -> list[int | None] | None:
    """Return a list whose items may be missing."""
    return None if marks is None or tags is None else [*marks, None]


def jacket(binding: Binding, rebound: Binding | None) -> Binding:
    return rebound or binding


def grains(pages: int) -> int:
    """Overflow Int for thick books."""
    return 2**31 - 135 + pages


def cents(price: Decimal) -> str:
    """Tell what a numeric column arrives as."""
    return f"{price * 100:.0f} {type(price).__name__}"
