"""An authorization server on a real database."""

import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from auth.oauth.authority import Authority
from auth.oauth.devices import Devices
from auth.oauth.routes import oauth_routes
from auth.site import Site
from models.database import Database
from models.tables import Region
from rules.regions import RegionCode, RegionLevel, TimeZone
from tests.auth.oauth.world import ISSUER, OTHER, RING, World


@pytest.fixture(scope="session")
async def authority(server: Any, migrated_template: str) -> AsyncIterator[Authority]:
    """An authorization server on a database of its own."""
    database = Database(server.create(f"oauth_{secrets.token_hex(4)}", migrated_template), size=8)
    authority = Authority.over(database, Site(ISSUER, RING), more_resources=(OTHER,))
    await authority.keys.refresh()
    async with database.write() as session:
        session.add(
            Region(
                code=RegionCode("31"),
                level=RegionLevel.PROVINCE,
                name="DKI Jakarta",
                time_zone=TimeZone.WIB,
                valid_from=date(2015, 1, 1),
            )
        )
    yield authority
    await database.close()


@pytest.fixture(scope="session")
async def world(authority: Authority) -> AsyncIterator[World]:
    """The server and all who come to it."""
    app = Starlette(routes=oauth_routes(authority))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        yield World(authority, http)


@pytest.fixture
def devices(authority: Authority) -> Devices:
    return Devices(authority)
