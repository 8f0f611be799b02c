"""The library's mutations: what is written down, refused, rejected or broken, one by one and many at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Annotated, Any

import asyncpg
from typing_extensions import Doc

from engine.errors import Code, Rejected
from engine.sources import Ref
from tests.engine.library import data
from tests.engine.library.reads import BookId, MemberId, ShelfId

ADD = """
    INSERT INTO books (id, title, shelf_id, owner_id, private, pages, price, binding, tags)
    VALUES ($1, $2, $3, $4, $5, 10, 1, 'paper', $6)
"""


@dataclass
class Desk:
    """What the library lends to its mutations: connections, and a list of what was done in which order."""

    url: str
    done: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Any]:
        connection: Any = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                yield connection
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class BookRow:
    """One of many books."""

    title: str
    shelf: ShelfId
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a book is."""

    owner: MemberId | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class AddBookInput:
    """A new book."""

    row: BookRow
    ownership: Ownership | None = None
    note: Annotated[str | EllipsisType | None, Doc("Left out, null and given are three things.")] = ...


@dataclass(frozen=True, slots=True)
class AddBooksInput:
    """Many new books."""

    rows: list[BookRow]
    groups: list[list[Ownership]] | None = None
    dry: bool = False


@dataclass(frozen=True, slots=True)
class TitleTaken:
    message: str
    path: list[str]
    book: Ref


@dataclass(frozen=True, slots=True)
class TitleRefused:
    message: str
    path: list[str]
    longest: int


@dataclass(frozen=True, slots=True)
class AddBookPayload:
    note: str
    by: str
    book: Ref | None = None
    shelf: Ref | None = None
    errors: list[Any] = field(default_factory=list[Any])

    @property
    def fragile(self) -> int:
        raise ValueError("canary: payload")


@dataclass(frozen=True, slots=True)
class BookResult:
    index: int
    book: Ref | None = None
    problem: Any = None


@dataclass(frozen=True, slots=True)
class AddBooksPayload:
    results: list[BookResult]
    shelves: list[Ref]


@dataclass(frozen=True, slots=True)
class CountPayload:
    books: int
    newest: Ref | None


async def add_book(run: Any, input: AddBookInput) -> AddBookPayload:  # noqa: A002 - the client's word
    run.services.done.append(f"add {input.row.title}")
    async with run.services.writing() as connection:
        result = await _add(connection, 0, input.row, input.ownership or Ownership())
    return AddBookPayload(
        note=repr(input.note),
        by=repr(run.viewer.id),
        book=result.book,
        shelf=Ref("Shelf", input.row.shelf),
        errors=[result.problem] if result.problem else [],
    )


async def add_books(run: Any, input: AddBooksInput) -> AddBooksPayload:  # noqa: A002 - the client's word
    owners = [each for group in input.groups or [] for each in group] or [Ownership()]
    async with run.services.writing() as connection:
        results = [
            await _add(connection, index, row, owners[index % len(owners)]) for index, row in enumerate(input.rows)
        ]
    return AddBooksPayload(results, [Ref("Shelf", row.shelf) for row in input.rows])


async def _add(connection: Any, index: int, row: BookRow, ownership: Ownership) -> BookResult:
    if row.title == "boom":
        raise ValueError("canary: boom")
    if row.title == "reject":
        raise Rejected(Code.BAD_USER_INPUT, "No such title. Choose another.", argument="input.row.title")
    path = ["input", "rows", str(index), "title"]
    if len(row.title) > 20:
        return BookResult(index, problem=TitleRefused("Too long.", path, 20))
    known = await connection.fetchval("SELECT id FROM books WHERE title = $1 ORDER BY id", row.title)
    if known is not None:
        return BookResult(index, problem=TitleTaken("There is one.", path, Ref("Book", known)))
    key = data.key(data.BOOK, 1000 + await connection.fetchval("SELECT count(*) FROM books"))
    await connection.execute(ADD, key, row.title, row.shelf, ownership.owner, ownership.private, row.tags)
    return BookResult(index, book=Ref("Book", key))


async def retitle(run: Any, book: BookId, title: str) -> CountPayload | None:
    """Give a book another title; null when there is none."""
    run.services.done.append(f"retitle {title}")
    async with run.services.writing() as connection:
        told = await connection.execute("UPDATE books SET title = $2 WHERE id = $1", book, title)
    return CountPayload(int(told.split()[1]), Ref("Book", book)) if told != "UPDATE 0" else None


async def count(run: Any, strange: bool = False) -> Any:  # noqa: FBT001, FBT002 - the client's flag
    """Count the books, and show the newest."""
    run.services.done.append("count")
    async with run.services.writing() as connection:
        books = await connection.fetchval("SELECT count(*) FROM books")
        newest = await connection.fetchval("SELECT id FROM books ORDER BY id DESC LIMIT 1")
    return CountPayload(books, "strange" if strange else Ref("Book", newest))  # type: ignore[arg-type]


async def burn(run: Any, book: BookId) -> CountPayload:
    """Remove a book."""
    run.services.done.append("burn")
    async with run.services.writing() as connection:
        await connection.execute("DELETE FROM favourites WHERE book_id = $1", book)
        await connection.execute("DELETE FROM loans WHERE book_id = $1", book)
        await connection.execute("DELETE FROM books WHERE id = $1", book)
        books = await connection.fetchval("SELECT count(*) FROM books")
    return CountPayload(books, Ref("Book", book))
