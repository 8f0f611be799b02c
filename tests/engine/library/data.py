"""The library's rows: few, the same in every run, full of ties and NULLs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from tests.engine.library.tables import Base, Binding, Book, Card, Favourite, Loan, Member, Shelf

EPOCH = datetime(2020, 1, 1, 8, 30, tzinfo=UTC)
ROOMS = ("attic", "cellar")
TITLES = ("The 100% Mill", "Eve's Road", "a small : boat", "Zinc_ore")
SHELVES, MEMBERS, BOOKS, LOANS, CARDS, FAVOURITES = 7, 12, 26, 44, 6, 14


def key(kind: int, number: int) -> UUID:
    """Return the key of a row; kinds count from 1 in the order of ``rows_of``."""
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) | (kind << 16) | number)


SHELF, MEMBER, CARD, BOOK, LOAN = range(1, 6)


def rows_of() -> dict[type[Base], list[dict[str, Any]]]:
    """Return all rows in the order in which they can be inserted."""
    random = Random(7)  # noqa: S311 - test data
    return {
        Shelf: [
            {"id": key(SHELF, n), "name": f"Shelf {'ABCD'[n % 4]}", "room": (None, *ROOMS)[n % 3]}
            for n in range(SHELVES)
        ],
        Member: [_member(n) for n in range(MEMBERS)],
        Card: [{"id": key(CARD, n), "member_id": key(MEMBER, 2 * n), "number": f"C-{n}"} for n in range(CARDS)],
        Book: [_book(n, random) for n in range(BOOKS)],
        Loan: [_loan(n, random) for n in range(LOANS)],
        Favourite: [
            {"member_id": key(MEMBER, n % 5), "book_id": key(BOOK, (n * 5) % BOOKS), "stars": n % 3}
            for n in range(FAVOURITES)
        ],
    }


def _member(n: int) -> dict[str, Any]:
    return {
        "id": key(MEMBER, n),
        "name": f"Member {n // 2}",
        "nick": None if n % 3 else ["Ann", "ann", "Åsa", "zoë"][n // 3],
        "joined_on": None if n % 4 == 1 else date(2020 + n % 3, 2, 28),
        "mentor_id": None if n % 4 == 0 else key(MEMBER, n // 4),
    }


def _book(n: int, random: Random) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return None if random.random() < 0.3 else value

    return {
        "id": key(BOOK, n),
        "title": f"{TITLES[n % 4]} {n // 8}",
        "shelf_id": key(SHELF, n % SHELVES),
        "owner_id": maybe(key(MEMBER, n % MEMBERS)),
        "private": n % 3 == 0,
        "pages": 100 + (n % 5) * 10,
        "price": Decimal(n % 6) + Decimal("0.50"),
        "binding": list(Binding)[n % 3].value,
        "rebound": maybe(list(Binding)[(n + 1) % 3].value),
        "barcode": maybe(2**40 + n),
        "weight": maybe(Decimal(n) / 8),
        "depth": maybe(Decimal(n) / 16),
        "ratio": maybe(n / 7),
        "isbn": maybe(UUID(int=n)),
        "bought_at": maybe(EPOCH + timedelta(days=n % 4, microseconds=n % 2)),
        "printed_on": maybe(date(1990, 1, 1) + timedelta(days=n % 5)),
        "checked": maybe(n % 2 == 0),
        "tags": maybe([None, "old", 'q"uo,te{}', ""][: n % 5]),
        "marks": maybe(list(range(n % 4))),
        "copies": maybe([UUID(int=m) for m in range(n % 3)]),
        "stamps": maybe([EPOCH + timedelta(hours=m) for m in range(n % 3)]),
    }


def _loan(n: int, random: Random) -> dict[str, Any]:
    return {
        "id": key(LOAN, n),
        "book_id": key(BOOK, (n * 7) % 20),
        "member_id": key(MEMBER, random.randrange(MEMBERS)),
        "due_on": date(2024, 5, 1) + timedelta(days=n % 6),
        "returned": n % 2 == 0,
        "fee": None if n % 3 else Decimal(n) / 4,
    }


async def make(url: str) -> None:
    """Create the tables in an empty database and insert the rows."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        for table in Base.metadata.sorted_tables:
            await connection.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
        await _fill(connection)
    finally:
        await connection.close()


async def restore(url: str) -> None:
    """Make the rows what they were."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        tables = ", ".join(model.__tablename__ for model in rows_of())
        await connection.execute(f"TRUNCATE {tables}")
        await _fill(connection)
    finally:
        await connection.close()


async def _fill(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for model, rows in rows_of().items():
        columns = list(rows[0])
        records = [tuple(row[column] for column in columns) for row in rows]
        await connection.copy_records_to_table(model.__tablename__, records=records, columns=columns)
