"""A graph with a declaration that cannot work does not start, and says what to write instead."""

import types
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
import strawberry
from sqlalchemy import ForeignKey, Interval, LargeBinary, Select, and_, cast, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Uuid

from engine.checks import check
from engine.graph import BadDeclarationError, Graph, Node, Row
from engine.pages import Connection
from engine.sources import EVERYONE, batched, column, computed, edge, listed, one, pages
from tests.engine.library import answers, reads
from tests.engine.library import tables as rows
from tests.engine.library.reads import Viewer


class Odd(rows.Base):
    """A table that fits nothing."""

    __tablename__ = "odds"
    __table_args__ = {"info": {"skip": True}}  # noqa: RUF012 - SQLAlchemy's manner

    number: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[Any] = mapped_column(Uuid, ForeignKey("books.id"), nullable=False)
    shelf_id: Mapped[Any] = mapped_column(Uuid, ForeignKey("shelves.id"), nullable=False)
    span: Mapped[Any] = mapped_column(Interval, nullable=False)
    book: Mapped[rows.Book] = relationship(
        lazy="raise",
        primaryjoin=lambda: and_(Odd.book_id == rows.Book.id, rows.Book.private.is_(True)),
        viewonly=True,
    )
    shelf: Mapped[rows.Shelf] = relationship(lazy="raise")


rows.Base.metadata.remove(Odd.__table__)  # type: ignore[arg-type]
"""The library's database does without it."""


def type_of(
    name: str, fields: dict[str, tuple[Any, Any]], *, base: type = Node, table: Any = rows.Book, **options: Any
) -> Any:
    """Return a type with the given fields: annotation and declaration by name."""
    made = {"table": table, "visible": EVERYONE, "code": name[:2]} | options if table is not None else {}

    def body(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = {field: annotation for field, (annotation, _) in fields.items()}
        namespace |= {field: declared for field, (_, declared) in fields.items()}
        for field, (_, declared) in fields.items():
            namespace[field] = declared

    return strawberry.type(types.new_class(name, (base,), made, body), description="A type.")


def start(**fields: tuple[Any, Any]) -> None:
    """Start a graph with these fields at its root."""
    query = type_of("Query", fields, base=object, table=None)
    check(Graph(strawberry.Schema(query)), Viewer())


def refusal(**fields: tuple[Any, Any]) -> str:
    with pytest.raises(BadDeclarationError) as refused:
        start(**fields)
    return str(refused.value)


def of_book(annotation: Any, declared: Any, **options: Any) -> str:
    """Return how a graph is refused whose ``Thing.field``, a field of books, is declared like this."""
    thing = type_of("Thing", {"field": (annotation, declared)}, **options)
    table = options.get("table", rows.Book)

    def some(viewer: Viewer) -> Select[Any]:
        del viewer
        return select(table)

    return refusal(thing=(thing | None, one(some, description="One.")))


def book_by(viewer: Viewer) -> Select[rows.Book]:
    del viewer
    return select(rows.Book)


def test_a_type_says_whose_rows_it_shows() -> None:
    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))}, visible=None)

    message = refusal(thing=(thing | None, one(book_by, description="One.")))

    assert message == "Thing has no row rule. Write visible=..., or visible=EVERYONE."


@pytest.mark.parametrize("code", ["TH", "th", "T1"])
def test_a_code_is_two_letters(code: str) -> None:
    message = of_book(str, column(rows.Book.title, description="It."), code=code)

    assert message == "Thing needs a code of its own, like 'Co': a capital and a small letter."


def test_two_types_have_two_codes() -> None:
    fields = {"title": (str, column(rows.Book.title, description="It."))}
    first, second = type_of("First", fields, code="Aa"), type_of("Second", fields, code="Aa")

    message = refusal(
        first=(first | None, one(book_by, description="One.")), second=(second | None, one(book_by, description="One."))
    )

    assert "needs a code of its own" in message


def test_a_rule_is_tried() -> None:
    def looks_at_it(viewer: Viewer) -> Any:
        if viewer.id:
            return rows.Book.private.is_(False)
        return true()

    with pytest.raises(TypeError):
        of_book(str, column(rows.Book.title, description="It."), visible=looks_at_it)


@pytest.mark.parametrize(
    ("annotation", "declared", "told"),
    [
        (int, lambda: column(rows.Book.barcode, description="It."), "is bigint behind Int"),
        (str, lambda: column(rows.Book.pages, description="It."), "is int behind String. Use the scalar"),
        (int, lambda: column(rows.Book.title, description="It."), "is str behind Int"),
        (strawberry.ID, lambda: column(rows.Book.isbn, description="It."), "is UUID behind ID"),
        (list[str], lambda: column(rows.Book.marks, description="It."), "is int behind String"),
        (float, lambda: column(rows.Book.ratio, description="It."), "is a nullable column behind a non-null field"),
    ],
)
def test_a_column_fits_its_field(annotation: Any, declared: Callable[[], Any], told: str) -> None:
    assert of_book(annotation, declared()).startswith(f"Thing.field {told}")


def test_a_field_says_where_it_comes_from() -> None:
    plain: Any = strawberry.field(description="It.")
    resolved: Any = strawberry.field(resolver=lambda: 1, description="It.")

    assert of_book(str, plain).startswith("Thing.field does not say where it comes from. Declare it with column()")
    assert refusal(number=(int, resolved)).startswith("Query.number does not say where it comes from")


def test_a_plain_object_has_attributes() -> None:
    def resolver() -> int:
        return 1

    number: Any = strawberry.field(resolver=resolver, description="It.")
    inner = type_of("Inner", {"number": (int, number)}, base=object, table=None)

    message = refusal(inner=(inner | None, batched(answers.echo, description="It.")))

    assert message == "Inner.number has a resolver, but objects without a table give attributes. Make it an attribute."


@pytest.mark.parametrize(
    "declared",
    [
        lambda: column(rows.Book.title, description="It."),
        lambda: computed(len, rows.Book.title, description="It."),
        lambda: batched(answers.stars, rows.Book.id, description="It."),
    ],
)
def test_only_a_type_with_a_table_reads_rows(declared: Callable[[], Any]) -> None:
    assert refusal(field=(str, declared())) == (
        "Query.field reads a row, but its type has no table. Give the type table=... and visible=...."
    )


def test_one_row_may_be_missing() -> None:
    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))})

    assert refusal(thing=(thing, one(book_by, description="One."))) == "Query.thing may find no row. Make it nullable."


def shelf_type() -> Any:
    return type_of("Shelf", {"name": (str, column(rows.Shelf.name, description="It."))}, table=rows.Shelf, code="Sh")


def hidden_shelf() -> Any:
    return type_of(
        "Shelf",
        {"name": (str, column(rows.Shelf.name, description="It."))},
        table=rows.Shelf,
        code="Sh",
        visible=reads.shelves_visible,
    )


def test_an_edge_that_may_be_missing_or_hidden_is_nullable() -> None:
    member = type_of("Member", {"name": (str, column(rows.Member.name, description="It."))}, table=rows.Member)
    remedy = "may be missing or hidden by its type's row rule. Make it nullable, or say with_parent=True."

    assert of_book(member, edge(rows.Book.owner, description="It.")) == f"Thing.field {remedy}"
    assert of_book(hidden_shelf(), edge(rows.Book.shelf, description="It.")) == f"Thing.field {remedy}"


def test_an_edge_is_found_by_keys_alone() -> None:
    book = type_of("Book", {"title": (str, column(rows.Book.title, description="It."))}, code="Bo")

    message = of_book(book | None, edge(Odd.book, description="It."), table=Odd, base=Row, code=None)

    assert message == "Thing.field is no plain to-one relationship. Name one whose rows are found by their keys alone."


def test_a_list_of_the_whole_graph_stands_at_the_root() -> None:
    shelf = shelf_type()

    message = of_book(list[shelf], listed(reads.shelves, order=(), description="They."))  # type: ignore[valid-type]

    assert message.startswith("Thing.field is of the whole graph, but stands on a type. Say on=...")


def test_a_list_is_joined_on_a_column_that_points_to_its_parent() -> None:
    loan = type_of("Loan", {"returned": (bool, column(rows.Loan.returned, description="It."))}, table=rows.Loan)

    message = of_book(list[loan], listed(reads.loans, on=rows.Loan.member_id, order=(), description="They."))  # type: ignore[valid-type]

    assert message.startswith("Thing.field is joined on loans.member_id, which does not point from Loan to Thing")


def test_a_list_is_joined_on_a_column_with_an_index() -> None:
    def odds(viewer: Viewer) -> Select[Odd]:
        del viewer
        return select(Odd)

    odd = type_of("Odd", {"number": (int, column(Odd.number, description="It."))}, table=Odd, base=Row, code=None)

    message = of_book(list[odd], listed(odds, on=Odd.book_id, order=(), description="They."))  # type: ignore[valid-type]

    assert message == (
        "Thing.field is joined on odds.book_id, which leads no index. Add one, or each parent reads the whole table."
    )


class NoKey(Enum):
    BAD = (rows.Book.title.asc(),)


class Nullable(Enum):
    BAD = (rows.Book.ratio.desc(), rows.Book.id.asc())


class NullsPlaced(Enum):
    BAD = (rows.Book.title.desc().nulls_last(), rows.Book.id.asc())


class Unreadable(Enum):
    BAD = (cast(rows.Book.bought_at, LargeBinary), rows.Book.id.asc())


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        (NoKey, "needs an order whose last term is the primary key of Thing, or pages skip rows."),
        (Nullable, "orders by books.ratio, which may be NULL. Order by coalesce(...) with an index of its own."),
        (NullsPlaced, "says where NULLs stand, but no term of a page's order may be NULL. Leave it out."),
        (
            Unreadable,
            "orders by CAST(books.bought_at AS BLOB), of a type that cursors cannot hold. Order by text or a number.",
        ),
    ],
)
def test_a_page_has_an_order_that_a_cursor_can_continue(orders: type[Enum], told: str) -> None:
    strawberry.enum(orders)
    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))})

    message = refusal(things=(Connection[thing], pages(reads.books, orders=orders, description="They.")))

    assert message == f"Query.things {told}"


def joined(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Book).join(rows.Book.shelf)


def limited(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Book).limit(3)


def ordered(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Book).order_by(rows.Book.title)


def distinct(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Book).distinct()


def skipped(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Book).offset(1)


def of_shelves(viewer: Viewer) -> Select[Any]:
    del viewer
    return select(rows.Shelf)


@pytest.mark.parametrize("statement", [joined, limited, ordered, distinct, skipped, of_shelves])
def test_a_statement_only_narrows(statement: Callable[..., Any]) -> None:
    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))})

    message = refusal(thing=(thing | None, one(statement, description="One.")))

    assert message == "A statement over books may only have a WHERE; write joins as exists(...)."


def test_a_statement_does_not_ask_in_a_list_that_only_a_request_knows() -> None:
    def among(viewer: Viewer, titles: list[str]) -> Select[rows.Book]:
        del viewer
        return select(rows.Book).where(rows.Book.title.in_(titles))

    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))})

    message = refusal(thing=(thing | None, one(among, description="One.")))

    assert message.endswith("Write column == any_(values).")


def test_a_statement_does_not_look_at_a_value() -> None:
    def looking(viewer: Viewer, title: str | None = None) -> Select[rows.Book]:
        del viewer
        return select(rows.Book).where(rows.Book.title == title) if title else select(rows.Book)

    thing = type_of("Thing", {"title": (str, column(rows.Book.title, description="It."))})

    with pytest.raises(TypeError, match="Boolean value of this clause is not defined"):
        start(thing=(thing | None, one(looking, description="One.")))


def test_arguments_do_not_take_the_names_of_a_page() -> None:
    def taking(viewer: Viewer, after: str) -> Select[rows.Book]:
        del viewer, after
        return select(rows.Book)

    with pytest.raises(AssertionError, match="reserved argument names"):
        pages(taking, orders=reads.BookOrder, description="They.")


def test_a_statement_takes_no_lists_of_objects() -> None:
    @dataclass
    class Inner:
        text: str

    def listing(viewer: Viewer, inner: list[Inner]) -> Select[rows.Book]:
        del viewer, inner
        return select(rows.Book)

    listing.__annotations__ = {"viewer": Viewer, "inner": list[Inner], "return": Any}

    with pytest.raises(AssertionError, match="cannot take a list of input objects"):
        one(listing, description="One.")


def test_what_is_deprecated_says_until_when() -> None:
    declared: Any = column(rows.Book.title, description="It.")
    declared.deprecation_reason = "Use another."

    assert (
        of_book(str, declared) == "Thing.field is deprecated without a date. End the reason with 'Removed YYYY-MM-DD.'."
    )


def test_a_key_is_a_uuid() -> None:
    message = of_book(int, column(Odd.number, description="It."), table=Odd)

    assert message == "Thing.id needs a table whose key is one column of UUIDs, and code=... on its type."
