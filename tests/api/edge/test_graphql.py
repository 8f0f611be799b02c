import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.settings import Environment, Settings
from engine.errors import Answer, Code, request_error

Edge = Any
ErrorOf = Callable[[httpx.Response], Mapping[str, Any]]
RunEdge = Callable[..., AbstractAsyncContextManager[Edge]]
RESPONSE = "application/graphql-response+json"


def invalid(_ask: object, request_id: str) -> Answer:
    return request_error(Code.GRAPHQL_VALIDATION_FAILED, "No such field.", request_id)


def unavailable(_ask: object, request_id: str) -> Answer:
    return request_error(Code.UNAVAILABLE, "No database.", request_id)


async def test_a_query_is_answered_as_the_engine_says(edge: Edge) -> None:
    response = await edge.post(b'{"query":"query A{x}","operationName":"A","variables":{"n":1}}', accept=RESPONSE)

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert int(response.headers["content-length"]) == len(response.content)
    assert len(response.headers["x-request-id"]) == 24
    assert "access-control-allow-origin" not in response.headers
    (ask,) = edge.script.asked
    assert (ask.document, ask.operation_name, ask.variables, ask.explain) == ("query A{x}", "A", {"n": 1}, False)


async def test_request_errors_have_their_status_in_the_new_media_type(edge: Edge, error_of: ErrorOf) -> None:
    edge.script.respond = invalid

    response = await edge.post(accept=RESPONSE)

    assert response.status_code == 400
    assert error_of(response)["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_request_errors_are_200_in_the_old_media_type(edge: Edge, error_of: ErrorOf) -> None:
    edge.script.respond = invalid

    response = await edge.post(accept="application/json")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert error_of(response)["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("accept", [RESPONSE, "application/json"])
async def test_failures_of_the_server_keep_their_status(edge: Edge, error_of: ErrorOf, accept: str) -> None:
    edge.script.respond = unavailable

    response = await edge.post(accept=accept)

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert error_of(response)["extensions"]["code"] == "UNAVAILABLE"


async def test_an_unknown_failure_is_masked_and_logged_once(
    edge: Edge, error_of: ErrorOf, caplog: pytest.LogCaptureFixture
) -> None:
    def break_(_ask: object, _request_id: str) -> Answer:
        raise RuntimeError("postgresql://bekal:s3cret@db")

    edge.script.respond = break_

    response = await edge.post()

    assert response.status_code == 500
    assert error_of(response)["extensions"]["code"] == "INTERNAL"
    assert "s3cret" not in response.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert vars(record)["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_type": ""}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content_type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content_type": "application/jsonp"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content_encoding": "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content_encoding": "identity, br"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"accept": "text/html"}, 406, "NOT_ACCEPTABLE"),
        ({"authorization": "Bearer abc"}, 401, "UNAUTHENTICATED"),
        ({"authorization": "nonsense"}, 401, "UNAUTHENTICATED"),
        ({"content_length": "131073"}, 413, "PAYLOAD_TOO_LARGE"),
        ({"content_length": "9" * 5000}, 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_what_the_headers_forbid_is_refused_before_the_engine_is_asked(
    edge: Edge, error_of: ErrorOf, headers: dict[str, str], status: int, code: str
) -> None:
    response = await edge.post(**headers)

    assert response.status_code == status
    assert error_of(response)["extensions"]["code"] == code
    assert edge.script.asked == []


async def test_a_refused_token_is_told_in_the_words_of_oauth(edge: Edge) -> None:
    response = await edge.post(authorization="Bearer abc")

    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("code", "status", "challenge"),
    [(Code.UNAUTHENTICATED, 401, "Bearer"), (Code.FORBIDDEN, 403, 'Bearer error="insufficient_scope"')],
)
async def test_a_refusal_of_the_engine_asks_for_a_token_or_a_better_one(
    edge: Edge, code: Code, status: int, challenge: str
) -> None:
    def refuse(_ask: object, request_id: str) -> Answer:
        return request_error(code, "no", request_id)

    edge.script.respond = refuse

    response = await edge.post(authorization="Bearer good")

    assert response.status_code == status
    assert response.headers["www-authenticate"] == challenge


async def test_two_sets_of_credentials_are_none(edge: Edge) -> None:
    twice = [
        ("authorization", "Bearer good"),
        ("authorization", "Bearer good"),
        ("content-type", "application/json"),
    ]

    response = await edge.client.post("/graphql", content=b'{"query":"{x}"}', headers=twice)

    assert response.status_code == 401


async def test_a_content_type_sent_twice_is_refused(edge: Edge) -> None:
    twice = [("content-type", "text/plain"), ("content-type", "application/json")]

    response = await edge.client.post("/graphql", content=b'{"query":"{x}"}', headers=twice)

    assert response.status_code == 415


async def test_a_body_that_is_no_request_is_400_in_both_media_types(edge: Edge, error_of: ErrorOf) -> None:
    for accept in (RESPONSE, "application/json"):
        response = await edge.post(b"[]", accept=accept)

        assert response.status_code == 400
        assert error_of(response)["extensions"]["code"] == "BAD_REQUEST"


async def test_a_bad_variable_is_named(edge: Edge, error_of: ErrorOf) -> None:
    response = await edge.post(rb'{"query":"{x}","variables":{"input":{"name":"\u0000"}}}')

    assert response.status_code == 400
    assert error_of(response)["extensions"] | {"requestId": ""} == {
        "code": "BAD_USER_INPUT",
        "variable": "input.name",
        "requestId": "",
    }


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_body_without_a_length_is_counted_while_it_comes(edge: Edge, pieces: int) -> None:
    async def stream(size: int) -> AsyncIterator[bytes]:
        body = b'{"query":"{x}"}'.ljust(size)
        for start in range(0, size, size // pieces + 1):
            yield body[start : start + size // pieces + 1]

    async def send(size: int) -> int:
        headers = {"content-type": "application/json"}
        response = await edge.client.post("/graphql", content=stream(size), headers=headers)
        return response.status_code

    assert await send(131072) == 200
    assert await send(131073) == 413


async def test_a_caller_with_a_token_may_send_a_bulk_write(edge: Edge, error_of: ErrorOf) -> None:
    async def send(size: int) -> httpx.Response:
        headers = {"content-type": "application/json", "authorization": "Bearer good"}
        return await edge.client.post("/graphql", content=b'{"query":"{x}"}'.ljust(size), headers=headers)

    assert (await send(4 << 20)).status_code == 200
    assert error_of(await send((4 << 20) + 1))["extensions"]["limit"] == 4 << 20


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_told_which_one_is_right(edge: Edge, method: str) -> None:
    response = await edge.client.request(method, "/graphql?query={x}")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST, OPTIONS"
    assert method == "HEAD" or b"METHOD_NOT_ALLOWED" in response.content
    assert edge.script.asked == []


async def test_a_request_id_from_anybody_is_ignored(edge: Edge) -> None:
    response = await edge.post(x_request_id="from-a-stranger")

    assert response.headers["x-request-id"] != "from-a-stranger"


async def test_a_request_id_from_a_trusted_proxy_is_echoed_when_it_is_sane(
    settings: Settings, run_edge: RunEdge
) -> None:
    trusting = Settings.read({"HOME": str(settings.data_dir), "BEKAL_TRUSTED_PROXIES": "127.0.0.0/8"})
    async with run_edge(trusting) as edge:
        for sane in ("proxy-0001", "A" * 64):
            response = await edge.post(b"[]", x_request_id=sane)
            assert response.headers["x-request-id"] == sane
            assert response.json()["errors"][0]["extensions"]["requestId"] == sane
        for odd in ("short", "A" * 65, "with space", "semi;colon-and-more", 'quote-"-quote'):
            response = await edge.post(x_request_id=odd)
            assert response.headers["x-request-id"] != odd


async def test_plans_are_shown_in_development_only(edge: Edge, settings: Settings, run_edge: RunEdge) -> None:
    await edge.post(bekal_explain="1")
    async with run_edge(replace(settings, environment=Environment.PRODUCTION)) as production:
        await production.post(bekal_explain="1")

    assert [ask.explain for ask in edge.script.asked] == [True]
    assert [ask.explain for ask in production.script.asked] == [False]


async def test_an_answer_that_takes_too_long_is_given_up(
    settings: Settings, run_edge: RunEdge, error_of: ErrorOf
) -> None:
    async with run_edge(replace(settings, request_timeout_s=0.1)) as edge:
        edge.script.hold = asyncio.Event()

        response = await edge.post()

        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert error_of(response)["extensions"]["code"] == "TIMEOUT"
        assert edge.script.cancelled


async def test_more_requests_than_the_process_can_hold_are_asked_to_come_back(
    settings: Settings, run_edge: RunEdge, error_of: ErrorOf
) -> None:
    async with run_edge(replace(settings, max_in_flight=2)) as edge:
        edge.script.hold = asyncio.Event()
        waiting = [asyncio.create_task(edge.post()) for _ in range(2)]
        await edge.script.until_asked(2)

        response = await edge.post()
        edge.script.hold.set()

        assert response.status_code == 503
        assert error_of(response)["extensions"]["code"] == "UNAVAILABLE"
        assert [(await task).status_code for task in waiting] == [200, 200]


class Caller:
    """An ASGI caller that may go away, or send its body when it likes."""

    def __init__(self, *messages: MutableMapping[str, Any]) -> None:
        self.incoming = asyncio.Queue[MutableMapping[str, Any]]()
        self.sent: list[MutableMapping[str, Any]] = []
        for message in messages:
            self.incoming.put_nowait(message)

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    def call(self, edge: Edge) -> "asyncio.Task[None]":
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 40000),
        }
        return asyncio.ensure_future(edge.app(scope, self.incoming.get, self.send))


async def test_a_read_ends_when_its_client_has_gone(edge: Edge) -> None:
    edge.script.hold = asyncio.Event()
    caller = Caller({"type": "http.request", "body": b'{"query":"{x}"}', "more_body": False})
    call = caller.call(edge)
    await edge.script.until_asked()

    caller.incoming.put_nowait({"type": "http.disconnect"})
    await call
    edge.access.flush()

    assert edge.script.cancelled
    assert caller.sent == []
    assert '"status":499' in edge.log.getvalue()


async def test_a_client_that_goes_in_the_middle_of_its_body_leaves_nothing_behind(edge: Edge) -> None:
    caller = Caller({"type": "http.request", "body": b'{"que', "more_body": True}, {"type": "http.disconnect"})

    await caller.call(edge)

    assert caller.sent == []
    assert edge.script.asked == []


async def test_a_body_that_does_not_arrive_is_given_up(
    settings: Settings, run_edge: RunEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.graphql.BODY_TIMEOUT_S", 0.1)
    async with run_edge(settings) as edge:
        caller = Caller({"type": "http.request", "body": b'{"que', "more_body": True})

        await caller.call(edge)

    start, body = caller.sent
    assert start["status"] == 408
    assert b'"code":"TIMEOUT"' in body["body"]


async def test_a_cancelled_request_is_told_to_come_back(edge: Edge) -> None:
    edge.script.hold = asyncio.Event()
    caller = Caller({"type": "http.request", "body": b'{"query":"{x}"}', "more_body": False})
    call = caller.call(edge)
    await edge.script.until_asked()

    call.cancel()
    await call

    start, body = caller.sent
    assert start["status"] == 503
    assert b'"code":"UNAVAILABLE"' in body["body"]


async def test_a_leaving_server_answers_and_lets_its_clients_go(edge: Edge) -> None:
    edge.app.drain()

    response = await edge.post()

    assert response.status_code == 200
    assert response.headers["connection"] == "close"
