"""Letters wait for a provider that is away, and are not sent when they are of no use any more."""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateways.message_simulator import Mode, Simulator
from gateways.messages import Messages
from models.database import Database
from models.letters import KIND, post
from models.sealing import KeyRing
from rules.contacts import Contact
from rules.letters import Letter
from rules.people import ContactKind
from workers.jobs import Worker
from workers.letters import letter_sender

KEYS = KeyRing({1: b"k" * 32})
TO = Contact(ContactKind.EMAIL, "siti@contoh.id")


@pytest.fixture
def provider() -> Iterator[Simulator]:
    """The provider of messages."""
    with Simulator(("127.0.0.1", 0)) as simulator:
        thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield simulator
        simulator.shutdown()
        thread.join()


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database of the test's own."""
    database = Database(fresh_database_url)
    yield database
    await database.close()


async def rows(database: Database, statement: str) -> list[Any]:
    """Return rows of a statement."""
    async with database.write() as db:
        answer: Any = await db.execute(text(statement))
        return list(answer) if answer.returns_rows else []


async def work(database: Database, provider: Simulator) -> None:
    """Do all jobs that are due."""
    async with Messages(provider.url, pause_s=0.01) as messages:
        worker = Worker(database, {KIND: letter_sender(KEYS, messages)})
        while await worker.step():
            pass
        await worker.stop()


async def queue(database: Database, minutes: int = 5) -> None:
    """Queue a letter."""
    async with database.write() as db:
        late = datetime.now(UTC) + timedelta(minutes=minutes)
        post(db, KEYS, Letter(uuid4(), TO, "Kode", "123456 adalah kode Anda.", late))


async def test_a_letter_waits_for_a_provider_that_is_away(database: Database, provider: Simulator) -> None:
    await queue(database)
    provider.mode = Mode.FAIL
    await work(database, provider)
    assert provider.latest() == []
    assert await rows(database, "SELECT attempts, failure FROM jobs") == [(1, "MessagesAwayError")]
    provider.mode = Mode.WELL
    await rows(database, "UPDATE jobs SET run_at = now()")

    await work(database, provider)

    assert [message["text"] for message in provider.latest()] == ["123456 adalah kode Anda."]
    assert await rows(database, "SELECT id FROM jobs") == []


async def test_one_that_is_of_no_use_any_more_is_not_sent(database: Database, provider: Simulator) -> None:
    await queue(database, minutes=-1)

    await work(database, provider)

    assert provider.latest() == []
    assert await rows(database, "SELECT id FROM jobs") == []


async def test_no_address_and_no_code_lies_open_in_a_job(database: Database) -> None:
    await queue(database)

    [(payload,)] = await rows(database, "SELECT payload::text FROM jobs")

    assert "siti" not in payload
    assert "123456" not in payload
