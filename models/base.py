"""What all tables share: the declarative base, its column types, and keys that the database makes."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Text,
    Uuid,
    any_,
    func,
    literal,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from rules.links import Url
from rules.money import Rupiah
from rules.regions import RegionCode

Word = TypeVar("Word", bound=StrEnum)

UUIDKey = Annotated[UUID, mapped_column(Uuid, primary_key=True, server_default=func.uuidv7())]
"""A primary key in rising order of creation, made by PostgreSQL 18."""


class Choice(TypeDecorator[Word]):
    """A closed list of words, stored as text: a new word is a new CHECK, not an ALTER TYPE."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:
        """Store the word itself."""
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:
        """Read the word back as a member of its enum."""
        del dialect
        return None if value is None else self.words(value)


def choice(words: type[Word]) -> Mapped[Word]:
    """Return a column that holds one of ``words``; pair it with ``only`` in the table's arguments."""
    return mapped_column(Choice(words))


def only(table: str, column: str, words: type[StrEnum]) -> CheckConstraint:
    """Return the constraint ``{table}_{column}_known``: the column holds one of ``words``."""
    known = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({known})", name=f"{table}_{column}_known")


def among(column: InstrumentedAttribute[Word], words: Sequence[Word]) -> ColumnElement[bool]:
    """Return the condition that ``column`` holds one of ``words``: one parameter, however many they are."""
    values: Any = words
    return column == any_(values)


def any_of(column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``values``: one parameter, however many there are.

    For the statements of writes, whose values are there; ``among`` is for those that a request fills in later.
    """
    return column == any_(literal(list(values), ARRAY(column.type)))


def belongs(column: InstrumentedAttribute[Any], owner: object) -> ColumnElement[bool]:
    """Return the condition that ``column`` names ``owner``: a key, a parameter, or None, for whom it holds for no row.

    ``column == None`` would be ``IS NULL``, and true for what has no owner.
    """
    known: Any = literal(owner, Uuid()) if owner is None or isinstance(owner, UUID) else owner
    return column == known


class Base(DeclarativeBase):
    """The base of all tables. Plain types map the same way everywhere: text, bigint rupiah, UTC instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        UUID: Uuid(),
        Rupiah: BigInteger(),
        RegionCode: Text(),
        Url: Text(),
        datetime: DateTime(timezone=True),
        date: Date(),
    }
