"""What is kept between requests is bounded, shared, and never another request's."""

# pyright: reportPrivateUsage=false
# How much is kept shows inside only.

import asyncio
import gc
import linecache
from typing import Any

import orjson
import pytest

from engine import run as running
from engine.documents import Documents
from engine.limits import Limits
from engine.run import Ask, Engine
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.reads import Viewer

LIBRARIAN = Viewer(librarian=True)


def readers() -> list[Viewer]:
    return [Viewer(id=data.key(data.MEMBER, number)) for number in range(data.MEMBERS)]


async def together(engine: Engine, asks: list[tuple[Ask, Viewer]]) -> list[bytes]:
    answers = await asyncio.gather(*(engine.answer(ask, viewer, "req-1") for ask, viewer in asks))
    return [answer.body for answer in answers]


DOCUMENT = """query ($n: Int!, $add: Int!) {
    books(first: $n) { totalCount nodes { id stars(add: $add) owner { card { number } } related { title } } }
    members(first: $n) { nodes { name loans(first: $n) { nodes { book { title } } } things { __typename } } }
}"""


def test_requests_at_once_get_each_their_own_answer(library: Ring) -> None:
    asks = [(Ask(DOCUMENT, None, {"n": n, "add": n * 10}), viewer) for n in (1, 3) for viewer in readers()]
    alone = [body for each in asks for body in library.call(together(library.engine, [each]))]
    library.engine._plans.clear()

    at_once = library.call(together(library.engine, asks))

    assert at_once == alone
    assert len(set(alone)) > len(readers())


def test_a_plan_is_shared_by_all_viewers_with_the_same_rights(library: Ring) -> None:
    library.engine._plans.clear()

    for viewer in [*readers(), Viewer(), LIBRARIAN]:
        library.engine_answer(Ask(DOCUMENT, None, {"n": 1, "add": 1}), viewer)

    assert len(library.engine._plans) == 2


def test_plans_that_are_not_used_are_forgotten(library: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PLANS_MAX", 3)
    library.engine._plans.clear()

    for number in range(10):
        answer = library.engine_answer(Ask(f"{{ a{number}: echo }}"), LIBRARIAN)
        kept = library.engine_answer(Ask("{ kept: echo }"), LIBRARIAN)
        assert answer.status == kept.status == 200

    assert len(library.engine._plans) == 3
    assert any(key[0].node.selection_set.selections[0].alias.value == "kept" for key in library.engine._plans)


def test_what_a_forgotten_plan_showed_to_tracebacks_goes_with_it(
    library: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PLANS_MAX", 3)
    library.engine._plans.clear()
    gc.collect()
    before = {name for name in linecache.cache if name.startswith("<plan")}

    for number in range(10):
        library.engine_answer(Ask(f"{{ b{number}: echo }}"), LIBRARIAN)
    gc.collect()

    assert len({name for name in linecache.cache if name.startswith("<plan")} - before) == 3


def test_documents_are_kept_within_their_bytes_and_the_used_ones_longest(library: Ring) -> None:
    documents = Documents(library.engine.graph, Limits(), most_bytes=1_000)
    texts = [f"{{ a{number:03}: echo }}" for number in range(200)]

    for text in texts:
        documents.get(text)
        documents.get(texts[0])

    assert len(documents._known) == 1_000 // len(texts[0])
    assert texts[0] in documents._known
    assert texts[-1] in documents._known
    assert texts[1] not in documents._known


def test_one_document_larger_than_all_bytes_is_answered_too(library: Ring) -> None:
    documents = Documents(library.engine.graph, Limits(), most_bytes=10)

    assert documents.get("{ echo }") is documents.get("{ echo }")


STATEMENTS: list[tuple[str, int]] = [
    ("{ echo }", 0),
    ("{ __typename __schema { queryType { name } } }", 0),
    (
        "{ books(first: FIRST) { totalCount nodes { title owner { name card { number } } loans { nodes { fee } } } } }",
        1,
    ),
    ("{ a: books { totalCount } b: members(first: FIRST) { nodes { name } } shelves { name } }", 1),
    ("{ books(first: FIRST) { nodes { stars cover fragile(fail: NONE) } } }", 1),
    ("{ books(first: FIRST) { nodes { lastLoan { id } } } }", 2),
    ("{ books(first: FIRST) { nodes { lastLoan { book { title } } related { title owner { name } } } } }", 3),
    ("{ members(first: FIRST) { nodes { things { ... on Book { title } ... on Member { name } } } } }", 3),
    ("{ named(numbers: [0, 1, 2, 4, 5, 6, 8, 9]) { name } }", 2),
]


@pytest.mark.parametrize(("document", "count"), STATEMENTS)
def test_the_number_of_statements_is_that_of_sources_not_of_rows(library: Ring, document: str, count: int) -> None:
    counts: list[int] = []
    for first in ("4", "26"):
        ask = Ask(document.replace("FIRST", first), explain=True)
        answer: Any = orjson.loads(library.engine_answer(ask, LIBRARIAN).body)
        counts.append(answer["extensions"]["explain"]["statements"])

    assert counts == [count, count]
