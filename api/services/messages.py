"""The simulator of the provider of messages, as a process that lives as long as whoever started it."""

import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from api.services.errors import ServiceUnavailableError
from api.services.places import make_folder
from gateways.message_simulator import Simulator

FILE = "messages.jsonl"
"""In the data directory: a line for each message that would have been sent."""

_PROGRAM = "import sys, bekal; from api.services.messages import simulate; simulate(sys.argv[1])"


@contextmanager
def simulated(data_dir: Path) -> Generator[str]:
    """Run the simulator while the block runs, and yield where it is reached.

    Raises:
        ServiceUnavailableError: it does not start.
    """
    make_folder(data_dir)
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _PROGRAM, str(data_dir / FILE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the server, which may have a last letter to send
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise ServiceUnavailableError("The simulator of messages does not start: set BEKAL_MESSAGES_URL instead.")
        yield url
    finally:
        process.communicate()  # its standard input closes, and so it ends


def simulate(file: str) -> None:
    """Be the simulator: say where, and serve until standard input closes, which it does when our parent ends."""
    with Simulator(("127.0.0.1", 0), Path(file)) as simulator:
        threading.Thread(target=simulator.serve_forever, daemon=True).start()
        print(simulator.url, flush=True)  # noqa: T201 - read by who started us
        sys.stdin.read()
        simulator.shutdown()
