"""The limit: a server for four answers alone, as a strong engineer writes it by hand with Starlette and asyncpg.

No language, no plans, no limits, no viewers: an operation's name chooses a function, the function sends one statement.
Run by the benchmark as ``python -m benchmarks.limit DATABASE_URL PORT records|json``.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import by_json, by_records

CONNECTIONS = 8
FLUSH_S = 0.05
ANSWERS = {"records": by_records.ANSWERS, "json": by_json.ANSWERS}


class Limit:
    """The endpoint and its list of connections, last in, first out."""

    def __init__(self, database_url: str, form: str) -> None:
        self._database_url = database_url
        self._answers = ANSWERS[form]
        self._idle: list[asyncpg.Connection[asyncpg.Record]] = []
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._lines: list[bytes] = []

    @asynccontextmanager
    async def open(self, _app: Starlette) -> AsyncGenerator[None]:
        """Connect as Bekal does: the same statement cache, nothing but reads, the same time-out in the server."""
        for _ in range(CONNECTIONS):
            connection = await asyncpg.connect(
                self._database_url,
                statement_cache_size=1000,
                max_cacheable_statement_size=0,
                max_cached_statement_lifetime=0,
                server_settings={
                    "default_transaction_read_only": "on",
                    "statement_timeout": "3000",
                    "jit": "off",
                },
            )
            # The driver knows the type of nested records only after it has met it.
            await connection.fetch("SELECT row(1), array(SELECT row(1))")
            self._idle.append(connection)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        yield
        for connection in self._idle:
            await connection.close()
        self._flush()

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        began = perf_counter()
        wish = orjson.loads(await request.body())
        async with self._free:
            connection = self._idle.pop()
            try:
                body = await self._answers[wish["operationName"]](connection, wish["variables"])
            finally:
                self._idle.append(connection)
        response = Response(body, headers={"content-type": "application/graphql-response+json; charset=utf-8"})
        self._log(began, len(body))
        return response

    def _log(self, began: float, size: int) -> None:
        """Note an answer; as in Bekal, lines are written in bunches."""
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_S, self._flush)
        self._lines.append(
            orjson.dumps(
                {
                    "@timestamp": datetime.now(UTC),
                    "event": "request",
                    "method": "POST",
                    "path": "/graphql",
                    "status": 200,
                    "duration_ms": round((perf_counter() - began) * 1000, 2),
                    "bytes": size,
                }
            )
        )

    def _flush(self) -> None:
        if self._lines:
            sys.stdout.buffer.write(b"\n".join(self._lines) + b"\n")
            sys.stdout.buffer.flush()
            self._lines.clear()


def main(database_url: str, port: str, form: str) -> None:
    """Serve until a signal ends the process."""
    limit = Limit(database_url, form)
    uvicorn.run(
        Starlette(routes=[Route("/graphql", limit.answer, methods=["POST"])], lifespan=limit.open),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=2048,
        limit_concurrency=2000,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
