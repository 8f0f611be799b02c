import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

Serve = Callable[..., Any]
Ask = Callable[..., Any]
TITLES = "{courses(first: 3) {edges {node {title provider {name}}}}}"
REPLICAS = 8


async def test_a_server_answers_from_real_tables_and_logs_no_query(serve: Serve, ask: Ask) -> None:
    async with serve() as served, httpx.AsyncClient() as client:
        response = await ask(served, TITLES)
        ready = await client.get(f"{served.url}/readyz")
        served.signal()
        code = await served.ended()

    assert len(response.json()["data"]["courses"]["edges"]) == 3
    assert ready.json() == {"ready": True, "parts": {"database": "ok", "schema": "ok", "writes": "ok", "valkey": "ok"}}
    assert code == 0
    (line,) = [line for line in served.lines if line.get("path") == "/graphql"]
    assert (line["status"], line["request_id"]) == (200, response.headers["x-request-id"])
    assert "courses" not in str(served.lines)


async def test_a_rolling_restart_fails_no_request(serve: Serve) -> None:
    """Clients as a balancer makes them: they leave a server that says so, and keep their connections."""
    failures: list[str] = []
    answered = {"old": 0, "new": 0}

    async def call_until(done: asyncio.Event, old: Any, new: Any) -> None:
        url, name = old.url, "old"
        async with httpx.AsyncClient(timeout=30) as client:
            while not done.is_set():
                try:
                    response = await client.post(f"{url}/graphql", json={"query": TITLES})
                except httpx.HTTPError as error:
                    failures.append(f"{name}: {error!r}")
                    return
                if response.status_code != 200:
                    failures.append(f"{name}: {response.status_code} {response.text}")
                answered[name] += 1
                if response.headers.get("connection") == "close":
                    url, name = new.url, "new"

    async with serve(DRAIN_S="3") as old, serve() as new:
        done = asyncio.Event()
        clients = [asyncio.create_task(call_until(done, old, new)) for _ in range(REPLICAS)]
        old.signal()
        code = await old.ended()
        done.set()
        await asyncio.gather(*clients)

    assert failures == []
    assert code == 0
    assert answered["new"] > 0


async def test_a_draining_server_says_so_and_takes_new_connections(serve: Serve, ask: Ask) -> None:
    async with serve(DRAIN_S="30") as served, httpx.AsyncClient() as client:
        served.signal()
        while (ready := await client.get(f"{served.url}/readyz")).status_code == 200:
            pass
        response = await ask(served)

    assert ready.headers["x-envoy-immediate-health-check-fail"] == "1"
    assert ready.json()["parts"]["server"] == "draining"
    assert response.status_code == 200
    assert response.headers["connection"] == "close"


async def test_a_second_signal_ends_it_at_once(serve: Serve) -> None:
    async with serve(DRAIN_S="60") as served, httpx.AsyncClient() as client:
        served.signal()
        while (await client.get(f"{served.url}/readyz")).status_code == 200:
            pass
        served.signal()

        async with asyncio.timeout(20):
            assert await served.ended() == 0


async def test_an_answer_under_way_is_finished(serve: Serve, ask: Ask, fresh_seeded_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_seeded_database_url)
    async with serve(DATABASE_URL=fresh_seeded_database_url, DRAIN_S="0", STATEMENT_TIMEOUT_S="9") as served:
        async with connection.transaction():
            await connection.execute("LOCK TABLE courses IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(ask(served, TITLES))
            await until_somebody_waits(connection)
            served.signal()
            await refuses_connections(served.port)
        response = await waiting
        code = await served.ended()
    await connection.close()

    assert response.status_code == 200
    assert len(response.json()["data"]["courses"]["edges"]) == 3
    assert code == 0


async def until_somebody_waits(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    async with asyncio.timeout(30):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass


async def refuses_connections(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                continue  # it closed between our connecting and its accepting
            writer.close()


async def test_a_database_that_is_lost_is_a_retryable_answer(
    serve: Serve, ask: Ask, fresh_seeded_database_url: str, server: Any
) -> None:
    async with serve(DATABASE_URL=fresh_seeded_database_url) as served, httpx.AsyncClient() as client:
        server.drop(fresh_seeded_database_url)

        response = await ask(served, TITLES)
        again = await ask(served, TITLES)
        ready = await client.get(f"{served.url}/readyz")
        alive = await client.get(f"{served.url}/livez")

    for failed in (response, again):
        assert failed.status_code == 503
        assert failed.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert failed.headers["retry-after"] == "1"
    assert ready.status_code == 503
    assert ready.json()["parts"]["database"].startswith("failed: ")
    assert alive.status_code == 200


async def test_a_cache_that_is_lost_only_degrades(serve: Serve, ask: Ask, unused_tcp_port: int) -> None:
    async with serve(REDIS_URL=f"redis://127.0.0.1:{unused_tcp_port}/0") as served, httpx.AsyncClient() as client:
        response = await ask(served, TITLES)
        ready = await client.get(f"{served.url}/readyz")

    assert response.status_code == 200
    assert ready.status_code == 200
    assert ready.json()["parts"]["valkey"].startswith("degraded: ")


async def test_a_worker_that_dies_is_replaced_and_all_end_together(serve: Serve, ask: Ask) -> None:
    async with serve("--workers", "2") as served:
        started = await served.logged("listening", times=2)
        os.kill(started[0]["pid"], signal.SIGKILL)
        (died,) = await served.logged("worker died")
        started = await served.logged("listening", times=3)
        assert (await ask(served)).status_code == 200

        served.signal()
        code = await served.ended()

    assert died["pid"] == started[0]["pid"]
    assert code == 0
    assert not [line["pid"] for line in started if is_running(line["pid"])]


async def test_workers_do_not_outlive_a_parent_that_was_killed(serve: Serve) -> None:
    async with serve("--workers", "2", DRAIN_S="0") as served:
        started = await served.logged("listening", times=2)

        served.signal(signal.SIGKILL)
        await served.ended()

        await refuses_connections(served.port)
        async with asyncio.timeout(30):
            while any(is_running(line["pid"]) for line in started):
                await asyncio.to_thread(os.sched_yield)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie: nobody but init waits for orphans."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
