"""An engine as a process that outlives whoever started it.

Whether it lives is told by the kernel, not by a process id in a file: the engine inherits a locked file, and the lock
falls when the last of its processes is gone. So neither a reused process id nor an unreaped zombie deceives anybody,
and a start never meets the remains of a postmaster that was killed.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from api.services.errors import ServiceUnavailableError
from api.services.places import NOT_REALLY_ROOT

POLL_S = 0.02
LOG_BYTES_MAX = 10_000_000
"""A log past this size is put aside (one generation) at the next start."""
LOG_LINES_SHOWN = 12
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""The engines see nothing of the caller's environment: PGPORT, PGDATA or LANG would change what they do."""


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """One engine: ``folder`` holds its log, its process id and the lock that it lives by."""

    name: str
    folder: Path
    uid: int | None

    @property
    def log(self) -> Path:
        """The engine's own words."""
        return self.folder / "log"

    @property
    def alive(self) -> bool:
        """Whether any process of the engine runs."""
        with self._life() as life:
            return not _locked(life)

    @property
    def pid(self) -> int | None:
        """The id of the engine's first process while it is alive; None while it is still being prepared."""
        file = self.folder / "pid"
        return int(file.read_text(encoding="ascii")) if file.exists() else None

    def prepare(self, command: Sequence[str], uid: int | None) -> None:
        """Run ``command``, which makes what the engine needs, to its end under ``uid`` and the engine's lock.

        When we are killed meanwhile, the next start sees something alive and waits for its end.

        Raises:
            ServiceUnavailableError: it failed.
        """
        (self.folder / "pid").unlink(missing_ok=True)
        with self._lock() as life, self._writing() as log:
            ended = run_as(uid, command, stdout=subprocess.DEVNULL, stderr=log, pass_fds=(life,))
        if ended.returncode:
            raise ServiceUnavailableError(self.complaint("could not be prepared"))

    def launch(self, command: Sequence[str]) -> None:
        """Start ``command`` in a session of its own, so that neither a Ctrl-C nor our end takes it along.

        Raises:
            ServiceUnavailableError: it runs already, or the machine refused to start it.
        """
        self._put_long_log_aside()
        with self._lock() as life, self._writing() as log:
            # The shell leaves the engine to init, so that it never becomes our zombie, and notes the process id even
            # if we are killed meanwhile.
            shell = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command]
            with (self.folder / "pid").open("wb") as pid:
                ended = run_as(self.uid, shell, stdout=pid.fileno(), stderr=log, pass_fds=(life,))
        if ended.returncode:
            raise ServiceUnavailableError(self.complaint("could not be started"))

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until ``ready()``.

        Raises:
            ServiceUnavailableError: the engine ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.alive:
                raise ServiceUnavailableError(self.complaint("ended while it was starting"))
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(self.complaint(f"did not answer within {timeout_s:.0f} seconds"))
            time.sleep(POLL_S)

    def take_over(self, ready: Callable[[], bool], timeout_s: float) -> bool:
        """Tell whether the engine runs already and is ``ready()`` within ``timeout_s``.

        It may be one that a killed start has just begun, or one whose socket was cleaned away from /tmp.
        """
        if not self.alive:
            return False
        try:
            self.wait_until(ready, timeout_s)
        except ServiceUnavailableError:
            return False
        return True

    def stop(self, signals: Sequence[signal.Signals], timeout_s: float) -> None:
        """Ask the engine to end, each signal stronger than the one before, and wait until it is gone.

        Raises:
            ServiceUnavailableError: it is still there after the last one.
        """
        for sent in signals:
            if not self.alive:
                return
            pid = self.pid
            if pid is not None:
                with suppress(ProcessLookupError):  # its children are about to notice, and to let the lock go
                    os.kill(pid, sent)
            deadline = time.monotonic() + timeout_s
            while self.alive and time.monotonic() < deadline:
                time.sleep(POLL_S)
        if self.alive:
            raise ServiceUnavailableError(self.complaint("cannot be stopped"))

    def complaint(self, what: str) -> str:
        """Return a message that says what went wrong, quotes the end of the log and says where the rest is."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        quoted = "".join(f"\n  | {line}" for line in lines[-LOG_LINES_SHOWN:])
        return (
            f"The embedded {self.name} {what}. Its log is {self.log}.{quoted}\n"
            "Cure what the log names, or use a server of your own: BEKAL_DATABASE_URL for PostgreSQL 18, "
            "BEKAL_REDIS_URL for Valkey."
        )

    @contextmanager
    def _life(self) -> "Generator[int]":
        descriptor = os.open(self.folder / "alive", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _lock(self) -> "Generator[int]":
        with self._life() as life:
            if not _locked(life):
                raise ServiceUnavailableError(f"{self.name} runs already under {self.folder}.")
            yield life

    @contextmanager
    def _writing(self) -> "Generator[int]":
        # Private also where others may pass through the folder: statements that fail are logged with their values.
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _put_long_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.rename(self.log.with_suffix(".old"))


def run_as(
    uid: int | None,
    command: Sequence[str],
    *,
    stdout: int,
    stderr: int,
    pass_fds: Sequence[int] = (),
) -> "subprocess.CompletedProcess[bytes]":
    """Run ``command`` to its end under ``uid`` (None: as ourselves), away from our terminal, folder and environment.

    Raises:
        ServiceUnavailableError: it cannot be run, or this root may not change its user.
    """
    try:
        return subprocess.run(  # noqa: S603 -- a list of arguments that is all ours
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=True,
            umask=0o077,
            cwd="/",
            env=ENVIRONMENT,
        )
    except OSError as error:
        remedy = (
            NOT_REALLY_ROOT
            if uid is not None
            else "Is it made for this machine? Set BEKAL_DATABASE_URL and BEKAL_REDIS_URL to servers of your own."
        )
        raise ServiceUnavailableError(f"{command[0]} cannot be run ({error.strerror}). {remedy}") from error


def _locked(descriptor: int) -> bool:
    """Take the lock for as long as ``descriptor`` (or a process that inherits it) is open; False if it is taken."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
