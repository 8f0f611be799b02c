import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from api.keys import key_ring
from api.services.messages import FILE, simulated
from api.settings import Settings
from gateways.messages import Messages
from models.database import Database
from models.letters import post
from rules.contacts import contact_of
from rules.letters import Letter
from tests.api.serving.conftest import TIMEOUT_S, running

KEYS = f"1:{'ab' * 32}"


def letter() -> Letter:
    to = contact_of("sari@warga.example")
    assert to is not None
    return Letter(uuid4(), to, "Kode", "123456", datetime.now(UTC) + timedelta(minutes=5))


async def sent(folder: Path, times: int) -> list[dict[str, str]]:
    """Return the messages in the simulator's file, once there are so many."""
    file = folder / FILE
    async with asyncio.timeout(TIMEOUT_S):
        while not file.exists() or len(lines := file.read_text("utf-8").splitlines()) < times:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    return [json.loads(line) for line in lines]


async def test_the_simulator_writes_down_what_would_have_been_sent(tmp_path: Path) -> None:
    with simulated(tmp_path) as url:
        async with Messages(url) as messages:
            await messages.send(letter())

        (message,) = await sent(tmp_path, 1)

    assert (message["to"], message["text"]) == ("sari@warga.example", "123456")


async def test_work_is_done_where_nobody_is_answered(tmp_path: Path, fresh_database_url: str) -> None:
    environ = {"BEKAL_DATABASE_URL": fresh_database_url, "BEKAL_DATA_DIR": str(tmp_path), "BEKAL_MASTER_KEYS": KEYS}
    environ |= {"BEKAL_REDIS_URL": "redis://127.0.0.1:1", "HOME": str(tmp_path)}
    database = Database(fresh_database_url, size=1)
    async with running(environ, "work") as worker:
        await worker.logged("working")
        async with database.write() as session:
            post(session, key_ring(Settings.read(environ)), letter())

        (message,) = await sent(tmp_path, 1)
        worker.signal()
        code = await worker.ended()
    await database.close()

    assert code == 0
    assert message["text"] == "123456"
