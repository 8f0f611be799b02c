"""Processes that hold the embedded engines, and data directories that the engines' own user can reach."""

# pyright: reportUnknownMemberType=false
# redis-py leaves the keyword arguments of its commands without types.

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from api.services import take_down
from api.services.places import may_enter

ROOT = Path(__file__).parent.parent.parent.parent

PACKAGES = sysconfig.get_path("platlib")

PROGRAM = """
import sys
from pathlib import Path
from api.services import EmbeddedServices, ServiceUnavailableError
try:
    with EmbeddedServices.start(Path(sys.argv[1])) as held:
        print(held.database_url, held.redis_url, sep="\\t", flush=True)
        sys.stdin.read()
except ServiceUnavailableError as error:
    sys.exit(str(error))
"""


class Holder:
    """A process that starts the engines of a data directory and holds them until told otherwise."""

    def __init__(self, data_dir: Path, *, uid: int | None = None, path: str = "") -> None:
        self.process = subprocess.Popen(  # noqa: S603 -- our own program
            [interpreter(uid), "-c", PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": f"{path}:{ROOT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=True,
        )

    def urls(self) -> tuple[str, str]:
        """Wait until the engines answer, and return their URLs."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(f"the holder ended: {self.complaint()}")
        database_url, redis_url = line.rstrip("\n").split("\t")
        return database_url, redis_url

    def complaint(self) -> str:
        """Wait for the end, and return what was said about it."""
        return self.process.communicate(timeout=60)[1]

    def leave(self) -> None:
        """Let the process release the engines and end."""
        said = self.complaint()
        assert self.process.returncode == 0, said

    def kill(self) -> None:
        """End the process and its whole group as a closing terminal or a full memory would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.complaint()


def interpreter(uid: int | None) -> str:
    """Return a Python of our version that ``uid`` can run, or skip the test."""
    system = shutil.which(f"python3.{sys.version_info.minor}", path=os.defpath)
    for candidate in (sys.executable, system):
        needed = (Path(candidate or "/nowhere"), Path(PACKAGES), Path(__file__))
        if candidate and (uid is None or all(may_enter(path.resolve().parent, uid) for path in needed)):
            return candidate
    pytest.skip(f"user {uid} can reach no Python {sys.version_info.major}.{sys.version_info.minor} or not the packages")


@pytest.fixture
def hold() -> Iterator[Callable[..., Holder]]:
    """Start holders; those that a failed test leaves are killed."""
    holders: list[Holder] = []

    def start(data_dir: Path, **options: Any) -> Holder:
        holders.append(Holder(data_dir, **options))
        return holders[-1]

    yield start
    for holder in holders:
        if holder.process.poll() is None:
            holder.kill()


@pytest.fixture(scope="session")
def shared_data_dir() -> Iterator[Path]:
    """A data directory that one worker's tests use one after the other, so that it is made once."""
    folder = reachable_folder()
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(shared_data_dir: Path) -> Iterator[Path]:
    """The worker's data directory, with nothing running in it before and after."""
    yield shared_data_dir
    assert take_down(shared_data_dir).database_url is None


@pytest.fixture
def new_folder() -> Iterator[Path]:
    """An empty folder that everybody may enter; whatever runs below it is taken down at the end."""
    folder = reachable_folder()
    yield folder
    for path in (folder, *(child for child in folder.iterdir() if child.is_dir())):
        if (path / "holders").exists():
            take_down(path)
    shutil.rmtree(folder)


def reachable_folder() -> Path:
    """Make a folder; pytest's own are closed to the user that the engines have under root."""
    folder = Path(tempfile.mkdtemp(prefix="bekal-tests-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def ask() -> Callable[[str, str], Any]:
    """Ask a database for one value over a new connection."""

    def run(url: str, statement: str) -> Any:
        async def answer() -> Any:
            connection = await asyncpg.connect(url)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        with asyncio.Runner() as runner:
            return runner.run(answer())

    return run


@pytest.fixture(scope="session")
def ping() -> Callable[[str], bool]:
    """Tell whether a Valkey answers over a new connection."""

    def run(url: str) -> bool:
        with redis.Redis.from_url(url) as client:
            return client.ping()

    return run
