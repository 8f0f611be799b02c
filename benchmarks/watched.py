"""A server like any other that also watches its event loop: ``python -m benchmarks.watched``.

Settings come from the environment. On SIGUSR1 it writes to standard error, in one line of JSON, how late the loop was
since the last time: the longest gap, and which gap one in a thousand looks exceeded, in milliseconds.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import perf_counter

from api.app import create_app
from api.assembly import Parts, real_parts
from api.server import serve
from api.settings import Settings

LOOK_S = 0.001


class Watch:
    """Wakes a thousand times a second, and notes how much too late."""

    def __init__(self) -> None:
        self._gaps: list[float] = []

    async def look(self) -> None:
        """Look until cancelled."""
        before = perf_counter()
        while True:
            await asyncio.sleep(LOOK_S)
            now = perf_counter()
            self._gaps.append(now - before - LOOK_S)
            before = now

    def tell(self) -> None:
        """Write what was seen, and begin anew."""
        gaps, self._gaps = sorted(self._gaps), []
        told = {"longest_ms": 0.0, "p999_ms": 0.0}
        if gaps:
            told = {"longest_ms": gaps[-1] * 1000, "p999_ms": gaps[int(len(gaps) * 0.999)] * 1000}
        print(json.dumps(told), file=sys.stderr, flush=True)


@asynccontextmanager
async def watched_parts(settings: Settings) -> AsyncGenerator[Parts]:
    """Open the parts of the server, and watch the loop that they run in."""
    watch = Watch()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watch.tell)
    looking = asyncio.create_task(watch.look())
    async with real_parts(settings) as parts:
        yield parts
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


def main() -> None:
    """Serve until a signal ends it."""
    settings = Settings.read(os.environ)
    listening = socket.create_server((settings.host, settings.port), backlog=2048)
    serve(create_app(settings, opening=watched_parts), settings, listening)


if __name__ == "__main__":
    sys.exit(main())
