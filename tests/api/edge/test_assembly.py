import asyncio
from io import StringIO
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.assembly import TablesBehindError, TablesProbe
from api.logs import AccessLog, as_json
from api.migrations import upgrade
from api.settings import Background, Settings


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
