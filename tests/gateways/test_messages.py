"""Messages leave once, however the provider behaves."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateways.message_simulator import Mode, Simulator
from gateways.messages import MessageRefusedError, Messages, MessagesAwayError
from rules.contacts import Contact
from rules.letters import Letter
from rules.people import ContactKind

TO = Contact(ContactKind.PHONE, "+6281234567890")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where messages are written."""
    return tmp_path / "messages.jsonl"


@pytest.fixture
def provider(file: Path) -> Iterator[Simulator]:
    """The provider of messages."""
    with Simulator(("127.0.0.1", 0), file) as simulator:
        thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield simulator
        simulator.mode = Mode.WELL
        simulator.shutdown()
        thread.join()


@pytest.fixture
async def messages(provider: Simulator) -> AsyncIterator[Messages]:
    """The way out."""
    async with Messages(provider.url, timeout_s=0.3, pause_s=0.01) as messages:
        yield messages


def letter(text: str = "123456 adalah kode Anda.", to: Contact = TO) -> Letter:
    """Return a letter of its own."""
    return Letter(uuid4(), to, "Kode", text, datetime.now(UTC) + timedelta(minutes=5))


def lines(file: Path) -> list[Any]:
    """Return what was written down."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def is_private(file: Path) -> bool:
    """Whether nobody else may read a file."""
    return file.stat().st_mode & 0o077 == 0


async def test_a_message_is_shown_and_written_down(messages: Messages, provider: Simulator, file: Path) -> None:
    await messages.send(letter("<b>Halo</b> https://bekal.example/?link=x"))

    async with httpx.AsyncClient(base_url=provider.url) as browser:
        page = (await browser.get("/")).text
        told = (await browser.get("/messages", params={"to": TO.value})).json()
    assert "&lt;b&gt;Halo&lt;/b&gt;" in page
    assert '<a href="https://bekal.example/?link=x">' in page
    assert [message["channel"] for message in told] == ["sms"]
    assert [line["to"] for line in lines(file)] == [TO.value]
    assert is_private(file)


async def test_an_e_mail_goes_by_e_mail(messages: Messages, provider: Simulator) -> None:
    await messages.send(letter(to=Contact(ContactKind.EMAIL, "siti@contoh.id")))

    assert provider.latest("siti@contoh.id")[0]["channel"] == "email"


async def test_a_provider_that_fails_is_asked_thrice(messages: Messages, provider: Simulator) -> None:
    provider.mode = Mode.FAIL

    with pytest.raises(MessagesAwayError, match="HTTP 503"):
        await messages.send(letter())

    assert provider.asked == 3
    assert provider.latest() == []


async def test_one_that_stalls_is_not_waited_for(messages: Messages, provider: Simulator) -> None:
    provider.mode = Mode.STALL

    with pytest.raises(MessagesAwayError):
        await messages.send(letter())


async def test_one_that_lies_does_not_send_twice(messages: Messages, provider: Simulator, file: Path) -> None:
    provider.mode = Mode.LIE
    sent = letter()
    with pytest.raises(MessagesAwayError):
        await messages.send(sent)
    provider.mode = Mode.WELL

    await messages.send(sent)

    assert len(provider.latest()) == 1
    assert len(lines(file)) == 1


async def test_one_that_is_not_there_is_away() -> None:
    async with Messages("http://127.0.0.1:9", timeout_s=0.3, pause_s=0.01) as messages:
        with pytest.raises(MessagesAwayError):
            await messages.send(letter())


async def test_what_the_provider_will_never_take_is_told_from_an_outage(messages: Messages) -> None:
    with pytest.raises(MessageRefusedError, match="HTTP 400"):
        await messages.send(letter("x" * 70_000))


@pytest.mark.parametrize("body", ['{"mode": "odd"}', "[]", "", '{"mode": 1}', "\x00", "{" * 1_000])
async def test_the_simulator_bears_any_bytes(provider: Simulator, body: str) -> None:
    async with httpx.AsyncClient(base_url=provider.url) as client:
        for path in ("/behaviour", "/messages", "/elsewhere"):
            assert (await client.post(path, content=body)).status_code in {400, 404}
        assert (await client.post("/behaviour", json={"mode": "fail"})).json() == {"mode": "fail"}
