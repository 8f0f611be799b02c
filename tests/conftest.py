"""The engines and databases of the whole suite.

All workers of a run, and all runs of a checkout, share one PostgreSQL and one Valkey. Every worker gets databases of
its own, cloned from templates that are migrated (and seeded) once for each content of the folders that make them. Who
uses a database holds an advisory lock of its name, and what nobody holds is dropped: nothing is left behind for long
by a run that was killed.

``BEKAL_DATABASE_URL`` and ``BEKAL_REDIS_URL`` name servers to use instead; the first one's role must be allowed to
create databases. ``BEKAL_TEST_DATA_DIR`` moves the embedded ones.
"""

# pyright: reportUnknownMemberType=false
# redis-py leaves the keyword arguments of its commands without types.

import asyncio
import fcntl
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import redis

from api.migrations import upgrade
from api.services import EmbeddedServices
from demo.load import load_demo

ROOT = Path(__file__).parent.parent
SCHEMA_SOURCES = ("alembic", "models", "rules", "api/migrations.py")
TEMPLATE_SOURCES = {"migrated": SCHEMA_SOURCES, "seeded": (*SCHEMA_SOURCES, "demo")}
SEED = 1
SEED_DAY = date(2026, 11, 1)
SEED_SCALE = 0.02
"""A fiftieth of the demo catalogue: every kind of row, loaded in a moment."""
LOOPBACK = ("127.", "::1", "localhost")

Answer = TypeVar("Answer")


class Server:
    """A PostgreSQL server and the databases that this process made on it. Plain calls, from any thread or loop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.run = secrets.token_hex(4)
        # Connections belong to the loop that made them: this thread has one of its own.
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._runner = asyncio.Runner()
        self._connection = self._call(asyncpg.connect(url))

    def close(self) -> None:
        """Drop what was made here, and leave."""
        for (database,) in self._fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE $1", f"bekal_test_{self.run}_%"
        ):
            self._drop(database)
        self._call(self._connection.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def url_of(self, database: str) -> str:
        """Return the URL of another database on this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database of this run and return its URL."""
        database = f"bekal_test_{self.run}_{name}"
        self._hold(database)
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url_of(database)

    def drop(self, url: str) -> None:
        """Drop a database of this run."""
        self._drop(urlsplit(url).path[1:])

    def template(self, kind: str, fill: Callable[[str], None], base: str = "template0") -> str:
        """Return the name of the template that ``fill`` makes of a copy of ``base``, making it if it is not there."""
        database = template_name(kind)
        self._hold(database)
        # Making takes turns under a lock of its own: whoever holds the database would let nobody else look.
        key = lock_key(f"making {database}")
        self._execute(f"SELECT pg_advisory_lock({key})")
        try:
            if not self._fetch("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", database):
                self._drop(database)
                self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{base}"')
                with ThreadPoolExecutor(max_workers=1) as thread:
                    thread.submit(fill, self.url_of(database)).result()
                self._execute(f'ALTER DATABASE "{database}" IS_TEMPLATE true')
        finally:
            self._execute(f"SELECT pg_advisory_unlock({key})")
        return database

    def drop_stale(self) -> None:
        """Drop the databases of runs that died, and templates of sources that have changed since."""
        current = {template_name(kind) for kind in TEMPLATE_SOURCES}
        for (database,) in self._fetch(
            "SELECT datname FROM pg_database WHERE datname ~ '^bekal_(test|migrated|seeded)_'"
        ):
            key = lock_key(database)
            if database not in current and self._fetch("SELECT 1 WHERE pg_try_advisory_lock($1)", key):
                self._drop(database)
                self._execute(f"SELECT pg_advisory_unlock({key})")

    def _drop(self, database: str) -> None:
        if self._fetch("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", database):
            self._execute(f'ALTER DATABASE "{database}" IS_TEMPLATE false')
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _hold(self, database: str) -> None:
        self._execute(f"SELECT pg_advisory_lock_shared({lock_key(database)})")

    def _execute(self, statement: str) -> None:
        self._call(self._connection.execute(statement))

    def _fetch(self, statement: str, *values: Any) -> "list[asyncpg.Record]":
        return self._call(self._connection.fetch(statement, *values))

    def _call(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self._thread.submit(self._runner.run, work).result()


def lock_key(database: str) -> int:
    """Return the advisory lock's number for a database's name."""
    return int.from_bytes(hashlib.sha256(database.encode()).digest()[:8], signed=True)


@cache
def template_name(kind: str) -> str:
    """Return a name with a digest of the files that make the template: another content is another template."""
    digest = hashlib.sha256()
    for source in TEMPLATE_SOURCES[kind]:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return f"bekal_{kind}_{digest.hexdigest()[:16]}"


def outside_sockets_are_shut(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections that would leave the machine: a test that needs the internet proves little."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):  # pyright: ignore[reportUnknownArgumentType]
            raise OSError(f"The suite does not talk to {address}: use a simulator on 127.0.0.1.")


if not os.environ.keys() & {"BEKAL_DATABASE_URL", "BEKAL_REDIS_URL"}:
    sys.addaudithook(outside_sockets_are_shut)


@pytest.fixture(scope="session")
def engines_dir() -> Path:
    """Where the suite's embedded engines live."""
    path = Path(os.environ.get("BEKAL_TEST_DATA_DIR") or ROOT / ".bekal" / "test")
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def engine_urls(engines_dir: Path) -> Iterator[tuple[str, str]]:
    """The URLs of PostgreSQL and Valkey: those of the environment, else embedded ones."""
    database_url = os.environ.get("BEKAL_DATABASE_URL")
    redis_url = os.environ.get("BEKAL_REDIS_URL")
    if database_url and redis_url:
        yield database_url, redis_url
        return
    with EmbeddedServices.start(
        engines_dir, postgres=not database_url, valkey=not redis_url, durable=False
    ) as embedded:
        yield database_url or embedded.database_url, redis_url or embedded.redis_url


@pytest.fixture(scope="session")
def server(engine_urls: tuple[str, str]) -> Iterator[Server]:
    """The PostgreSQL that the suite makes its databases on."""
    server = Server(engine_urls[0])
    try:
        server.drop_stale()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def migrated_template(server: Server) -> str:
    """The name of a migrated, empty template."""
    return server.template("migrated", upgrade)


@pytest.fixture(scope="session")
def database_url(server: Server, migrated_template: str) -> str:
    """One migrated, empty database for each worker; tests that write into it clean up or use ids of their own."""
    return server.create("main", migrated_template)


@pytest.fixture
def fresh_database_url(server: Server, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database for one test."""
    url = server.create(f"fresh_{secrets.token_hex(4)}", migrated_template)
    yield url
    server.drop(url)


@pytest.fixture
def empty_database_url(server: Server) -> Iterator[str]:
    """A database without a table, for one test."""
    url = server.create(f"empty_{secrets.token_hex(4)}")
    yield url
    server.drop(url)


def load_small_demo(database_url: str) -> None:
    """Load the demo data at a small scale."""
    asyncio.run(load_demo(database_url, seed=SEED, on=SEED_DAY, scale=SEED_SCALE))


@pytest.fixture(scope="session")
def seeded_template(server: Server, migrated_template: str) -> str:
    """The name of a template with the small demo data."""
    return server.template("seeded", load_small_demo, migrated_template)


@pytest.fixture(scope="session")
def seeded_database_url(server: Server, seeded_template: str) -> str:
    """One database with the small demo data for each worker; tests only read it."""
    return server.create("seeded", seeded_template)


@pytest.fixture
def fresh_seeded_database_url(server: Server, seeded_template: str) -> Iterator[str]:
    """A database with the small demo data for one test that changes it."""
    url = server.create(f"fresh_seeded_{secrets.token_hex(4)}", seeded_template)
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def redis_url(engine_urls: tuple[str, str], engines_dir: Path) -> Iterator[str]:
    """A Valkey database that this worker has for itself, empty at first."""
    with redis.Redis.from_url(engine_urls[1]) as client:
        count = int(client.config_get("databases")["databases"] or 1)
    with free_number(engines_dir, count) as number:
        parts = urlsplit(engine_urls[1])
        if parts.scheme == "unix":
            url = re.sub(r"db=\d+", f"db={number}", engine_urls[1])
        else:
            url = urlunsplit(parts._replace(path=f"/{number}"))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
            yield url
            client.flushdb()


@contextmanager
def free_number(folder: Path, count: int) -> "Generator[int]":
    """Hold a number below ``count`` that no other worker on this machine holds."""
    for number in range(count):
        with (folder / f"redis-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    pytest.fail(f"All {count} Valkey databases are taken: run fewer workers, or end old runs.")
