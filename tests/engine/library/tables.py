"""A village library: tables that have what the programme's own tables lack."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, NewType
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Double, ForeignKey, MetaData, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import Integer, TypeDecorator

Barcode = NewType("Barcode", int)
Key = Annotated[UUID, mapped_column(Uuid, primary_key=True)]


class Binding(Enum):
    """How a book is bound. The stored words are not the names that clients see."""

    SOFT = "paper"
    HARD = "board"
    LOOSE = "none at all"


class BindingWord(TypeDecorator[Binding]):
    """Stores the member's value."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Binding | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Binding | None:
        del dialect
        return None if value is None else Binding(value)


class Base(DeclarativeBase):
    """The base of the library's tables, with metadata of its own."""

    metadata = MetaData()
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        UUID: Uuid(),
        float: Double(),
        Barcode: BigInteger(),
        Decimal: Numeric(10, 2),
        Binding: BindingWord(),
        datetime: DateTime(timezone=True),
        date: Date(),
    }


class Shelf(Base):
    """A shelf; one in a locked room is hidden from who may not enter."""

    __tablename__ = "shelves"

    id: Mapped[Key]
    name: Mapped[str]
    room: Mapped[str | None]


class Member(Base):
    """A reader."""

    __tablename__ = "members"

    id: Mapped[Key]
    name: Mapped[str]
    nick: Mapped[str | None]
    joined_on: Mapped[date | None]
    mentor_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"), index=True)

    mentor: Mapped["Member | None"] = relationship(lazy="raise", remote_side="Member.id")
    card: Mapped["Card | None"] = relationship(lazy="raise", viewonly=True, uselist=False)


class Card(Base):
    """A reader's card; only its holder sees it."""

    __tablename__ = "cards"

    id: Mapped[Key]
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), unique=True)
    number: Mapped[str]

    member: Mapped[Member] = relationship(lazy="raise")


class Book(Base):
    """A book, with a nullable column of every kind."""

    __tablename__ = "books"

    id: Mapped[Key]
    title: Mapped[str]
    shelf_id: Mapped[UUID] = mapped_column(ForeignKey("shelves.id"), index=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"), index=True)
    private: Mapped[bool]
    pages: Mapped[int]
    price: Mapped[Decimal]
    binding: Mapped[Binding]
    rebound: Mapped[Binding | None]
    barcode: Mapped[Barcode | None]
    weight: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    depth: Mapped[float | None] = mapped_column(Numeric(6, 3, asdecimal=False))
    ratio: Mapped[float | None]
    isbn: Mapped[UUID | None]
    bought_at: Mapped[datetime | None]
    printed_on: Mapped[date | None]
    checked: Mapped[bool | None]
    tags: Mapped[list[str | None] | None] = mapped_column(ARRAY(Text))
    marks: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    copies: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    stamps: Mapped[list[datetime] | None] = mapped_column(ARRAY(DateTime(timezone=True)))

    shelf: Mapped[Shelf] = relationship(lazy="raise")
    owner: Mapped[Member | None] = relationship(lazy="raise")


class Loan(Base):
    """A book lent to a reader."""

    __tablename__ = "loans"

    id: Mapped[Key]
    book_id: Mapped[UUID] = mapped_column(ForeignKey("books.id"), index=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), index=True)
    due_on: Mapped[date]
    returned: Mapped[bool]
    fee: Mapped[Decimal | None]

    book: Mapped[Book] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")


class Favourite(Base):
    """A reader's favourite: a row without an id of its own."""

    __tablename__ = "favourites"

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    book_id: Mapped[UUID] = mapped_column(ForeignKey("books.id"), primary_key=True)
    stars: Mapped[int]

    member: Mapped[Member] = relationship(lazy="raise")
    book: Mapped[Book] = relationship(lazy="raise")


ARRAY_TYPES = ("text[]", "int4[]", "uuid[]", "timestamptz[]")
"""What a connection must have met before it reads the library's records."""
