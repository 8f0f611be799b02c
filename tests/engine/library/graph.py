"""The library's graph: every kind of declaration, together in all the ways that a client can ask for."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.schema.config import StrawberryConfig

from engine import federation, nodes
from engine.graph import Node, Row
from engine.pages import Connection
from engine.sources import EVERYONE, PUBLIC, batched, column, computed, edge, listed, mutation, one, pages, several
from tests.engine.library import answers, reads, writes
from tests.engine.library import tables as rows
from tests.engine.library.tables import Barcode, Binding

strawberry.enum(Binding)
strawberry.enum(answers.Size)
strawberry.enum(answers.Fail)
for order in (reads.BookOrder, reads.LoanOrder, reads.MemberOrder):
    strawberry.enum(order)

WRITE = ("books:write",)


@strawberry.interface(description="What has a name.")
class Named:
    name: str = strawberry.field(description="The name.")


@strawberry.type(description="A shelf.")
class Shelf(Node, Named, table=rows.Shelf, visible=reads.shelves_visible, code="Sh"):
    name: str = column(rows.Shelf.name, description="The name.")
    room: str | None = column(rows.Shelf.room, description="The locked room that it is in.")
    books: Connection["Book"] = pages(
        reads.books, on=rows.Book.shelf_id, orders=reads.BookOrder, description="What stands on it."
    )
    first_books: list["Book"] = listed(
        reads.books, on=rows.Book.shelf_id, order=(rows.Book.title,), at_most=3, description="Its first books."
    )


@strawberry.type(description="A reader.")
class Member(Node, Named, table=rows.Member, visible=EVERYONE, code="Me"):
    name: str = column(rows.Member.name, description="The name.")
    nick: str | None = column(rows.Member.nick, description="A short name.")
    joined_on: date | None = column(rows.Member.joined_on, description="Since when.")
    mentor: "Member | None" = edge(rows.Member.mentor, description="Who shows them round.")
    card: "Card | None" = edge(rows.Member.card, description="The card; its holder's secret.")
    secret: str | None = column(rows.Member.nick, description="A secret.", scopes=("secrets:read", "members:read"))
    debts: Connection["Loan"] = pages(
        reads.loans,
        on=rows.Loan.member_id,
        orders=reads.LoanOrder,
        description="What they owe.",
        scopes=("money:read",),
    )
    pupils: Connection["Member"] = pages(
        reads.members, on=rows.Member.mentor_id, orders=reads.MemberOrder, description="Whom they show round."
    )
    loans: Connection["Loan"] = pages(
        reads.loans, on=rows.Loan.member_id, orders=reads.LoanOrder, description="What they took."
    )
    owned: list["Book"] = listed(
        reads.books, on=rows.Book.owner_id, order=(rows.Book.pages.desc(),), description="Their own books."
    )
    favourites: list["Favourite"] = listed(
        reads.favourites,
        on=rows.Favourite.member_id,
        order=(rows.Favourite.stars.desc(),),
        at_most=2,
        description="What they like.",
    )
    things: list[Annotated["Book | Member", strawberry.union("Thing")] | None] = batched(
        answers.things, rows.Member.id, description="Whatever belongs to them."
    )
    near: Named | None = batched(answers.near, rows.Member.id, description="What is near.")
    best: Annotated["Book | Member", strawberry.union("Thing")] = batched(
        answers.best, rows.Member.id, description="The best of all."
    )


@strawberry.type(description="A reader's card.")
class Card(Node, table=rows.Card, visible=reads.cards_visible, code="Ca"):
    number: str = column(rows.Card.number, description="The number.")
    member: Member = edge(rows.Card.member, description="Whose it is.")


@strawberry.type(description="A plain object.")
class Leaf:
    number: int = strawberry.field(description="Which.")
    torn: str = strawberry.field(description="Whether it is torn; cannot always be told.")
    worm: Member | None = strawberry.field(description="Who lives in it.")


@strawberry.type(description="A plain object with others inside.")
class Condition:
    grade: Binding = strawberry.field(description="The grade.")
    leaves: list[Leaf | None] = strawberry.field(description="Its leaves.")
    reader: Member | None = strawberry.field(description="Who saw it.")
    note: str | None = strawberry.field(description="A note.")
    best: Leaf | None = strawberry.field(description="The best leaf.")
    seen_at: datetime | None = strawberry.field(description="When it was seen.")


@strawberry.type(description="A book.")
class Book(Node, table=rows.Book, visible=reads.books_visible, code="Bo"):
    title: str = column(rows.Book.title, description="The title.")
    private: bool = column(rows.Book.private, description="Whether only its owner sees it.")
    thickness: int = column(rows.Book.pages, description="How many pages.")
    price: Decimal = column(rows.Book.price, description="The price.")
    binding: Binding = column(rows.Book.binding, description="The binding.")
    rebound: Binding | None = column(rows.Book.rebound, description="The later binding.")
    barcode: Barcode | None = column(rows.Book.barcode, description="A large number.")
    weight: Decimal | None = column(rows.Book.weight, description="The exact weight.")
    depth: float | None = column(rows.Book.depth, description="A numeric as a float.")
    ratio: float | None = column(rows.Book.ratio, description="A float.")
    isbn: UUID | None = column(rows.Book.isbn, description="A UUID.")
    bought_at: datetime | None = column(rows.Book.bought_at, description="An instant.")
    printed_on: date | None = column(rows.Book.printed_on, description="A day.")
    checked: bool | None = column(rows.Book.checked, description="Yes, no, unknown.")
    tags: list[str | None] | None = column(rows.Book.tags, description="Words, some missing.")
    marks: list[int] | None = column(rows.Book.marks, description="Numbers.")
    copies: list[UUID] | None = column(rows.Book.copies, description="UUIDs.")
    stamps: list[datetime] | None = column(rows.Book.stamps, description="Instants.")
    loan_count: int = column(reads.LOAN_COUNT, description="How often it was lent.")
    others: int = column(reads.OTHERS, description="How many others stand beside it.")
    top_fee: Decimal | None = column(reads.TOP_FEE, description="The largest fee.")
    sure_fee: Decimal = column(reads.TOP_FEE, description="The same, but said to be there always.")
    proverb: str = column(reads.PROVERB, description="Awkward characters.")
    heft: int | None = computed(reads.heft, rows.Book.pages, rows.Book.weight, description="May fail.")
    motto: str = computed(reads.motto, rows.Book.title, rows.Book.pages, description="May be missing.")
    chapters: list[int] = computed(reads.chapters, rows.Book.pages, rows.Book.marks, description="Holes break it.")
    remarks: list[int | None] | None = computed(
        reads.remarks, rows.Book.marks, rows.Book.tags, description="Holes are fine."
    )
    jacket: Binding = computed(reads.jacket, rows.Book.binding, rows.Book.rebound, description="An enum.")
    grains: int | None = computed(reads.grains, rows.Book.pages, description="May overflow.")
    cents: str = computed(reads.cents, rows.Book.price, description="A numeric's Python type.")
    shelf: Shelf | None = edge(rows.Book.shelf, description="Where it stands, if you may enter.")
    place: Shelf = edge(rows.Book.shelf, with_parent=True, description="Where it stands.")
    owner: Member | None = edge(rows.Book.owner, description="Whose it is.")
    loans: Connection["Loan"] = pages(
        reads.loans, on=rows.Loan.book_id, orders=reads.LoanOrder, description="Who took it."
    )
    lately: list["Loan"] = listed(
        reads.loans, on=rows.Loan.book_id, order=(rows.Loan.fee.desc().nulls_last(),), at_most=2, description="Some."
    )
    stars: int | None = batched(answers.stars, rows.Book.id, description="A batched scalar.")
    last_loan: "Loan | None" = batched(answers.last_loan, rows.Book.id, description="A batched row.")
    related: list["Book | None"] = batched(answers.related, rows.Book.id, description="Batched rows.")
    condition: Condition | None = batched(answers.condition, rows.Book.id, description="A batched object.")
    cover: str = batched(answers.cover, rows.Book.id, rows.Book.title, description="Batched by two columns.")
    fragile: int | None = batched(answers.fragile, rows.Book.id, description="Fails as it is told.")
    matrix: list[list[int]] | None = batched(answers.matrix, rows.Book.id, description="Lists in lists.")


@strawberry.type(description="A loan.")
class Loan(Node, table=rows.Loan, visible=reads.loans_visible, code="Lo"):
    due_on: date = column(rows.Loan.due_on, description="When it is due.")
    returned: bool = column(rows.Loan.returned, description="Whether it is back.")
    fee: Decimal | None = column(rows.Loan.fee, description="What it cost.")
    book: Book | None = edge(rows.Loan.book, description="What was lent, if you may see it.")
    member: Member = edge(rows.Loan.member, description="Who took it.")
    receipt: "Receipt | None" = batched(answers.receipt, rows.Loan.id, description="What was paid.")


@strawberry.type(description="What a loan brought in. Not for everybody.")
class Receipt(Node, Named, table=rows.Loan, visible=reads.receipts_visible, code="Re", scopes=("receipts:read",)):
    name: str = column(reads.RECEIPT, description="Its number.")
    amount: Decimal | None = column(rows.Loan.fee, description="How much.", scopes=("receipts:read", "money:read"))
    book: Book | None = edge(rows.Loan.book, description="For what.")


@strawberry.type(description="A favourite.")
class Favourite(Row, table=rows.Favourite, visible=EVERYONE):
    stars: int = column(rows.Favourite.stars, description="How much.")
    book: Book | None = edge(rows.Favourite.book, description="What.")
    member: Member = edge(rows.Favourite.member, description="Who.")
    rank: int = batched(
        answers.rank, rows.Favourite.member_id, rows.Favourite.book_id, description="Batched by a key of two."
    )


@strawberry.type(description="Everything that can be read.")
class Query:
    book: Book | None = one(reads.book_by, description="One book.")
    member: Member | None = one(reads.member_by, description="One reader.")
    books: Connection[Book] = pages(reads.books, orders=reads.BookOrder, description="Books.")
    members: Connection[Member] = pages(
        reads.members, orders=reads.MemberOrder, default=reads.MemberOrder.NEWEST, description="Readers."
    )
    loans: Connection[Loan] = pages(reads.loans, orders=reads.LoanOrder, description="Loans.")
    receipts: Connection[Receipt] = pages(reads.loans, orders=reads.LoanOrder, description="Receipts.")
    shelves: list[Shelf] = listed(reads.shelves, order=(rows.Shelf.name,), at_most=5, description="Shelves.")
    named: list[Named | None] | None = batched(answers.named, description="Things with names, by numbers.")
    echo: str = batched(answers.echo, description="Says what arrived.")
    node: Node | None = batched(nodes.node, description="Anything by its id.")
    nodes: list[Node | None] = batched(nodes.nodes, description="Anything by their ids.")
    entities: list[Annotated["Book | Member | Receipt", strawberry.union("_Entity")] | None] = batched(
        federation.entities, name="_entities", description="Anything by their keys."
    )


@strawberry.interface(description="Why something was not written down.")
class UserError:
    message: str = strawberry.field(description="For people.")
    path: list[str] = strawberry.field(description="What is wrong.")


@strawberry.type(description="There is such a book.")
class TitleTaken(UserError):
    book: Book | None = strawberry.field(description="The book, if you may see it.")


@strawberry.type(description="The title does not do.")
class TitleRefused(UserError):
    longest: int = strawberry.field(description="How long it may be.")


@strawberry.type(description="The new book.")
class AddBookPayload:
    book: Book | None = strawberry.field(description="The book.")
    shelf: Shelf | None = strawberry.field(description="Where it stands.")
    note: str = strawberry.field(description="What was noted.")
    by: str = strawberry.field(description="Who did it.")
    fragile: int | None = strawberry.field(description="Cannot be told.")
    errors: list[UserError] = strawberry.field(description="Why not.")


@strawberry.type(description="What became of one of many.")
class BookResult:
    index: int = strawberry.field(description="Which.")
    book: Book | None = strawberry.field(description="The book.")
    problem: Annotated["TitleTaken | TitleRefused", strawberry.union("RowProblem")] | None = strawberry.field(
        description="Why not."
    )


@strawberry.type(description="What became of many.")
class AddBooksPayload:
    results: list[BookResult] = several(description="One for each.", at_most=100)
    shelves: list[Shelf | None] = several(description="Where they stand.", at_most=100)


@strawberry.type(description="A count.")
class CountPayload:
    books: int = strawberry.field(description="How many.")
    newest: Book | None = strawberry.field(description="Which came last.")


@strawberry.type(description="Everything that can be changed.")
class Mutation:
    add_book: AddBookPayload | None = mutation(writes.add_book, description="Add a book.", scopes=WRITE)
    add_books: AddBooksPayload | None = mutation(writes.add_books, description="Add many.", scopes=WRITE)
    retitle: CountPayload | None = mutation(writes.retitle, description="Give another title.", scopes=WRITE)
    count: CountPayload | None = mutation(writes.count, description="Count; changes nothing.", scopes=PUBLIC)
    burn: CountPayload | None = mutation(writes.burn, description="Remove a book.", alone=True, scopes=WRITE)


def build() -> strawberry.Schema:
    """Return the library's schema."""
    any_key = federation.ANY_KEY
    barcode = strawberry.scalar(name="Barcode", description="Digits.", serialize=str, parse_value=int)
    return strawberry.Schema(
        Query, Mutation, config=StrawberryConfig(scalar_map={Barcode: barcode, federation.AnyKey: any_key})
    )
