"""Real ``bekal`` processes on free ports, on the suite's own engines."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 60.0
"""Generous: the machine may be busy with everything else."""


@dataclass
class Process:
    """A running ``bekal serve``, and what it has logged so far."""

    process: asyncio.subprocess.Process
    url: str = ""
    port: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: asyncio.Condition = field(default_factory=asyncio.Condition)

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the process that was started; workers are its own affair."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(TIMEOUT_S):
            return await self.process.wait()

    async def logged(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until the log tells of ``event`` so many times, and return the lines."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["event"] == event]

        async with asyncio.timeout(TIMEOUT_S), self.said:
            await self.said.wait_for(lambda: len(found()) >= times or self.process.returncode is not None)
        assert len(found()) >= times, self.lines
        return found()

    async def listen(self) -> None:
        """Note what the process logs, until it ends."""
        stdout = self.process.stdout
        assert stdout is not None
        async for line in stdout:
            async with self.said:
                self.lines.append(json.loads(line))
                self.said.notify_all()
        await self.process.wait()
        async with self.said:
            self.said.notify_all()


Serving = Callable[..., AbstractAsyncContextManager[Process]]


@asynccontextmanager
async def running(environ: Mapping[str, str], *arguments: str) -> AsyncGenerator[Process]:
    """Run a ``bekal`` command until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bekal", *arguments),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("BEKAL_")} | dict(environ),
        stdout=asyncio.subprocess.PIPE,
    )
    served = Process(process)
    listening = asyncio.create_task(served.listen())
    try:
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await listening


@asynccontextmanager
async def serving(environ: Mapping[str, str], *arguments: str) -> AsyncGenerator[Process]:
    """Run ``bekal serve`` until the block ends, ready to answer when the block begins."""
    async with running(environ, "serve", "--port", "0", *arguments) as served:
        (said, *_) = await served.logged("listening")
        served.port = said["port"]
        served.url = f"http://127.0.0.1:{served.port}"
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            assert (await client.get(f"{served.url}/livez")).status_code == 200
        yield served


@pytest.fixture
def serve(seeded_database_url: str, redis_url: str, tmp_path: Path) -> Serving:
    """Start servers on the small demo; each takes settings, named without their prefix."""

    def start(*arguments: str, **settings: str) -> AbstractAsyncContextManager[Process]:
        given = {
            "DATABASE_URL": seeded_database_url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(tmp_path),
            "MASTER_KEYS": f"1:{'ab' * 32}",  # one for all who share the database
            "MESSAGES_URL": "http://127.0.0.1:1",  # nobody signs in here
            "BACKGROUND": "elsewhere",
            "POOL_SIZE": "2",
            "DRAIN_S": "0.5",
            **settings,
        }
        return serving({f"BEKAL_{name}": value for name, value in given.items()}, *arguments)

    return start


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Asks a server one question over a connection of its own."""

    async def post(served: Process, query: str = "{__typename}", **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            return await client.post(f"{served.url}/graphql", json={"query": query}, **options)

    return post
