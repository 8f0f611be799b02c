from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import read_ask
from engine.errors import Code, Rejected


def rejected(body: bytes) -> Rejected:
    with pytest.raises(Rejected) as raised:
        read_ask(body)
    return raised.value


def with_variables(variables: bytes) -> bytes:
    return b'{"query": "{x}", "variables": ' + variables + b"}"


def test_a_whole_request_is_read_and_what_the_specification_does_not_know_is_ignored() -> None:
    ask = read_ask(
        b'{"query": "query A{x}", "operationName": "A", "variables": {"first": 5}, "extensions": {}, "onError": 1}'
    )

    assert (ask.document, ask.operation_name, ask.variables) == ("query A{x}", "A", {"first": 5})


@pytest.mark.parametrize("body", [b'{"query":"{x}"}', b'{"query":"{x}","operationName":null,"variables":null}'])
def test_only_the_query_is_needed(body: bytes) -> None:
    ask = read_ask(body)

    assert (ask.document, ask.operation_name, ask.variables) == ("{x}", None, None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is empty"),
        (b"{", "The body is not JSON in UTF-8"),
        (b"\xff\xfe{\x00}\x00", "The body is not JSON in UTF-8"),
        (b'{"query": "{x}", "variables": {"a": NaN}}', "The body is not JSON in UTF-8"),
        (b'{"query": "{x}", "variables": {"a": Infinity}}', "The body is not JSON in UTF-8"),
        (b'{"query": "{x}", "variables": {"a": 1e400}}', "The body is not JSON in UTF-8"),
        (b'{"query": "{x}", "variables": {"a": ' + b"9" * 5000 + b"}}", "The body is not JSON in UTF-8"),
        (b'{"query": "{x}", "variables": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "The body is not JSON in UTF-8"),
        (b"1", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"{x}"', "The body must be a JSON object"),
        (b'[{"query": "{x}"}]', "Batches are not answered"),
        (b"{}", 'The "query" must be a string'),
        (b'{"query": 1}', 'The "query" must be a string'),
        (b'{"query": null, "documentId": "abc"}', 'The "query" must be a string'),
        (b'{"query": "{x}", "operationName": 1}', 'The "operationName" must be a string or null.'),
        (b'{"query": "{x}", "variables": []}', 'The "variables" must be an object or null.'),
        (b'{"query": "{x}", "variables": [1]}', 'The "variables" must be an object or null.'),
        (b'{"query": "{x}", "variables": "{}"}', 'The "variables" must be an object or null.'),
        (b'{"query": "{x}", "extensions": 0}', 'The "extensions" must be an object or null.'),
    ],
)
def test_what_is_no_graphql_request_is_rejected_with_what_to_do(body: bytes, message: str) -> None:
    refusal = rejected(body)

    assert refusal.code is Code.BAD_REQUEST
    assert refusal.message.startswith(message)


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        (rb'{"title": "a\u0000b"}', "title"),
        (rb'{"filter": {"tags": ["a", "\u0000"]}}', "filter.tags[1]"),
        (rb'{"title": "\ud800"}', "title"),
        (rb'{"filter": {"tags": ["a", {"b": "x\udc00\ud800"}]}}', "filter.tags[1].b"),
        (b'{"price": 123456789012345678901234567890}', "price"),
        (b'{"filter": {"priceMax": -18446744073709551616}}', "filter.priceMax"),
        (b'{"filter": ' + b"[" * 21 + b"]" * 21 + b"}", "filter"),
        (b'{"filter": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}", "filter"),
    ],
)
def test_what_no_column_can_hold_is_rejected_with_its_place(variables: bytes, place: str) -> None:
    refusal = rejected(with_variables(variables))

    assert refusal.code is Code.BAD_USER_INPUT
    assert refusal.extensions == {"variable": place}
    assert refusal.message.startswith(f'The variable "{place}" ')


def test_values_at_the_limits_pass() -> None:
    variables = rb'{"whole": 18446744073709551615, "part": 0.5, "deep": [[[[[1]]]]], "emoji": "\ud83d\ude00"}'

    ask = read_ask(with_variables(variables))

    assert ask.variables == {"whole": 2**64 - 1, "part": 0.5, "deep": [[[[[1]]]]], "emoji": "\N{GRINNING FACE}"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_rejected(body: bytes) -> None:
    with suppress(Rejected):
        read_ask(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_characters="\0")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
        max_leaves=8,
    )
)
def test_honest_variables_arrive_as_they_were_sent(value: Any) -> None:
    variables = {"value": value}

    assert read_ask(orjson.dumps({"query": "{x}", "variables": variables})).variables == variables
