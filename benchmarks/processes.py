"""The processes that are measured: how they start, where they run, and what processor time they have used."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CURSOR_KEY = "be" * 32
"""Cursors are part of the variables, so they are signed with the same key in each run."""


class BenchmarkError(Exception):
    """The benchmark cannot go on. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement."""

    name: str
    pid: int
    url: str

    def memory_mb(self) -> float:
        """Return the resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024


@contextmanager
def bekal(database_url: str, redis_url: str, core: int, folder: Path) -> Generator[Server]:
    """Run Bekal as in production: all limits on, JSON log lines into a file."""
    port = free_port()
    environment = {
        "BEKAL_ENVIRONMENT": "production",
        "BEKAL_DATABASE_URL": database_url,
        "BEKAL_REDIS_URL": redis_url,
        "BEKAL_CURSOR_KEY": CURSOR_KEY,
        "BEKAL_MASTER_KEYS": f"1:{CURSOR_KEY}",
        "BEKAL_PUBLIC_URL": "https://graf.example",
        "BEKAL_MESSAGES_URL": "https://messages.example",
        "BEKAL_PORT": str(port),
        "BEKAL_DRAIN_S": "0",
        # By default who waits for a connection for half a second is asked to come back; by hand, he waits on.
        "BEKAL_POOL_TIMEOUT_S": "10",
    }
    with _running("bekal", ["-m", "bekal", "serve"], environment, port, core, folder) as server:
        yield server


@contextmanager
def by_hand(form: str, database_url: str, core: int, folder: Path) -> Generator[Server]:
    """Run the hand-written server in one of its forms."""
    port = free_port()
    arguments = ["-m", "benchmarks.limit", database_url, str(port), form]
    with _running(form, arguments, {}, port, core, folder) as server:
        yield server


@contextmanager
def _running(
    name: str, arguments: list[str], environment: dict[str, str], port: int, core: int, folder: Path
) -> Generator[Server]:
    log = folder / f"{name}.log"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BEKAL_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=kept | environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        os.sched_setaffinity(process.pid, {core})  # before it has threads; they inherit it
        server = Server(name, process.pid, f"http://127.0.0.1:{port}/graphql")
        deadline = monotonic() + START_TIMEOUT_S
        while not _answers(server.url):
            if process.poll() is not None or monotonic() > deadline:
                raise BenchmarkError(f"The server '{name}' does not answer; its log is {log}.")
            sleep(POLL_S)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    """Tell whether a server listens; neither does before it is ready."""
    try:
        return httpx.get(url).is_client_error  # a GET is refused, and that is an answer
    except httpx.TransportError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def pin(pid: int, core: int) -> None:
    """Bind a process and its children to a core."""
    for each in [pid, *_children(pid)]:
        os.sched_setaffinity(each, {core})


def cpu_s(pid: int) -> float:
    """Return the user and system time of a process, of its children, and of children that have ended."""
    return sum(_own_cpu_s(each) for each in [pid, *_children(pid)])


def _own_cpu_s(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # ended meanwhile: its parent has its time
    fields = stat.rpartition(")")[2].split()
    utime, stime, of_children_utime, of_children_stime = fields[11:15]
    return (int(utime) + int(stime) + int(of_children_utime) + int(of_children_stime)) / TICKS_PER_S


def _children(pid: int) -> list[int]:
    return list(_of_parent(pid))


def _of_parent(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield int(child)
