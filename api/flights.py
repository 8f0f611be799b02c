"""Requests on their way: how long each may take, and which of them nobody waits for any more.

A timer and a listener for each request would cost more than a small answer does. One sweep, every 50 ms while requests
are on their way, looks at those that are slow; the quick ones only enter and leave a set.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from enum import Enum, auto
from time import perf_counter
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

WRITE_TIMEOUT_S = 25.0
"""How long a client waits for mutations. They are finished even then; sent again, they give the answer that was."""

SWEEP_S = 0.05
"""How exact a time-out is, and how long a request runs before its client's absence is noticed."""


class Cut(Enum):
    """Why a request was ended before its answer was ready."""

    BODY_TOO_SLOW = auto()
    ANSWER_TOO_SLOW = auto()
    CLIENT_GONE = auto()


class Flight:
    """One request on its way."""

    __slots__ = ("began", "body_read", "cut", "receive", "since", "task", "watch", "writes")

    def __init__(self, task: asyncio.Task[Any], receive: Receive, since: float) -> None:
        self.task = task
        self.receive = receive
        self.began = perf_counter()
        self.since = since
        """Loop time from which the time-outs count; the loop's clock is coarse, so nothing is measured by it."""
        self.body_read = False
        """Set by who reads the body: from then on ``receive`` only tells that the client has gone."""
        self.cut: Cut | None = None
        """Why the task was cancelled, when it was cancelled from here."""
        self.watch: asyncio.Task[None] | None = None
        self.writes = False

    def write(self) -> None:
        """Note that the request changes something from now on: it has longer, and nobody's absence ends it."""
        self.writes = True


class Flights:
    """All requests of a process that are on their way."""

    def __init__(self, *, body_timeout_s: float, answer_timeout_s: float) -> None:
        self._body_timeout_s = body_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._all: set[Flight] = set()
        self._sweeping = False

    def __len__(self) -> int:
        return len(self._all)

    def begin(self, receive: Receive) -> Flight:
        """Note that the running task has taken up a request. ``end`` must follow, whatever happens."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        flight = Flight(task, receive, loop.time())
        self._all.add(flight)
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(SWEEP_S, self._sweep, loop)
        return flight

    def end(self, flight: Flight) -> None:
        """Note that a request has its answer, or needs none."""
        self._all.discard(flight)
        if flight.watch is not None:
            flight.watch.cancel()

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for flight in self._all:
            took_s = now - flight.since
            if flight.cut is not None:
                continue
            if not flight.body_read and took_s > self._body_timeout_s:
                _cut(flight, Cut.BODY_TOO_SLOW)
            elif flight.body_read and took_s > (WRITE_TIMEOUT_S if flight.writes else self._answer_timeout_s):
                _cut(flight, Cut.ANSWER_TOO_SLOW)
            elif flight.body_read and flight.watch is None and took_s > SWEEP_S and not flight.writes:
                flight.watch = loop.create_task(_watch(flight))
        self._sweeping = bool(self._all)
        if self._sweeping:
            loop.call_later(SWEEP_S, self._sweep, loop)


async def _watch(flight: Flight) -> None:
    """Wait until the client has gone, and end what it asked for, unless that changes something."""
    while (await flight.receive())["type"] != "http.disconnect":
        pass
    if not flight.task.done() and flight.cut is None and not flight.writes:
        _cut(flight, Cut.CLIENT_GONE)


def _cut(flight: Flight, why: Cut) -> None:
    flight.cut = why
    flight.task.cancel()
