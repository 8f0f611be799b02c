"""A running server with applications and people, and the two real clients that come to it."""

import asyncio
import fcntl
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Any

import pytest

from gateways.message_simulator import Simulator
from ide.build import Node, node_from_wheel, node_on_path
from models.database import Database
from models.sealing import KeyRing
from rules.access import Role
from tests.api.serving.conftest import Process, serving
from tests.clients.world import Casting, World

DRIVER = Path(__file__).parent / "driver"
LOCKED = ("package.json", "package-lock.json", ".npmrc")
INSTALL_TIMEOUT_S = 300
FLOW_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Told:
    """What a run of the driver told: each step, and whether all went well."""

    steps: list[dict[str, Any]]
    code: int
    stderr: str

    @property
    def failed(self) -> list[str]:
        return [f"{each['step']}: {each['why']}" for each in self.steps if not each["ok"]]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the driver's locked packages, which are installed when they are not there yet."""
    found = node_on_path() or node_from_wheel()
    if found is None:
        pytest.fail("There is no Node: run `make test`, which installs it.", pytrace=False)
    wanted = sha256(b"".join((DRIVER / name).read_bytes() for name in LOCKED)).hexdigest()
    stamp = DRIVER / "node_modules" / "inputs.sha256"
    with (DRIVER / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != wanted:
            done = subprocess.run(  # noqa: S603 - npm, of the Node that was found
                [*found.npm, "ci", "--loglevel=error"],
                cwd=DRIVER,
                env=found.environment,
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT_S,
                check=False,
            )
            if done.returncode:
                pytest.fail(f"The driver's packages could not be installed (npm ci): {done.stderr}", pytrace=False)
            stamp.write_text(wanted, encoding="ascii")
    return found


@dataclass(frozen=True, slots=True)
class Stage:
    """A running server, and whoever comes to it."""

    server: Process
    world: World
    casting: Casting


@contextmanager
def simulated_messages(file: Path) -> Generator[str]:
    """Run the simulator of the message provider, and give its address."""
    with Simulator(("127.0.0.1", 0), file) as simulator:
        thread = Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.05}, name="messages")
        thread.start()
        try:
            yield simulator.url
        finally:
            simulator.shutdown()
            thread.join()


@pytest.fixture(scope="session")
async def stage(
    server: Any, seeded_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A server on a database that the clients' tests may write into."""
    url: str = server.create(f"clients_{token_hex(4)}", seeded_template)
    key = token_hex(32)
    data_dir = tmp_path_factory.mktemp("clients")
    messages = data_dir / "messages.jsonl"
    environ = {
        "BEKAL_DATABASE_URL": url,
        "BEKAL_REDIS_URL": redis_url,
        "BEKAL_DATA_DIR": str(data_dir),
        "BEKAL_MASTER_KEYS": f"1:{key}",
        "BEKAL_POOL_SIZE": "4",
        "BEKAL_DRAIN_S": "0",
    }
    database = Database(url, size=2)
    try:
        with simulated_messages(messages) as url_of_messages:
            async with serving(environ | {"BEKAL_MESSAGES_URL": url_of_messages}) as process:
                world = World(issuer=process.url, messages=str(messages))
                casting = Casting(database, KeyRing({1: bytes.fromhex(key)}))
                await casting.applications(world)
                yield Stage(process, world, casting)
    finally:
        await database.close()


Drive = Callable[..., Awaitable[Told]]


@pytest.fixture
async def drive(stage: Stage, node: Node) -> Drive:
    """Runs one flow of the strict client, with people of its own."""

    async def run(flow: str) -> Told:
        people = {
            "participant": await stage.casting.person(),
            "officer": await stage.casting.person(Role.OFFICER),
            "auditor": await stage.casting.person(Role.AUDITOR),
        }
        invitation = await stage.casting.invitation() if flow == "registration" else ""
        world = replace(stage.world, people=people, invitation=invitation)
        return await driven(node, flow, asdict(world))

    return run


async def driven(node: Node, flow: str, world: dict[str, Any]) -> Told:
    """Run a flow of the driver in a world."""
    code, stdout, stderr = await run_node(node, world, "run.mjs", flow)
    lines = [json.loads(line) for line in stdout.split("\n") if line]
    return Told([line for line in lines if "step" in line], code, stderr)


async def run_node(node: Node, told: Any, *arguments: str) -> tuple[int, str, str]:
    """Run one of the driver's programs, and return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(*node.node, *arguments),
        cwd=DRIVER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(FLOW_TIMEOUT_S):
        stdout, stderr = await process.communicate(json.dumps(told).encode())
    assert process.returncode is not None
    return process.returncode, stdout.decode(), stderr.decode()


Approve = Callable[[str], Awaitable[str]]


@pytest.fixture
async def approve(stage: Stage, node: Node) -> Approve:
    """Follows an address as a participant at a browser, who signs in and agrees; gives where the browser ends."""
    person = await stage.casting.person()

    async def browse(url: str) -> str:
        world = asdict(replace(stage.world, people={"participant": person}))
        code, stdout, stderr = await run_node(node, {"world": world, "url": url, "person": "participant"}, "browse.mjs")
        assert code == 0, stderr
        return stdout.strip()

    return browse
