"""One server process, or several on one socket: how they start, are watched over, and end together."""

import logging
import multiprocessing
import os
import signal
import socket
import threading
from multiprocessing.connection import wait
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from api.app import create_app
from api.logs import configure
from api.server import serve
from api.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

logger = logging.getLogger("bekal.fleet")

STEADY_S = 10.0
"""Who ends sooner than this after its start would end again: the fault is in the settings or the database."""

FAILED = 1


def serve_alone(settings: Settings, listening: socket.socket) -> None:
    """Serve in this process until a signal ends it."""
    access = configure(settings)
    host, port = listening.getsockname()[:2]
    logger.info("listening", extra={"host": host, "port": port, "pid": os.getpid()})
    try:
        serve(create_app(settings, access=access), settings, listening)
    finally:
        access.flush()


def serve_with_workers(settings: Settings, listening: socket.socket) -> int:
    """Serve in ``settings.workers`` processes until a signal ends them all; return the exit code.

    A worker that dies is replaced. A worker whose parent dies drains and ends.
    """
    configure(settings)
    fleet = _Fleet(settings, listening)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, fleet.pass_on)
    return fleet.watch()


class _Fleet:
    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        self._spawn = multiprocessing.get_context("spawn")
        self._leaving = False
        self._workers: dict[SpawnProcess, float] = {}

    def watch(self) -> int:
        """Start all workers, replace those that die, and return when the last one has ended."""
        failed = False
        for _ in range(self._settings.workers):
            self._start()
        while self._workers:
            ended = wait([worker.sentinel for worker in self._workers])
            for worker in [worker for worker in self._workers if worker.sentinel in ended]:
                worker.join()
                lived_s = monotonic() - self._workers.pop(worker)
                if self._leaving:
                    continue
                logger.error("worker died", extra={"pid": worker.pid, "code": worker.exitcode})
                if lived_s < STEADY_S and worker.exitcode not in (-signal.SIGKILL, -signal.SIGSEGV):
                    failed = True
                    self.pass_on(signal.SIGTERM, None)
                else:
                    self._start()
        return FAILED if failed else 0

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """Hand a signal to all workers; the socket is theirs from now on, so that it closes when they close it."""
        del frame
        self._leaving = True
        self._listening.close()
        for worker in list(self._workers):
            if worker.pid is not None and worker.exitcode is None:
                os.kill(worker.pid, number)

    def _start(self) -> None:
        worker = self._spawn.Process(target=_work, args=(self._settings, self._listening), daemon=False)
        worker.start()
        self._workers[worker] = monotonic()
        if self._leaving and worker.pid is not None:  # the signal came while this one was being started
            os.kill(worker.pid, signal.SIGTERM)


def _work(settings: Settings, listening: socket.socket) -> None:
    """Be a worker."""
    os.setsid()  # Ctrl-C reaches the parent alone, who passes it on once
    threading.Thread(target=_follow_parent, daemon=True).start()
    serve_alone(settings, listening)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
