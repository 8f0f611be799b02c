from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api.entrance import open_entrance
from api.settings import Settings, SettingsError
from auth.own_clients import GRAPHIQL, keep_own_clients
from models.database import Database
from models.tables import Client
from rules.access import Scope
from rules.clients import ClientKind, ClientState


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    made = Database(fresh_database_url, size=2)
    yield made
    await made.close()


async def graphiql(database: Database) -> Client:
    async with database.read() as session:
        return (await session.scalars(select(Client).where(Client.code == GRAPHIQL))).one()


async def test_graphiql_is_public_may_ask_for_all_and_follows_the_servers_address(database: Database) -> None:
    await keep_own_clients(database, "http://127.0.0.1:8000")
    first = await graphiql(database)
    await keep_own_clients(database, "https://graf.example")
    second = await graphiql(database)

    assert (first.kind, first.organisation_id) == (ClientKind.PUBLIC, None)
    assert set(first.scopes) == {"openid", *Scope}
    assert first.redirect_uris == ["http://127.0.0.1:8000/graphiql"]
    assert (second.id, second.redirect_uris) == (first.id, ["https://graf.example/graphiql"])


async def test_what_an_operator_decided_stays(database: Database) -> None:
    await keep_own_clients(database, "https://graf.example")
    async with database.write() as session:
        await session.execute(update(Client).values(state=ClientState.SUSPENDED))

    await keep_own_clients(database, "https://other.example")

    assert (await graphiql(database)).state is ClientState.SUSPENDED


async def test_master_keys_of_another_installation_are_an_error_at_start(
    database: Database, fresh_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=fresh_database_url, master_keys=((1, b"a" * 32),))
    other = replace(settings, master_keys=((1, b"b" * 32),))

    async def start(with_settings: Settings) -> Any:
        async with AsyncExitStack() as opened:
            return await open_entrance(with_settings, database, None, opened)

    await start(settings)
    with pytest.raises(SettingsError, match="BEKAL_MASTER_KEYS does not open what this database holds"):
        await start(other)
