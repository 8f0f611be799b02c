"""What shapes a statement is known when it is planned; everything else is read from the request."""

from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import Uuid, column, select

from engine.run import Ask
from engine.selects import compiled
from engine.symbols import Parameter, Symbol, shape, symbol_of, symbolic, symbolic_viewer, viewer_shape
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.reads import Viewer
from tests.engine.library.tables import Book

RUN = SimpleNamespace(variables={"a": 1, "b": "x"}, viewer=None)
LIBRARIAN = Viewer(librarian=True)
A = Symbol(lambda run: run.variables["a"])


class Word(Enum):
    ONE = 1


@dataclass(frozen=True)
class Somebody:
    id: UUID | None
    name: str
    admin: bool
    word: Word | None
    scopes: frozenset[str]
    row_scopes: ClassVar[frozenset[str]] = frozenset({"a"})

    @property
    def owner_id(self) -> UUID | None:
        """A key that only some have."""
        return self.id if self.word is Word.ONE else None

    @property
    def likeness(self) -> Word | None:
        """A word or none: what may shape a statement."""
        return self.word


@pytest.mark.parametrize(
    "look",
    [bool, iter, len, str, int, float, lambda value: value > 1, lambda value: value < 1, lambda value: value >= 1],
)
def test_a_function_that_looks_at_a_value_fails_when_it_is_planned(look: Any) -> None:
    with pytest.raises(TypeError, match="not look at it"):
        look(A)


def test_what_may_shape_a_statement_is_real() -> None:
    twin = symbolic(
        {"flag": True, "word": Word.ONE, "none": None, "text": "x", "list": [1], "inner": {"n": 5}}, lambda _: {}
    )

    assert (twin["flag"], twin["word"], twin["none"]) == (True, Word.ONE, None)
    assert all(isinstance(value, Symbol) for value in (twin["text"], twin["list"], twin["inner"]["n"]))


def test_values_of_one_shape_share_a_plan_and_others_do_not() -> None:
    assert shape({"n": 1, "t": "a"}) == shape({"n": 2, "t": "b"})
    assert shape({"n": [1, 2]}) == shape({"n": []})
    different = [
        {},
        {"n": None},
        {"n": 1},
        {"n": True},
        {"n": False},
        {"n": Word.ONE},
        {"m": 1},
        {"n": {}},
        {"n": {"a": 1}},
    ]
    assert len({shape(value) for value in different}) == len(different)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5),
        ([1, 2], [1, 2]),
        (A, 1),
        ([A, 2], [1, 2]),
        ([[A], []], [[1], []]),
        ([{"k": A, "l": [A]}, {}], [{"k": 1, "l": [1]}, {}]),
        ({"k": {"l": A}}, {"k": {"l": 1}}),
    ],
)
def test_symbols_are_read_wherever_they_stand(value: Any, read: Any) -> None:
    assert symbol_of(value).read(RUN) == read


def test_a_viewers_keys_are_parameters_and_its_rights_are_real() -> None:
    somebody = Somebody(UUID(int=1), "n", admin=True, word=Word.ONE, scopes=frozenset({"a"}))

    twin = symbolic_viewer(somebody)

    assert isinstance(twin.id, Parameter)
    assert isinstance(twin.name, Parameter)
    assert (twin.admin, twin.word, "a" in twin.scopes) == (True, Word.ONE, True)
    assert twin.id.read(SimpleNamespace(viewer=somebody)) == UUID(int=1)


def test_viewers_with_the_same_rights_share_a_plan() -> None:
    def somebody(number: int | None, *scopes: str) -> Somebody:
        key = None if number is None else UUID(int=number)
        return Somebody(key, str(number), admin=False, word=Word.ONE, scopes=frozenset(scopes))

    assert (
        viewer_shape(somebody(1, "a", "b"))
        == viewer_shape(somebody(2, "b", "a"))
        == viewer_shape(somebody(None, "a", "b"))
    )
    assert viewer_shape(somebody(1)) != viewer_shape(somebody(1, "a"))
    assert viewer_shape(somebody(1, "a")) == viewer_shape(somebody(1, "a", "c", "d"))


def test_a_rule_that_asks_for_a_scope_that_shapes_no_plan_fails_when_it_is_planned() -> None:
    twin = symbolic_viewer(Somebody(None, "n", admin=True, word=None, scopes=frozenset({"a", "b"})))

    assert "a" in twin.scopes
    with pytest.raises(TypeError, match="A rule asks for the scope b, but plans are shared"):
        assert "b" in twin.scopes


def test_a_word_that_a_viewer_lacks_is_none_and_known() -> None:
    twin = symbolic_viewer(Somebody(UUID(int=1), "n", admin=True, word=None, scopes=frozenset()))

    assert twin.word is None
    assert twin.likeness is None
    assert viewer_shape(Somebody(None, "n", admin=True, word=None, scopes=frozenset())) != viewer_shape(
        Somebody(None, "n", admin=True, word=Word.ONE, scopes=frozenset())
    )


def test_a_viewer_without_an_id_equals_no_row_not_even_an_ownerless_one() -> None:
    condition = column("owner_id", Uuid()) == symbolic_viewer(Viewer()).id

    assert "IS NULL" not in str(condition)


@pytest.mark.parametrize(
    "viewer",
    [
        Somebody(None, "n", admin=False, word=None, scopes=frozenset()),
        Somebody(UUID(int=1), "n", admin=False, word=None, scopes=frozenset()),
        Somebody(None, "n", admin=False, word=Word.ONE, scopes=frozenset()),
        Somebody(data.key(data.MEMBER, 99), "n", admin=False, word=Word.ONE, scopes=frozenset()),
    ],
)
def test_a_key_that_a_property_does_not_give_equals_no_row_not_even_an_ownerless_one(
    library: Ring, viewer: Somebody
) -> None:
    condition = Book.owner_id == symbolic_viewer(viewer).owner_id
    statement = compiled(select(Book.id).where(condition))

    rows = library.loop.call(fetched(library, statement.text, statement.values(SimpleNamespace(viewer=viewer))))

    assert library.rows(select(Book.id).where(Book.owner_id.is_(None)))
    assert rows == []


def test_a_key_that_a_property_gives_finds_its_rows(library: Ring) -> None:
    viewer = Somebody(data.key(data.MEMBER, 4), "n", admin=False, word=Word.ONE, scopes=frozenset())
    statement = compiled(select(Book.id).where(Book.owner_id == symbolic_viewer(viewer).owner_id))

    rows = library.loop.call(fetched(library, statement.text, statement.values(SimpleNamespace(viewer=viewer))))

    assert rows


async def fetched(library: Ring, text: str, values: list[Any]) -> list[Any]:
    async with library.pool.connection() as connection:
        return await connection.fetch(text, *values)


def statements(library: Ring, document: str, **variables: Any) -> list[str]:
    return library.loop.call(explained(library, document, variables))["sql"]


async def explained(library: Ring, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    return library.engine.explain(Ask(document, None, variables), LIBRARIAN)


def test_other_values_are_asked_by_the_same_statement(library: Ring) -> None:
    document = "query ($f: BookFilter, $n: Int) { books(first: $n, filter: $f) { nodes { id } } }"

    first = statements(library, document, n=1, f={"text": "a", "price": {"min": "1"}})
    second = statements(library, document, n=200, f={"text": "'; --", "price": {"min": "99.5"}})
    third = statements(library, document, n=1, f={"text": "a"})

    assert first == second
    assert first != third
    assert "'; --" not in second[0]


def test_nothing_that_a_client_sends_is_written_into_a_statement(library: Ring) -> None:
    document = """{ books(first: 7, filter: {text: "canary", pagesAny: [4711], boughtFrom: "2020-01-02T00:00:00Z",
        isbn: "00000000-0000-0000-0000-00000000abcd", tagged: "canary", price: {min: "47.11"}}) { nodes { id } } }"""

    (sql,) = statements(library, document)

    assert not [text for text in ("canary", "4711", "2020", "abcd", "47.11") if text in sql]
    assert "LIMIT $" in sql


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("query ($a: ID!) { books(filter: {owners: [$a]}) { totalCount } }", {"a": "TWUBkAAAAABwAIAAAAAAAgAE"}),
        ("query ($a: Int!, $b: Int) { books(filter: {pagesAny: [$a, 120], pagesMin: $a}) { totalCount } }", {"a": 110}),
        ("query ($a: Int) { echo(wish: {text: \"t\", count: $a}) }", {}),
        ("query ($a: Int) { echo(wish: {text: \"t\", count: $a}) }", {"a": None}),
        ("query ($a: Int!) { echo(wish: {text: \"t\", grid: [[1, $a], []]}) }", {"a": 5}),
        ("query ($a: [Int!]!) { echo(wish: {text: \"t\", grid: [$a]}) }", {"a": [5, 6]}),
        ("query ($a: Size!) { echo(sizes: [SMALL, $a]) }", {"a": "LARGE"}),
        ("query ($a: PriceRange) { books(filter: {price: $a}) { totalCount } }", {"a": {"max": "2"}}),
        ("query ($a: Decimal) { books(filter: {price: {max: $a}}) { totalCount } }", {"a": "2"}),
        ("query ($a: Decimal) { books(filter: {price: {max: $a}}) { totalCount } }", {"a": None}),
        ("query ($a: String!) { book(by: {title: $a}) { id } }", {"a": "Zinc_ore 1"}),
        ("query ($a: Binding! = HARD) { books(filter: {binding: $a}) { totalCount } }", {}),
        ("query ($a: [ID!] = \"Qm8BkAAAAABwAIAAAAAABAAB\") { echo(ids: $a) }", {}),
        ("query ($a: [ID!]) { echo(ids: $a) }", {"a": "Qm8BkAAAAABwAIAAAAAABAAB"}),
        ("query ($a: Boolean!) { books { totalCount @skip(if: $a) nodes @include(if: $a) { id } } }", {"a": True}),
        ("query ($a: Boolean!) { books { totalCount @skip(if: $a) nodes @include(if: $a) { id } } }", {"a": False}),
    ],
)  # fmt: skip
def test_variables_stand_anywhere_in_arguments(library: Ring, document: str, variables: dict[str, Any]) -> None:
    library.fight(Ask(document, None, variables), LIBRARIAN)
