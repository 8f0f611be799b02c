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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.services.errors import ServiceUnavailableError

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
    def pid(self) -> int:
        """The id of the engine's first process; meaningful while it is alive."""
        return int((self.folder / "pid").read_text(encoding="ascii"))

    def launch(self, command: Sequence[str]) -> None:
        """Start ``command`` in a session of its own, so that neither a Ctrl-C nor our end takes it along.

        Raises:
            ServiceUnavailableError: it runs already, or the machine refused to start it.
        """
        self._put_long_log_aside()
        with self._life() as life, self.log.open("ab") as log:
            if not _locked(life):
                raise ServiceUnavailableError(f"{self.name} runs already under {self.folder}.")
            shell = run_as(
                self.uid,
                ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command],
                stdout=subprocess.PIPE,
                stderr=log.fileno(),
                pass_fds=(life,),
            )
        if shell.returncode:
            raise ServiceUnavailableError(self.complaint("could not be started"))
        (self.folder / "pid").write_bytes(shell.stdout)

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

    def stop(self, signals: Sequence[signal.Signals], timeout_s: float) -> None:
        """Ask the engine to end, each signal stronger than the one before, and wait until it is gone.

        Raises:
            ServiceUnavailableError: it is still there after the last one.
        """
        for sent in signals:
            if not self.alive:
                return
            try:
                os.kill(self.pid, sent)
            except ProcessLookupError:
                pass  # its children are about to notice, and to let the lock go
            deadline = time.monotonic() + timeout_s
            while self.alive and time.monotonic() < deadline:
                time.sleep(POLL_S)
        if self.alive:
            raise ServiceUnavailableError(self.complaint(f"(process {self.pid}) cannot be stopped"))

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
    def _life(self) -> Iterator[int]:
        descriptor = os.open(self.folder / "alive", os.O_RDWR | os.O_CREAT, 0o600)
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
        ServiceUnavailableError: this root may not change its user.
    """
    try:
        return subprocess.run(
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
    except PermissionError as error:
        raise ServiceUnavailableError(
            f"{command[0]} cannot be run as user {uid} ({error.strerror}). PostgreSQL refuses to run as root: start "
            "Bekal as an ordinary user, or set BEKAL_DATABASE_URL and BEKAL_REDIS_URL to servers of your own."
        ) from error


def _locked(descriptor: int) -> bool:
    """Take the lock for as long as ``descriptor`` (or a process that inherits it) is open; False if it is taken."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
