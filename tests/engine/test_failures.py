"""What goes wrong is said in its place, masked, and logged once with the request's id."""

import logging
from typing import Any

import orjson
import pytest

from engine.run import Ask
from tests.engine.duel import Ring
from tests.engine.library import data
from tests.engine.library.reads import Viewer

LIBRARIAN = Viewer(librarian=True)


def answered(library: Ring, document: str, **variables: Any) -> dict[str, Any]:
    return orjson.loads(library.engine_answer(Ask(document, None, variables), LIBRARIAN).body)


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "bekal.engine"]


@pytest.mark.parametrize(
    "field",
    ["heft", "motto", "chapters", "grains", "sureFee", "fragile", "fragile(fail: ALL)", "matrix",
     "related { id }", "condition { note }", "condition { leaves { torn } }"],
)  # fmt: skip
def test_nothing_of_an_exception_reaches_the_client(
    library: Ring, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    answer = answered(library, f"{{ books(first: 50) {{ nodes {{ {field} }} }} }}")

    text = orjson.dumps(answer).decode()
    assert answer["errors"]
    assert "canary" not in text
    assert "Error" not in text
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL"}
    assert {error["extensions"]["requestId"] for error in answer["errors"]} == {"req-duel"}
    assert all(record.request_id == "req-duel" for record in logged(caplog))  # type: ignore[attr-defined]


def test_a_field_that_fails_in_many_rows_is_logged_once(library: Ring, caplog: pytest.LogCaptureFixture) -> None:
    answer = answered(library, "{ books(first: 50) { nodes { heft fragile(fail: ALL) } } }")

    assert len(answer["errors"]) > data.BOOKS
    causes = [str(record.exc_info[1]) for record in logged(caplog) if record.exc_info]
    assert sorted(causes) == ["canary: all", "canary: not weighed"]


def test_a_good_answer_has_no_errors_and_logs_nothing(library: Ring, caplog: pytest.LogCaptureFixture) -> None:
    answer = answered(library, "{ books(first: 50) { nodes { title fragile(fail: NONE) } } }")

    assert "errors" not in answer
    assert not logged(caplog)


def test_an_error_tells_its_path_and_its_place_in_the_document(library: Ring) -> None:
    document = "{\n  books(first: 3, orderBy: KEY) {\n    nodes {\n      w: fragile\n    }\n  }\n}"

    (error,) = answered(library, document)["errors"]

    assert error["path"] == ["books", "nodes", 1, "w"]
    assert error["locations"] == [{"line": 4, "column": 7}]


def test_errors_stand_in_the_order_of_the_answer(library: Ring) -> None:
    answer = answered(library, "{ books(first: 9) { nodes { fragile heft matrix } } shelves { firstBooks { heft } } }")

    paths = [error["path"] for error in answer["errors"]]
    places = [(path[0] != "books", *(part for part in path if isinstance(part, int))) for path in paths]
    assert places == sorted(places)


def test_a_null_behind_non_null_rises_to_the_nearest_field_that_may_be_null(library: Ring) -> None:
    loans = answered(library, "{ loans(first: 200) { nodes { id book { title motto } } } }")
    books = answered(library, "{ a: echo books(first: 200) { nodes { title motto } } }")

    assert any(loan["book"] is None for loan in loans["data"]["loans"]["nodes"])
    assert any(loan["book"] for loan in loans["data"]["loans"]["nodes"])
    assert books["data"] is None
    assert len(books["errors"]) == 1


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 300_000, "'; drop table books; --", "%_\\", "\u202e☃"])
def test_any_text_is_only_a_value(library: Ring, text: str) -> None:
    document = "query ($t: String!) { books(filter: {text: $t}) { totalCount } book(by: {title: $t}) { id } }"

    answer = answered(library, document, t=text)

    if "data" in answer:
        assert answer["data"] == {"books": {"totalCount": 0}, "book": None}
    else:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "out of range or not valid text" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "text",
    ["", "a\x00b", "\ud800", "Qm8BkAAAAABwAIAAAAAABAA", "é" * 24, "=" * 24, "A" * 24, "Qm8+kAAAAABwAIAAAAAABAAB"],
)
def test_a_text_that_is_no_id_is_refused_or_finds_nothing(library: Ring, text: str) -> None:
    node = answered(library, "query ($t: ID!) { node(id: $t) { id } books(first: 1) { totalCount } }", t=text)
    shelf = answered(library, "query ($t: ID!) { books(filter: {shelf: $t}) { totalCount } }", t=text)

    assert node["data"] == {"node": None, "books": {"totalCount": data.BOOKS}}
    assert all(error["extensions"]["code"] == "BAD_ID" for error in node.get("errors", []))
    assert shelf["errors"][0]["extensions"]["code"] == "BAD_ID"


def test_an_id_of_another_type_tells_which_one_is_wanted(library: Ring) -> None:
    document = '{ books(filter: {shelf: "Qm8BkAAAAABwAIAAAAAABAAB"}) { totalCount } }'

    error = answered(library, document)["errors"][0]

    assert error["message"] == "This is not the id of a Shelf. Pass an `id` that a Shelf was read with."
