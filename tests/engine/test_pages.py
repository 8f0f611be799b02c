"""Keyset pages: walked from both ends they give every row once, and a cursor is good for its own connection only."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from engine.pages import Cursors
from engine.run import Ask
from tests.engine.duel import CURSOR_KEY, Ring
from tests.engine.library import data, reads
from tests.engine.library.reads import Viewer

LIBRARIAN = Viewer(librarian=True)
READER = Viewer(id=data.key(data.MEMBER, 4), rooms=frozenset({"attic"}))
EVERYTHING = "totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


def asked(library: Ring, document: str, viewer: Viewer = LIBRARIAN, **variables: Any) -> dict[str, Any]:
    return orjson.loads(library.engine_answer(Ask(document, None, variables), viewer).body)


def books_in(library: Ring, order: str, viewer: Viewer, *, filter: Any = None, **page: Any) -> dict[str, Any]:  # noqa: A002
    document = f"""query ($first: Int, $after: String, $last: Int, $before: String, $filter: BookFilter) {{
        books(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: {order}) {{
            {EVERYTHING} }} }}"""
    answer = asked(library, document, viewer, filter=filter, **page)
    assert "errors" not in answer, answer
    return answer["data"]["books"]


def forward(library: Ring, order: str, viewer: Viewer, size: int, **more: Any) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = books_in(library, order, viewer, first=size, after=cursor, **more)
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        cursor = page["pageInfo"]["endCursor"]


def backward(library: Ring, order: str, viewer: Viewer, size: int, **more: Any) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = books_in(library, order, viewer, last=size, before=cursor, **more)
        yield page
        if not page["pageInfo"]["hasPreviousPage"]:
            return
        cursor = page["pageInfo"]["startCursor"]


def ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


@pytest.mark.parametrize("viewer", [LIBRARIAN, READER], ids=["librarian", "reader"])
@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("order", list(reads.BookOrder.__members__))
def test_a_walk_gives_every_row_once_in_its_order(library: Ring, order: str, size: int, viewer: Viewer) -> None:
    (whole,) = forward(library, order, viewer, 200)

    onward = list(forward(library, order, viewer, size))
    back = list(backward(library, order, viewer, size))

    assert [row for page in onward for row in ids(page)] == ids(whole)
    assert [row for page in reversed(back) for row in ids(page)] == ids(whole)
    assert {page["totalCount"] for page in (*onward, *back)} == {len(ids(whole))}
    assert all(len(ids(page)) == size for page in onward[:-1] + back[:-1])
    assert [page["pageInfo"]["hasPreviousPage"] for page in onward] == [False] + [True] * (len(onward) - 1)
    assert [page["pageInfo"]["hasNextPage"] for page in back] == [False] + [True] * (len(back) - 1)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("order", list(reads.BookOrder.__members__))
def test_a_filtered_walk_stays_filtered(library: Ring, order: str, size: int) -> None:
    wish = {"private": False, "pagesMin": 110}
    (whole,) = forward(library, order, LIBRARIAN, 200, filter=wish)

    pages = list(forward(library, order, LIBRARIAN, size, filter=wish))

    assert [row for page in pages for row in ids(page)] == ids(whole)
    assert 0 < len(ids(whole)) < data.BOOKS


@pytest.mark.parametrize("order", list(reads.LoanOrder.__members__))
def test_pages_within_many_parents_go_on_from_their_own_cursors(library: Ring, order: str) -> None:
    every = f"{{ members(first: 50) {{ nodes {{ id loans(first: 200, orderBy: {order}) {{ {EVERYTHING} }} }} }} }}"
    for member in asked(library, every)["data"]["members"]["nodes"]:
        walked: list[str] = []
        cursor = None
        while True:
            document = f"""query ($id: ID!, $after: String) {{
                member(id: $id) {{ loans(first: 2, after: $after, orderBy: {order}) {{ {EVERYTHING} }} }} }}"""
            page = asked(library, document, id=member["id"], after=cursor)["data"]["member"]["loans"]
            walked += ids(page)
            if not page["pageInfo"]["hasNextPage"]:
                break
            cursor = page["pageInfo"]["endCursor"]

        assert walked == ids(member["loans"])


def test_a_cursor_of_every_edge_is_the_place_after_it(library: Ring) -> None:
    for order in reads.BookOrder.__members__:
        whole = books_in(library, order, LIBRARIAN, first=200)
        for index, edge in enumerate(whole["edges"]):
            after = books_in(library, order, LIBRARIAN, first=200, after=edge["cursor"])
            before = books_in(library, order, LIBRARIAN, last=200, before=edge["cursor"])

            assert [*ids(before), edge["node"]["id"], *ids(after)] == ids(whole)
            assert len(ids(before)) == index


def refused(library: Ring, field: str, cursor: str) -> tuple[str, str]:
    answer = asked(library, f"query ($after: String) {{ {field} }}", after=cursor)
    assert "data" not in answer
    return answer["errors"][0]["extensions"]["code"], answer["errors"][0]["message"]


HOME = "books(after: $after) { nodes { id } }"


@pytest.mark.parametrize(
    "field",
    [
        "books(after: $after, orderBy: THICKEST) { nodes { id } }",
        "books(after: $after, orderBy: KEY) { nodes { id } }",
        "books(after: $after, filter: {private: false}) { nodes { id } }",
        "books(after: $after, filter: {pagesMin: 1}) { nodes { id } }",
        "members(after: $after) { nodes { id } }",
        "shelves { books(after: $after) { nodes { id } } }",
    ],
)
def test_a_cursor_of_another_order_filter_or_field_is_refused(library: Ring, field: str) -> None:
    cursor = books_in(library, "TITLE", LIBRARIAN, first=3)["pageInfo"]["endCursor"]
    assert "data" in asked(library, f"query ($after: String) {{ {HOME} }}", after=cursor)

    code, message = refused(library, field, cursor)

    assert code == "CURSOR_INVALID"
    assert "start again without one" in message


def test_a_bad_cursor_is_refused_even_where_no_row_is_asked_for(library: Ring) -> None:
    assert refused(library, "books(after: $after) { totalCount }", "nonsense")[0] == "CURSOR_INVALID"
    assert refused(library, "books(after: $after) { __typename }", "nonsense")[0] == "CURSOR_INVALID"


def test_a_cursor_of_one_filter_value_is_not_good_for_another(library: Ring) -> None:
    document = (
        "query ($f: BookFilter, $after: String) { books(first: 1, after: $after, filter: $f) { edges { cursor } } }"
    )
    first = asked(library, document, f={"pagesMin": 100})["data"]["books"]["edges"][0]["cursor"]

    same = asked(library, document, f={"pagesMin": 100}, after=first)
    other = asked(library, document, f={"pagesMin": 110}, after=first)

    assert "errors" not in same
    assert other["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({}, {"binding": None}),
        ({"price": {}}, {}),
        ({"boughtFrom": "2020-01-01T00:00:00Z"}, {"boughtFrom": "2020-01-01T07:00:00+07:00"}),
        ({"bindings": ["HARD", "SOFT"]}, {"bindings": ["SOFT", "HARD"]}),
    ],
)
def test_a_cursor_is_good_for_the_same_filter_however_it_is_written(
    library: Ring, one: dict[str, Any] | None, same: dict[str, Any] | None
) -> None:
    document = (
        "query ($f: BookFilter, $after: String) { books(first: 1, after: $after, filter: $f) { edges { cursor } } }"
    )
    first = asked(library, document, f=one)["data"]["books"]["edges"][0]["cursor"]

    assert "errors" not in asked(library, document, f=same, after=first)


def forged() -> Iterator[str]:
    """Give cursors that nobody was given."""
    keys = ("Zinc_ore 1", str(data.key(data.BOOK, 3)))
    yield Cursors(b"another key of just the same sort").write(b"scope", keys)
    yield Cursors(CURSOR_KEY).write(b"another scope", keys)
    yield urlsafe_b64encode(b"\0" * 8 + orjson.dumps(keys)).decode()
    true = Cursors(CURSOR_KEY).write(b"another scope", keys)
    yield from (f"!!!{true}", f"{true[:8]} {true[8:]}", f"{true}=")
    yield from ("", "=", "a", "nonsense", "é", "\x00", "\ud800", "A" * 10_000, urlsafe_b64encode(b"[1]").decode())


@pytest.mark.parametrize("cursor", list(forged()), ids=range(15))
def test_a_forged_cursor_is_refused(library: Ring, cursor: str) -> None:
    assert refused(library, HOME, cursor)[0] == "CURSOR_INVALID"


def test_a_cursor_with_one_bit_changed_is_refused(library: Ring) -> None:
    cursor = books_in(library, "TITLE", LIBRARIAN, first=3)["pageInfo"]["endCursor"]
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]

        assert refused(library, HOME, urlsafe_b64encode(changed).decode())[0] == "CURSOR_INVALID"


@pytest.mark.parametrize("size", ["first: -1", "first: 201", "last: -1", "last: 201", "first: 2147483647"])
def test_a_page_has_a_size_that_it_can_have(library: Ring, size: str) -> None:
    answer = asked(library, f"{{ books({size}) {{ nodes {{ id }} }} }}")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "0 to 200" in answer["errors"][0]["message"]
    counted = asked(library, f"{{ books({size}) {{ totalCount }} }}")
    assert counted["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "pair", ["first: 1, last: 1", 'after: "x", before: "x"', 'first: 1, before: "x"', 'last: 1, after: "x"']
)
def test_a_page_has_one_direction(library: Ring, pair: str) -> None:
    answer = asked(library, f"{{ books({pair}) {{ nodes {{ id }} }} }}")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "`Query.books` was asked for both directions" in answer["errors"][0]["message"]


def test_an_empty_page_still_tells_where_it_lies(library: Ring) -> None:
    whole = books_in(library, "KEY", LIBRARIAN, first=200)
    end = whole["pageInfo"]["endCursor"]

    beyond = books_in(library, "KEY", LIBRARIAN, first=5, after=end)
    none = books_in(library, "KEY", LIBRARIAN, first=0)

    assert beyond["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }
    assert none["pageInfo"]["hasNextPage"]
    assert beyond["totalCount"] == none["totalCount"] == data.BOOKS
