"""Every connection of the graph, walked in every order from both ends, while rows come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type

from engine.pool import Pool
from engine.run import Ask, Engine
from engine.scopes import needs
from engine.sources import Pages, source_of
from rules.access import ANONYMOUS, Role, Viewer, allowed
from schema.graph import build
from tests.graph import catalogue

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

WHERE = {
    "Query": "{page}",
    "Category": 'one: category(by: {{code: "kategori-2"}}) {{ {page} }}',
    "Provider": 'one: provider(by: {{code: "LPK-2"}}) {{ {page} }}',
    "Course": 'one: course(by: {{code: "KELAS-4"}}) {{ {page} }}',
    "Marketplace": 'one: marketplace(by: {{code: "PASAR-1"}}) {{ {page} }}',
    "Region": 'one: region(by: {{code: "32"}}) {{ {page} }}',
    "Person": "one: me {{ {page} }}",
}
"""Where a type's connections are walked."""


def connections() -> list[tuple[str, str, str]]:
    """Return type, field and order of every connection."""
    found: list[tuple[str, str, str]] = []
    for type_ in build()._schema.type_map.values():  # pyright: ignore[reportPrivateUsage] - it has no public name
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                if isinstance(source_of(field), Pages):
                    orders = cast("GraphQLEnumType", get_named_type(field.args["orderBy"].type))
                    found += [(type_.name, name, order) for order in orders.values]
    return found


@pytest.fixture(scope="module")
def url(server: Any, migrated_template: str) -> str:
    url: str = server.create("walks", migrated_template)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, filled(url)).result()
    return url


async def filled(url: str) -> None:
    """Make the catalogue, and some courses that wait for a decision."""
    await catalogue.make(url, 3)
    waiting = [
        course | {"id": catalogue.key("courses", 800 + n), "code": f"TUNGGU-{n}", "state": "SUBMITTED"}
        for n, course in enumerate(catalogue.rows()["courses"][:4])
    ]
    connection: Connection = await asyncpg.connect(url)
    await catalogue.insert(connection, "courses", waiting)
    await connection.close()


@pytest.fixture(scope="module")
async def engine(url: str) -> AsyncIterator[Engine]:
    pool = Pool(url, size=1)
    yield Engine(build(), pool, cursor_key=b"a key that only tests use, 32 byt", viewer=ANONYMOUS)
    await pool.close()


WHOSE = {
    "myCourses": (Role.INSTITUTION, catalogue.key("providers", 2)),
    "coursesToReview": (Role.OFFICER, None),
    "myListings": (Role.MARKETPLACE, catalogue.key("marketplaces", 1)),
}
"""Who walks what is some role's own."""


def viewer_of(engine: Engine, type_: str, field: str) -> Viewer:
    """Return anybody, or where that is not enough an auditor, who reads everything and is somebody himself."""
    if field in WHOSE:
        role, party = WHOSE[field]
        return Viewer(signed_in=True, role=role, scopes=allowed(role), party_id=party)
    if not needs(engine.graph)[f"{type_}.{field}"]:
        return ANONYMOUS
    scopes = allowed(Role.AUDITOR)
    return Viewer(signed_in=True, role=Role.AUDITOR, scopes=scopes, person_id=catalogue.key("people", 1))


Between = Callable[[int], Awaitable[None]]


async def nothing(_page: int) -> None:
    """Leave the rows alone between two pages."""


class Walk:
    """Walks one connection in one order."""

    def __init__(self, engine: Engine, type_: str, field: str, order: str, more: str = "") -> None:
        self._engine = engine
        self._viewer = viewer_of(engine, type_, field)
        self._field = field
        page = f"""{field}(first: $first, after: $after, last: $last, before: $before, orderBy: {order} {more}) {{
            nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"""
        self._document = (
            "query ($first: Int, $after: String, $last: Int, $before: String) {" + WHERE[type_].format(page=page) + "}"
        )

    async def page(self, **window: Any) -> tuple[list[str], dict[str, Any]]:
        answer = orjson.loads((await self._engine.answer(Ask(self._document, None, window), self._viewer, "test")).body)
        assert "errors" not in answer, answer
        data = answer["data"].get("one", answer["data"])[self._field]
        return [node["id"] for node in data["nodes"]], data["pageInfo"]

    async def forward(self, size: int, between: Between = nothing) -> list[str]:
        rows, info = await self.page(first=size)
        count = 0
        while info["hasNextPage"]:
            await between(count := count + 1)
            more, info = await self.page(first=size, after=info["endCursor"])
            rows += more
        return rows

    async def backward(self, size: int, between: Between = nothing) -> list[str]:
        rows, info = await self.page(last=size)
        count = 0
        while info["hasPreviousPage"]:
            await between(count := count + 1)
            more, info = await self.page(last=size, before=info["startCursor"])
            rows = more + rows
        return rows


@pytest.mark.parametrize(("type_", "field", "order"), connections())
async def test_pages_of_every_size_give_every_row_once(engine: Engine, type_: str, field: str, order: str) -> None:
    for more in ("", ", upcoming: false") if field == "runs" else ("",):
        walk = Walk(engine, type_, field, order, more)
        whole, _ = await walk.page(first=200)

        assert len(whole) == len(set(whole)) > 1
        for size in (1, 2, 7):
            assert await walk.forward(size) == whole
            assert await walk.backward(size) == whole


# While rows change

STRANGERS = 900
"""Numbers of rows that come and go begin here."""


def strangers(table: str) -> list[dict[str, Any]]:
    """Return rows that tie with the table's own in every order, before and after them by key."""
    own = catalogue.rows(3)[table]
    made: list[dict[str, Any]] = []
    for number, row in enumerate([*own[:8], *own[-8:]]):
        key = catalogue.key(table, STRANGERS + number) if number % 2 else UUID(int=row["id"].int - (1 << 40))
        made.append(row | {"id": key} | _unique(table, number))
    return made


def _unique(table: str, number: int) -> dict[str, Any]:
    match table:
        case "courses" | "runs" | "providers":
            return {"code": f"TAMU-{number}"} | (
                {"organisation_id": catalogue.key("organisations", 1)} if table == "providers" else {}
            )
        case "ratings":
            return {"course_id": catalogue.key("courses", 4)}
        case _:
            return {}


class Coming:
    """Inserts and deletes strangers between pages."""

    def __init__(self, connection: "Connection", table: str) -> None:
        self._connection = connection
        self._table = table
        self._waiting = strangers(table)
        self._there: list[dict[str, Any]] = []

    async def __call__(self, page: int) -> None:
        """Let one or two come, and every third time one go."""
        for _ in range(1 + page % 2):
            if self._waiting:
                row = self._waiting.pop()
                await catalogue.insert(self._connection, self._table, [row])
                self._there.append(row)
        if page % 3 == 0 and self._there:
            await self._go(self._there.pop(0))

    async def all_go(self) -> None:
        while self._there:
            await self._go(self._there.pop())

    async def _go(self, row: dict[str, Any]) -> None:
        await self._connection.execute(f"DELETE FROM {self._table} WHERE id = $1", row["id"])  # noqa: S608
        self._waiting.insert(0, row)


CHANGING = {"courses": "courses", "runs": "runs", "ratings": "ratings"}


@pytest.fixture
async def writing(url: str) -> "AsyncIterator[Connection]":
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(("type_", "field", "order"), [each for each in connections() if each[1] in CHANGING])
async def test_rows_that_stay_are_neither_skipped_nor_repeated_while_others_come_and_go(
    engine: Engine, writing: "Connection", type_: str, field: str, order: str
) -> None:
    walk = Walk(engine, type_, field, order, ", upcoming: false" if field == "runs" else "")
    whole, _ = await walk.page(first=200)
    for size in (1, 2, 7):
        for way in (walk.forward, walk.backward):
            coming = Coming(writing, CHANGING[field])

            seen = await way(size, coming)
            await coming.all_go()

            assert [row for row in seen if row in set(whole)] == whole
            assert len(seen) == len(set(seen))
    assert (await walk.page(first=200))[0] == whole


async def test_a_cursor_outlives_its_row(engine: Engine, writing: "Connection") -> None:
    walk = Walk(engine, "Query", "courses", "CHEAPEST")
    (row,) = [row for row in strangers("courses") if row["code"] == "TAMU-3"]
    await catalogue.insert(writing, "courses", [row])
    whole, _ = await walk.page(first=200)
    at = whole.index(next(iter(set(whole) - set(await _without(walk, writing, row)))))

    await catalogue.insert(writing, "courses", [row])
    _, info = await walk.page(first=at + 1)
    await writing.execute("DELETE FROM courses WHERE id = $1", row["id"])
    rest, _ = await walk.page(first=200, after=info["endCursor"])

    assert rest == whole[at + 1 :]


async def _without(walk: Walk, writing: "Connection", row: dict[str, Any]) -> list[str]:
    await writing.execute("DELETE FROM courses WHERE id = $1", row["id"])
    rows, _ = await walk.page(first=200)
    return rows
