"""How the embedded engines are shared: the first who needs them starts them, the last who leaves stops them.

Everybody who uses the engines of a data directory holds a shared lock on its file ``holders``. The kernel takes it
away from whoever dies, so a ``kill -9`` leaves running engines that nobody holds; the next start takes them over. The
lock on ``lock`` lets one start or stop at a time happen.
"""

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from api.services.errors import ServiceUnavailableError
from api.services.places import Place, make_folder
from api.services.postgres import Postgres
from api.services.processes import POLL_S
from api.services.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Generator

LOCK_TIMEOUT_S = 120.0
"""Longer than the slowest start that somebody else may be in the midst of."""


class EmbeddedServices:
    """A hold on the embedded engines of a data directory: they run at least until it is released.

    Several holds may exist at once, in one process or in many. Used as a context manager it releases itself.
    A forked child shares its parent's hold; a spawned worker either gets the URLs or takes a hold of its own.
    """

    def __init__(self, data_dir: Path, holding: int, postgres: Postgres | None, valkey: Valkey | None) -> None:
        self.data_dir = data_dir
        self._holding: int | None = holding
        self._postgres = postgres
        self._valkey = valkey

    @classmethod
    def start(
        cls, data_dir: Path, *, postgres: bool = True, valkey: bool = True, durable: bool = True
    ) -> "EmbeddedServices":
        """Hold the engines of ``data_dir``, starting those that do not run. Blocks until they answer.

        With ``durable=False`` a PostgreSQL that is started now forgoes the safety of its files against power cuts.

        Raises:
            ServiceUnavailableError: an engine is missing or does not start, or ``data_dir`` cannot be used.
        """
        data_dir = data_dir.absolute()
        make_folder(data_dir)
        with _one_at_a_time(data_dir):
            place = Place.settle(data_dir)
            holding = _open(data_dir / "holders")
            fcntl.flock(holding, fcntl.LOCK_SH)
            held = cls(
                data_dir, holding, Postgres(place, durable) if postgres else None, Valkey(place) if valkey else None
            )
            try:
                for engine in (held._postgres, held._valkey):
                    if engine is not None:
                        engine.start()
            except BaseException:
                _let_go(holding, data_dir)
                raise
        return held

    @property
    def database_url(self) -> str:
        """The embedded PostgreSQL's URL, for asyncpg.

        Raises:
            ServiceUnavailableError: this hold was started without it.
        """
        if self._postgres is None:
            raise ServiceUnavailableError("The embedded PostgreSQL was not asked for: start with postgres=True.")
        return self._postgres.url

    @property
    def redis_url(self) -> str:
        """The embedded Valkey's URL, for redis-py.

        Raises:
            ServiceUnavailableError: this hold was started without it.
        """
        if self._valkey is None:
            raise ServiceUnavailableError("The embedded Valkey was not asked for: start with valkey=True.")
        return self._valkey.url

    def release(self) -> None:
        """Give the hold back, once. The last one to do so stops the engines, unless they are kept.

        Raises:
            ServiceUnavailableError: an engine does not stop.
        """
        holding, self._holding = self._holding, None
        if holding is not None:
            with _one_at_a_time(self.data_dir):
                _let_go(holding, self.data_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class ServicesStatus:
    """What runs under a data directory: a URL for each engine that runs, and why it runs.

    ``home`` is where the engines' files are, ``kept`` that they stay up until they are taken down, ``held`` that a
    server uses them now.
    """

    data_dir: Path
    home: Path
    database_url: str | None
    redis_url: str | None
    kept: bool
    held: bool


def keep_up(data_dir: Path, *, postgres: bool = True, valkey: bool = True) -> ServicesStatus:
    """Start the engines and let them run on after the caller has ended, until ``take_down``.

    Raises:
        ServiceUnavailableError: as ``EmbeddedServices.start``.
    """
    with EmbeddedServices.start(data_dir, postgres=postgres, valkey=valkey):
        _kept_marker(data_dir).touch(mode=0o600)
    return status(data_dir)


def take_down(data_dir: Path) -> ServicesStatus:
    """Keep the engines up no longer: they stop now, or with the last server that uses them (``held`` tells).

    Raises:
        ServiceUnavailableError: an engine does not stop.
    """
    if data_dir.is_dir():
        with _one_at_a_time(data_dir):
            _kept_marker(data_dir).unlink(missing_ok=True)
            holding = _open(data_dir / "holders")
            try:
                if _is_last(holding):
                    _stop(data_dir)
            finally:
                os.close(holding)
    return status(data_dir)


def status(data_dir: Path) -> ServicesStatus:
    """Say what runs under ``data_dir``; starts nothing. Waits while somebody else starts or stops the engines."""
    data_dir = data_dir.absolute()
    if not data_dir.is_dir():
        return ServicesStatus(data_dir, data_dir, database_url=None, redis_url=None, kept=False, held=False)
    with _one_at_a_time(data_dir):
        return _look(data_dir)


def _look(data_dir: Path) -> ServicesStatus:
    place = Place.of(data_dir)
    holding = _open(data_dir / "holders")
    held = not _is_last(holding)
    os.close(holding)
    postgres, valkey = Postgres(place), Valkey(place)
    return ServicesStatus(
        data_dir=data_dir,
        home=place.home,
        database_url=postgres.url if (place.home / "postgres").is_dir() and postgres.process.alive else None,
        redis_url=valkey.url if (place.home / "valkey").is_dir() and valkey.process.alive else None,
        kept=_kept_marker(data_dir).exists(),
        held=held,
    )


def _let_go(holding: int, data_dir: Path) -> None:
    try:
        if _is_last(holding) and not _kept_marker(data_dir).exists():
            _stop(data_dir)
    finally:
        os.close(holding)


def _stop(data_dir: Path) -> None:
    place = Place.of(data_dir)
    if (place.home / "valkey").is_dir():
        Valkey(place).stop()
    if (place.home / "postgres").is_dir():
        Postgres(place).stop()


def _kept_marker(data_dir: Path) -> Path:
    return data_dir / "kept"


def _is_last(holding: int) -> bool:
    """Tell whether nobody else holds the engines. Leaves the lock exclusive when so: close ``holding`` soon."""
    try:
        fcntl.flock(holding, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ServiceUnavailableError(
            f"{path} cannot be opened ({error.strerror}). Set BEKAL_DATA_DIR to a folder of your own."
        ) from error


@contextmanager
def _one_at_a_time(data_dir: Path) -> "Generator[None]":
    lock = _open(data_dir / "lock")
    try:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while not _is_last(lock):
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(
                    f"Another process has been starting or stopping the engines of {data_dir} for "
                    f"{LOCK_TIMEOUT_S:.0f} seconds. `fuser {data_dir / 'lock'}` names it."
                )
            time.sleep(POLL_S)
        yield
    finally:
        os.close(lock)
