import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from api.health import Probe
from api.settings import Settings
from gateways.valkey import Valkey, ValkeyAwayError

RunEdge = Callable[..., AbstractAsyncContextManager[Any]]


async def works() -> None:
    """The check of a part that works."""


async def breaks() -> None:
    raise ConnectionRefusedError("postgresql://bekal:s3cret@db is away")


async def hangs() -> None:
    await asyncio.Event().wait()


async def test_a_process_whose_parts_all_fail_is_alive(settings: Settings, run_edge: RunEdge) -> None:
    async with run_edge(settings, {"database": Probe(breaks, needed=True)}) as edge:
        response = await edge.client.get("/livez")

    assert (response.status_code, response.text) == (200, "ok\n")


async def test_a_process_is_ready_when_its_parts_work(settings: Settings, run_edge: RunEdge) -> None:
    async with run_edge(
        settings, {"database": Probe(works, needed=True), "valkey": Probe(works, needed=False)}
    ) as edge:
        response = await edge.client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"ready": True, "parts": {"database": "ok", "valkey": "ok"}}
    assert response.headers["cache-control"] == "no-store"


async def test_a_needed_part_that_fails_is_named_without_its_secrets(settings: Settings, run_edge: RunEdge) -> None:
    async with run_edge(settings, {"database": Probe(breaks, needed=True)}) as edge:
        response = await edge.client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "parts": {"database": "failed: ConnectionRefusedError"}}


async def test_a_part_that_can_be_spared_degrades(settings: Settings, run_edge: RunEdge) -> None:
    async with run_edge(
        settings, {"database": Probe(works, needed=True), "valkey": Probe(breaks, needed=False)}
    ) as edge:
        response = await edge.client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["parts"] == {"database": "ok", "valkey": "degraded: ConnectionRefusedError"}


async def test_a_part_that_hangs_does_not_hang_the_answer(
    settings: Settings, run_edge: RunEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health.PROBE_TIMEOUT_S", 0.05)
    async with run_edge(settings, {"database": Probe(hangs, needed=True)}) as edge:
        response = await edge.client.get("/readyz")

    assert response.json() == {"ready": False, "parts": {"database": "failed: no answer within 0.05 s"}}


async def test_a_draining_process_sends_the_gateway_away_at_once(edge: Any) -> None:
    edge.app.drain()

    response = await edge.client.get("/readyz")

    assert response.status_code == 503
    assert response.headers["x-envoy-immediate-health-check-fail"] == "1"
    assert response.json() == {"ready": False, "parts": {"database": "ok", "server": "draining"}}


async def test_an_unknown_address_is_a_graphql_document(edge: Any, error_of: Callable[[Any], Any]) -> None:
    response = await edge.client.get("/wp-admin")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert error_of(response)["extensions"]["code"] == "NOT_FOUND"


async def test_a_page_does_not_take_posts(edge: Any, error_of: Callable[[Any], Any]) -> None:
    response = await edge.client.post("/livez")

    assert response.status_code == 405
    assert error_of(response)["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_the_root_leads_to_graphiql(edge: Any) -> None:
    response = await edge.client.get("/")

    assert (response.status_code, response.headers["location"]) == (307, "/graphiql")


async def test_a_real_valkey_answers_a_ping(redis_url: str) -> None:
    async with Valkey(redis_url) as valkey:
        await valkey.ping()


async def test_a_valkey_that_is_not_there_is_known_at_once(unused_tcp_port: int) -> None:
    async with Valkey(f"redis://127.0.0.1:{unused_tcp_port}/0") as valkey:
        with pytest.raises(ValkeyAwayError):
            await valkey.ping()


async def test_a_valkey_that_does_not_answer_is_given_up(unused_tcp_port: int) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(say_nothing, "127.0.0.1", unused_tcp_port)
    async with listening, Valkey(f"redis://127.0.0.1:{unused_tcp_port}/0") as valkey:
        with pytest.raises(ValkeyAwayError):
            await valkey.ping()


@pytest.mark.parametrize("path", ["/livez/", "/readyz/", "/graphql/"])
async def test_nobody_is_led_to_a_host_that_the_request_names(edge: Any, path: str) -> None:
    response = await edge.client.get(path, headers={"host": "elsewhere.example"})

    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
