import asyncio
from io import StringIO
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from api.app import create_app
from api.assembly import EventsWaitError, TablesBehindError, TablesProbe, WritesProbe
from api.logs import AccessLog, as_json
from api.migrations import upgrade
from api.settings import Background, Settings
from models import events
from models.database import Database


async def test_an_application_without_tables_waits_for_somebody_to_migrate(
    tmp_path: Path, empty_database_url: str, redis_url: str
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=empty_database_url,
        redis_url=redis_url,
        pool_size=1,
        background=Background.ELSEWHERE,
    )
    app = create_app(settings, access=AccessLog(as_json, StringIO()))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bekal") as client,
    ):
        before = await client.get("/readyz")
        await asyncio.to_thread(upgrade, empty_database_url)
        after = await client.get("/readyz")

    assert before.status_code == 503
    assert before.json()["parts"]["schema"] == "failed: its tables are behind; run 'bekal migrate'"
    assert after.status_code == 200


async def test_tables_are_looked_at_until_they_were_good_once(database_url: str, empty_database_url: str) -> None:
    good = TablesProbe(database_url)
    await good()
    await good()

    with pytest.raises(TablesBehindError):
        await TablesProbe(empty_database_url)()


async def test_events_that_nobody_numbers_are_told(fresh_database_url: str) -> None:
    database = Database(fresh_database_url, size=1)
    probe = WritesProbe(database)
    await probe()
    async with database.write() as session:
        await session.execute(
            text(
                "INSERT INTO events (kind, subject_type, subject_id, payload, at)"
                " VALUES ('mark.made', 'mark', uuidv7(), '{}', now() - interval '1 minute')"
            )
        )

    with pytest.raises(EventsWaitError) as told:
        await probe()
    async with database.write() as session:
        await events.number(session)
    await probe()

    assert told.value.public == "events have waited for 60 s; run 'bekal work'"
    await database.close()
