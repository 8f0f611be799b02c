"""Small requests that want much: time, memory, or an answer out of all proportion. Counted, not timed."""

# pyright: reportPrivateUsage=false
# What is kept shows inside only.

import gc
import weakref
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import get_introspection_query
from graphql.language import Source

from engine import run as running
from engine.documents import ERRORS_MAX, MESSAGE_MAX
from engine.limits import Limits
from engine.pool import Pool
from engine.run import Ask, Engine
from tests.engine.duel import CURSOR_KEY, Ring
from tests.engine.library.graph import build
from tests.engine.library.reads import Viewer

NOWHERE = "postgresql://127.0.0.1:1/nowhere"
LIBRARIAN = Viewer(librarian=True)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build(), Pool(NOWHERE), cursor_key=CURSOR_KEY, viewer=Viewer(), limits=Limits())


async def refused(engine: Engine, document: str) -> list[Any]:
    """Return the errors of a document that must not be answered."""
    answer = await engine.answer(Ask(document), Viewer(), "req-1")
    assert "data" not in orjson.loads(answer.body)
    return orjson.loads(answer.body)["errors"]


TYPES = "fragment T on __Type { fields { type { fields { name type { name } } } } }"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ __schema {" + " ".join(f"t{n}: types {{ name }}" for n in range(31)) + "} }", "TOO_MANY_ALIASES"),
        ("{ __schema {" + " ".join(f"t{n}: types {{ ...T }}" for n in range(30)) + "} }" + TYPES, "COST_EXCEEDED"),
        ("{" + " ".join(f"s{n}: __schema {{ types {{ ...T }} }}" for n in range(30)) + "}" + TYPES, "COST_EXCEEDED"),
        ('{ __type(name: "Book") { ...A } } fragment A on __Type {' + "...B " * 25 + "} fragment B on __Type {"
         + "fields { args { type { name } } } " * 5 + "}", "DOCUMENT_TOO_LARGE"),
    ],
)  # fmt: skip
async def test_introspection_has_an_end_too(engine: Engine, document: str, code: str) -> None:
    (error,) = await refused(engine, document)

    assert error["extensions"]["code"] == code


async def test_tools_may_read_the_whole_schema(engine: Engine) -> None:
    everything = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )

    answer = orjson.loads((await engine.answer(Ask(everything), Viewer(), "req-1")).body)

    assert "errors" not in answer
    assert len(answer["data"]["__schema"]["types"]) > 10


async def test_what_is_slow_to_plan_counts_as_more_than_a_field(engine: Engine) -> None:
    pages = "books { nodes { owner { loans { nodes { book { title } } } } } }"

    (error,) = await refused(engine, "{" + " ".join(f"p{n}: {pages}" for n in range(25)) + "}")

    assert error["extensions"]["code"] == "DOCUMENT_TOO_LARGE"


async def test_a_fragment_that_nobody_spreads_is_measured_too(engine: Engine) -> None:
    (error,) = await refused(engine, "{ echo } fragment F on Book {" + "owner { name } " * 150 + "}")

    assert error["extensions"]["code"] == "DOCUMENT_TOO_LARGE"


async def test_a_document_of_few_tokens_may_not_be_long(engine: Engine) -> None:
    (error,) = await refused(engine, "\n" * 33_000 + "query ($a: Int, $b: Int) { echo }")

    assert error["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    assert "variables" in error["message"]


async def test_errors_are_few_and_short_however_many_mistakes_there_are(engine: Engine) -> None:
    variables = " ".join(f"$v{n}: Int" for n in range(200))

    errors = await refused(engine, f"query {'N' * 30_000} ({variables}) {{ echo }}")

    assert len(errors) == ERRORS_MAX + 1
    assert all(len(error["message"]) <= MESSAGE_MAX + 1 for error in errors)
    assert errors[-1]["message"].startswith("Too many validation errors")


class Variables(dict[str, Any]):
    """Variables that can be watched."""


@pytest.mark.parametrize("document", ["{ nothing }", "{ echo", "{ echo " * 20, "{ echo " + "a " * 1000 + "}"])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_refusal_that_is_remembered_keeps_nothing_of_the_request(
    engine: Engine, document: str, times: int
) -> None:
    engine._documents._known.clear()
    watched: list[weakref.ref[Variables]] = []
    for _ in range(times):
        variables = Variables()
        watched.append(weakref.ref(variables))
        await engine.answer(Ask(document, None, variables), Viewer(), "req-1")
        del variables

    gc.collect()

    assert document in engine._documents._known
    assert [each() for each in watched] == [None] * times


def test_an_answer_has_a_size_that_it_may_not_exceed(library: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Ask("{ books { nodes {" + " ".join(f"t{n}: title" for n in range(30)) + "} } }")
    size = len(library.engine_answer(ask, LIBRARIAN).body)

    monkeypatch.setattr(library.engine, "_limits", replace(library.engine._limits, answer_bytes=size))
    fits = library.engine_answer(ask, LIBRARIAN)
    monkeypatch.setattr(library.engine, "_limits", replace(library.engine._limits, answer_bytes=size - 1))
    too_long = library.engine_answer(ask, LIBRARIAN)

    assert fits.status == 200
    assert (too_long.status, too_long.code) == (400, "COST_EXCEEDED")
    error = orjson.loads(too_long.body)["errors"][0]
    assert error["extensions"]["limit"] == size - 1
    assert "smaller pages" in error["message"]


def test_large_plans_push_each_other_out_before_there_are_many(library: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PLANNED_FIELDS_MAX", 100)
    library.engine._plans.clear()
    monkeypatch.setattr(library.engine, "_planned_fields", 0)

    for number in range(10):
        answer = library.engine_answer(Ask(f"{{ a{number}: echo {'b: echo ' * 29} }}"), LIBRARIAN)
        assert answer.status == 200

    assert len(library.engine._plans) == 3
    assert library.engine._planned_fields == 90


def test_the_line_of_a_field_that_fails_in_many_places_is_looked_for_once(
    library: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[int] = []
    searching = Source.get_location

    def counted(self: Source, position: int) -> Any:
        searches.append(position)
        return searching(self, position)

    monkeypatch.setattr(Source, "get_location", counted)

    answer = library.engine_answer(
        Ask("query ($i: [ID!]!) { nodes(ids: $i) { id } }", None, {"i": ["x"] * 100}), LIBRARIAN
    )

    assert len(orjson.loads(answer.body)["errors"]) == 100
    assert len(searches) == 1
