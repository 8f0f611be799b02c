import asyncio
from datetime import timedelta
from typing import Any

import pytest

import auth.endings
from auth.endings import SPAN, Endings
from auth.lifetimes import ACCESS_TOKEN
from auth.viewers import UnauthenticatedError
from engine.errors import Code, Rejected
from models.database import Database

Door = Any


async def test_a_token_counts_no_more_when_its_grant_has_ended(door: Door) -> None:
    grant, client = await door.grant()
    header = door.header(door.token(grant, client))
    await door.viewers.identify(header, None)
    await door.connection.execute("UPDATE grants SET ended_at = now(), end_reason = 'WITHDRAWN' WHERE id = $1", grant)

    await door.endings.refresh()

    with pytest.raises(UnauthenticatedError, match="has ended"):
        await door.viewers.identify(header, None)


async def test_nor_when_its_application_has_ended(door: Door) -> None:
    client = await door.application()
    header = door.header(door.token(client=client))
    await door.viewers.identify(header, None)
    await door.connection.execute("UPDATE clients SET ended_at = now(), state = 'SUSPENDED' WHERE id = $1", client)

    await door.endings.refresh()

    with pytest.raises(UnauthenticatedError, match="has ended"):
        await door.viewers.identify(header, None)


async def test_other_peoples_endings_are_of_no_account(door: Door) -> None:
    (ended, _), (grant, client) = await door.grant(), await door.grant()
    await door.connection.execute("UPDATE grants SET ended_at = now(), end_reason = 'REVOKED' WHERE id = $1", ended)

    await door.endings.refresh()

    assert (await door.viewers.identify(door.header(door.token(grant, client)), None)).grant_id == grant


async def test_an_ending_is_forgotten_when_no_token_can_be_left(door: Door) -> None:
    old, _ = await door.grant()
    recent, _ = await door.grant()
    statement = "UPDATE grants SET ended_at = now() - $2::interval, end_reason = 'REVOKED' WHERE id = $1"
    await door.connection.execute(statement, old, SPAN + timedelta(seconds=5))
    await door.connection.execute(statement, recent, ACCESS_TOKEN)

    await door.endings.refresh()

    assert not door.endings.has(str(old))
    assert door.endings.has(str(recent))


async def test_nobody_is_trusted_before_the_first_look_and_long_after_the_last(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = door.header(door.token())
    await door.viewers.identify(header, None)
    now = auth.endings.monotonic()
    monkeypatch.setattr("auth.endings.monotonic", lambda: now + 10.1)

    with pytest.raises(Rejected) as raised:
        await door.viewers.identify(header, None)
    assert raised.value.code is Code.UNAVAILABLE
    assert not Endings(door.database).known

    await door.endings.refresh()
    assert (await door.viewers.identify(header, None)).signed_in


async def test_who_watches_sees_an_ending_by_himself_and_outlives_an_outage(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    monkeypatch.setattr("auth.endings.REFRESH_S", 0.02)
    caplog.set_level("INFO", "bekal.auth")
    grant, _ = await door.grant()
    away = Database(f"postgresql://127.0.0.1:{unused_tcp_port}/bekal", size=1)
    good, door.endings._database = door.endings._database, away
    watching = asyncio.create_task(door.endings.watch())

    await until(lambda: caplog.messages == ["cannot see what ended"])
    door.endings._database = good
    await door.connection.execute("UPDATE grants SET ended_at = now(), end_reason = 'REVOKED' WHERE id = $1", grant)
    await until(lambda: door.endings.has(str(grant)))
    watching.cancel()
    await asyncio.wait([watching])
    await away.close()

    assert caplog.messages == ["cannot see what ended", "sees again what ended"]


async def until(happened: Any) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)
