import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import api.app
from api.settings import Settings

RunEdge = Callable[..., AbstractAsyncContextManager[Any]]
ErrorOf = Callable[[httpx.Response], Any]


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


ROUTES = [Route("/oauth/token", echo, methods=["POST"])]


async def test_the_parts_bring_routes_of_their_own(settings: Settings, run_edge: RunEdge) -> None:
    async with run_edge(settings, routes=ROUTES) as edge:
        response = await edge.client.post("/oauth/token", content=b"x", headers={"origin": "https://e.example"})

    assert (response.status_code, response.text) == (200, "x")
    assert response.headers["access-control-allow-origin"] == "*"


async def test_a_form_that_does_not_come_is_given_up(
    settings: Settings, run_edge: RunEdge, error_of: ErrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.app, "PAGE_TIMEOUT_S", 0.05)

    async def stuck() -> Any:
        yield b"grant_type="
        await asyncio.Event().wait()

    async with run_edge(settings, routes=ROUTES) as edge:
        response = await edge.client.post("/oauth/token", content=stuck())

    assert response.status_code == 408
    assert error_of(response)["extensions"]["code"] == "TIMEOUT"


async def test_more_than_the_process_can_bear_are_asked_to_come_back(
    settings: Settings, run_edge: RunEdge, error_of: ErrorOf
) -> None:
    arrived, leave = asyncio.Event(), asyncio.Event()

    async def hold(_request: Request) -> Response:
        arrived.set()
        await leave.wait()
        return PlainTextResponse("late")

    async with run_edge(replace(settings, max_in_flight=1), routes=[Route("/sign-in", hold)]) as edge:
        first = asyncio.create_task(edge.client.get("/sign-in"))
        await arrived.wait()
        second = await edge.client.get("/sign-in")
        leave.set()

        assert (await first).text == "late"
    assert second.status_code == 503
    assert second.headers["retry-after"] == "1"
    assert error_of(second)["extensions"]["code"] == "UNAVAILABLE"
