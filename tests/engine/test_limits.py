"""What an operation may ask for: refused before any work, with a code, and counted, not timed."""

# pyright: reportPrivateUsage=false
# That nothing was planned, parsed or visited twice shows inside only.

from typing import Any

import orjson
import pytest

from engine.limits import Limits, Measuring
from engine.pool import Pool
from engine.run import Ask, Engine
from tests.engine.duel import CURSOR_KEY, Loop
from tests.engine.library.graph import build
from tests.engine.library.reads import Viewer

NOWHERE = "postgresql://127.0.0.1:1/nowhere"
"""Nothing listens here: what is refused in time never finds out."""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build(), Pool(NOWHERE), cursor_key=CURSOR_KEY, viewer=Viewer(), limits=Limits())


async def refusal(
    engine: Engine, document: str, variables: dict[str, Any] | None = None, name: str | None = None
) -> Any:
    """Return the only error of a request that must not be run."""
    answer = await engine.answer(Ask(document, name, variables), Viewer(), "req-1")
    parsed = orjson.loads(answer.body)
    assert "data" not in parsed
    assert answer.status == 400
    assert parsed["errors"][0]["extensions"]["code"] == answer.code
    assert parsed["errors"][0]["extensions"]["requestId"] == "req-1"
    return parsed["errors"][0]


def nested(levels: int) -> str:
    return "{" + "members { nodes { mentor {" + "mentor {" * (levels - 4) + "id" + "}" * (levels - 4) + "}}}}"


def bomb(levels: int) -> str:
    """Return a document whose fragments double at each level."""
    doubling = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }}{doubling} fragment F{levels} on Query {{ echo }}"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (nested(13), "DEPTH_EXCEEDED"),
        ("{" + " ".join(f"a{n}: echo" for n in range(31)) + "}", "TOO_MANY_ALIASES"),
        (bomb(26), "DOCUMENT_TOO_LARGE"),
        ("{ " + "echo " * 1_001 + "}", "DOCUMENT_TOO_LARGE"),
        ("{ echo" + " @skip(if: false)" * 200 + " }", "DOCUMENT_TOO_LARGE"),
        ("{ echo" + " @nothing" * 400 + " }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ books(first: 200) { nodes { loans(first: 200) { nodes { id } } } } }", "COST_EXCEEDED"),
        ("{" + "a {" * 300 + "b" + "}" * 300 + "}", "GRAPHQL_PARSE_FAILED"),
        ("{ echo(text: " + "[" * 480 + "]" * 480 + ") }", "GRAPHQL_PARSE_FAILED"),
        ("query (" + "$a: " + "[" * 450 + "Int" + "]" * 450 + ") { echo }", "GRAPHQL_PARSE_FAILED"),
        ("{ echo(first: " + "9" * 5_000 + ") }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ books(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A echo }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ books { nodes { ...A } } } fragment A on Book { owner { owned { ...A } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ a: echo a: stars }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ books(first: 1) { totalCount } books(first: 2) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { anything }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { anything }", "GRAPHQL_VALIDATION_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ('{ echo(text: "\ud800") }', "GRAPHQL_PARSE_FAILED"),
    ],
    ids=lambda value: value if len(value) < 30 else value[:30],
)  # fmt: skip
async def test_what_is_too_much_or_wrong_is_refused_before_it_is_planned(
    engine: Engine, document: str, code: str
) -> None:
    error = await refusal(engine, document)

    assert error["extensions"]["code"] == code
    assert not engine._plans


async def test_a_fragment_is_measured_once_however_often_it_is_spread(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = 0
    measured = Measuring._selections

    def counted(self: Measuring, *arguments: Any) -> Any:
        nonlocal visits
        visits += 1
        return measured(self, *arguments)

    monkeypatch.setattr(Measuring, "_selections", counted)

    error = await refusal(engine, bomb(25))

    assert error["extensions"]["limit"] == 500
    assert visits == 27


async def test_fields_are_counted_as_often_as_they_are_asked_for(engine: Engine) -> None:
    error = await refusal(engine, bomb(10))

    assert "1024 fields" in error["message"]


async def test_the_cost_is_counted_with_the_page_sizes_that_are_asked_for(engine: Engine) -> None:
    document = "query ($n: Int!) { books(first: $n) { nodes { loans(first: $n) { nodes { id } } } } }"

    error = await refusal(engine, document, {"n": 150})

    assert error["extensions"] | {"requestId": ""} == {
        "code": "COST_EXCEEDED",
        "cost": 150 * 151,
        "limit": 10_000,
        "requestId": "",
    }
    cheap = orjson.loads((await engine.answer(Ask(document, None, {"n": 3}), Viewer(), "req-1")).body)
    assert cheap["errors"][0]["extensions"]["code"] == "UNAVAILABLE"  # it went on to the database, which is not there


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("query ($n: Int) { books(first: $n) { totalCount } }", {"n": 10**30}),
        ("query ($n: Int) { books(first: $n) { totalCount } }", {"n": True}),
        ("query ($n: Int) { books(first: $n) { totalCount } }", {"n": "\ud800"}),
        ("query ($n: Int!) { books(first: $n) { totalCount } }", {}),
        ("query ($n: Int!) { books(first: $n) { totalCount } }", {"n": None}),
        ("query ($o: BookOrder) { books(orderBy: $o) { totalCount } }", {"o": None}),
        ("query ($o: BookOrder) { books(orderBy: $o) { totalCount } }", {"o": "NONE"}),
        ("query ($x: Boolean = true) { books @include(if: $x) { totalCount } }", {"x": None}),
        ('query ($t: String = "Book") { __type(name: $t) { name } }', {"t": None}),
        ("query ($b: BookBy!) { book(by: $b) { id } }", {"b": {}}),
        ("query ($b: BookBy!) { book(by: $b) { id } }", {"b": {"id": "x", "title": "y"}}),
        ("query ($b: BookBy!) { book(by: $b) { id } }", {"b": {"title": None}}),
        ("query ($f: BookFilter) { books(filter: $f) { totalCount } }", {"f": {"nothing": 1}}),
        ("query ($f: BookFilter) { books(filter: $f) { totalCount } }", {"f": [1]}),
        ("query ($f: BookFilter) { books(filter: $f) { totalCount } }", {"f": {"boughtFrom": "yesterday"}}),
        ("{ books(first: 1, last: 1) { totalCount } }", None),
        ('{ books(first: 1, before: "x") { totalCount } }', None),
    ],
)  # fmt: skip
async def test_variables_and_arguments_that_do_not_fit_are_the_clients_mistake(
    engine: Engine, document: str, variables: dict[str, Any] | None
) -> None:
    error = await refusal(engine, document, variables)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("document", "name", "told"),
    [
        ("query A { echo } query B { echo }", None, "has several operations. Send `operationName`: one of A, B."),
        ("query A { echo } query B { echo }", "C", "has no operation of this name. Send `operationName`: one of A, B."),
        ("query A { echo }", "B", "has no operation of this name. Send `operationName`: one of A."),
        ("{ echo }", "A", "has one operation, without a name. Send no `operationName`."),
        ("{ echo }", "", "has one operation, without a name. Send no `operationName`."),
    ],
)
async def test_the_operation_to_run_must_be_clear(engine: Engine, document: str, name: str | None, told: str) -> None:
    error = await refusal(engine, document, None, name)

    assert error["extensions"]["code"] == "OPERATION_NAME_REQUIRED"
    assert error["message"] == f"The document {told}"


def test_several_operations_are_answered_each_by_its_name(library: Any) -> None:
    document = 'query A { echo(text: "a") } query B($t: String!) { b: echo(text: $t) }'

    first = library.fight(Ask(document, "A"), Viewer())
    second = library.fight(Ask(document, "B", {"t": "x"}), Viewer())

    assert list(first["data"]) == ["echo"]
    assert "'x'" in second["data"]["b"]


def test_a_refused_document_is_refused_again_without_being_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    engine = Engine(build(), Pool(NOWHERE), cursor_key=CURSOR_KEY, viewer=Viewer())
    reads: list[str] = []
    parsed = engine._documents._parse

    def counted(text: str) -> Any:
        reads.append(text)
        return parsed(text)

    monkeypatch.setattr(engine._documents, "_parse", counted)
    try:
        answers = [loop.call(engine.answer(Ask("{ nothing }"), Viewer(), "req-1")) for _ in range(3)]
    finally:
        loop.close()

    assert len({answer.body for answer in answers}) == 1
    assert reads == ["{ nothing }"]
