import asyncio
import json
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from api import server
from api.server import CannotListenError, Protocol, listen

OK = b"HTTP/1.1 200 OK"


async def echo(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answer at once, without reading the body."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


BIG = 32 << 20


async def big(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answer with more than the machine's own buffers hold."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(BIG).encode())]})
    await send({"type": "http.response.body", "body": bytes(BIG)})


async def attentive(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answer when the whole body was read."""
    while (await receive()).get("more_body"):
        pass
    await echo(scope, receive, send)


@asynccontextmanager
async def serving(app: Any = echo) -> AsyncGenerator[int]:
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, http=Protocol, loop="none", ws="none", lifespan="off", log_config=None)
    process = uvicorn.Server(config)
    running = asyncio.create_task(process.serve([listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        process.should_exit = True
        await running


async def exchange(port: int, *pieces: bytes, end: bool = True) -> bytes:
    """Send pieces and return all that the server says before it closes the connection, or after we did."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(20):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if end:
                writer.write_eof()
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


async def test_ordinary_requests_pass_one_after_the_other() -> None:
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    async with serving() as port:
        said = await exchange(port, request, request[:10], request[10:])

    assert said.count(OK) == 2


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET / HTTP/1.1\r\nhost: x\r\nfill: " + b"a" * 40_000 + b"\r\n\r\n"],
        [b"GET / HTTP/1.1\r\nhost: x\r\n", *[b"fill-%d: " % n + b"a" * 1000 + b"\r\n" for n in range(2000)]],
        [b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"],
    ],
)
async def test_headers_without_end_are_refused(pieces: list[bytes]) -> None:
    async with serving() as port:
        said = await exchange(port, *pieces, end=False)

    assert OK not in said
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")  # who is still sending may miss the refusal


@pytest.mark.parametrize(
    "piece",
    [b"", b"GET / HTTP/1.1\r\nhost: x\r\n", b"GET / HTTP/1.1\r\n\r\nGET /", b"\r\n"],
)
async def test_headers_that_do_not_arrive_are_given_up(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_TIMEOUT_S", 0.1)
    async with serving() as port:
        said = await exchange(port, piece, end=False)

    head, _, body = said.rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 408 Request Timeout" in head
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "TIMEOUT"


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_with_a_graphql_document(request_: bytes) -> None:
    async with serving() as port:
        said = await exchange(port, request_)

    head, _, body = said.rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 400 Bad Request" in head
    assert b"connection: close" in head
    error = json.loads(body)["errors"][0]["extensions"]
    assert error["code"] == "BAD_REQUEST"
    assert len(error["requestId"]) == 24
    assert f"x-request-id: {error['requestId']}".encode() in head


async def test_an_empty_line_between_requests_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_TIMEOUT_S", 0.1)
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    async with serving() as port, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await reader.readuntil(b"ok")
        writer.write(b"\r\n")
        said = await reader.read()
        writer.close()

    assert said.startswith(b"HTTP/1.1 408 ")


async def test_an_empty_line_before_a_request_is_passed_over() -> None:
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    async with serving() as port:
        said = await exchange(port, request, b"\r\n", request)

    assert said.count(OK) == 2


@pytest.mark.parametrize("app", [echo, attentive])
@pytest.mark.parametrize(
    "beginning",
    [b"2\r\nhi\r\n0\r\n", b"2\r\nhi\r\n0\r\nlong: ", b"2;"],
    ids=["many trailers", "one trailer", "the name of a chunk"],
)
async def test_a_request_does_not_go_on_without_end_beside_its_body(app: Any, beginning: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    line = b"fill: " + b"a" * 4000 + (b"\r\n" if beginning.endswith(b"\n") else b"")
    async with serving(app) as port:
        said = await exchange(port, head + beginning, *[line] * 2000, end=False)

    assert said == b"" or b" 431 " in said or said.count(OK) == 1


async def test_a_body_in_the_smallest_pieces_is_read() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    async with serving(attentive) as port:
        said = await exchange(port, head, b"1\r\na\r\n" * 100_000, b"0\r\n\r\n")

    assert said.startswith(OK)


async def test_an_answer_that_nobody_takes_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TAKING_TIMEOUT_S", 0.1)
    lost = asyncio.Event()
    losing = Protocol.connection_lost

    def noted(self: Protocol, exc: Exception | None) -> None:
        losing(self, exc)
        lost.set()

    monkeypatch.setattr(Protocol, "connection_lost", noted)
    async with serving(big) as port, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await lost.wait()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(BIG)
        writer.close()


async def test_an_answer_that_is_taken_in_time_arrives_whole() -> None:
    async with serving(big) as port:
        said = await exchange(port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", end=False)

    assert said.count(b"\0") == BIG


UPGRADE = b"host: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: x\r\n"


async def test_who_asks_for_another_protocol_is_answered_in_this_one() -> None:
    async with serving() as port:
        said = await exchange(port, b"GET / HTTP/1.1\r\n" + UPGRADE + b"\r\n", end=False)

    assert said.startswith(OK)
    assert b"connection: close" in said


async def test_a_body_behind_the_wish_for_another_protocol_is_refused_with_the_remedy() -> None:
    async with serving() as port:
        said = await exchange(port, b"POST / HTTP/1.1\r\n" + UPGRADE + b"content-length: 2\r\n\r\nhi", end=False)

    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"send no Upgrade header" in said


async def test_a_body_that_goes_on_after_its_refusal_is_cut_off() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    async with serving() as port:
        said = await exchange(port, head, *[chunk] * 400, end=False)

    assert said == b"" or said.count(OK) == 1


async def test_a_body_refused_early_still_lets_its_sender_read_the_answer() -> None:
    body = b"a" * 500_000
    async with serving() as port:
        said = await exchange(port, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n" + body)

    assert said.startswith(OK)


async def test_one_connection_too_many_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 1)
    async with serving() as port:
        _, first = await asyncio.open_connection("127.0.0.1", port)
        said = await exchange(port, b"", end=False)
        first.close()

    assert said.startswith(b"HTTP/1.1 503 Service Unavailable")
    assert b'"code":"UNAVAILABLE"' in said


def test_an_address_in_use_is_an_error_with_the_remedy() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotListenError, match=rf"Cannot listen on 127\.0\.0\.1:{port} .*set BEKAL_PORT"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_an_error_with_the_remedy() -> None:
    with pytest.raises(CannotListenError, match="BEKAL_HOST"):
        listen("192.0.2.1", 0)
