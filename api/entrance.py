"""The ways in: signing in, OAuth, and the reading of tokens, put together over one database."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute

from api.keys import key_ring
from api.settings import Environment, Settings, SettingsError
from auth.endings import PATIENCE_S, Endings
from auth.holding import Holding
from auth.leaks import leak_routes
from auth.oauth.authority import Authority
from auth.oauth.devices import Devices
from auth.oauth.routes import oauth_routes
from auth.own_clients import keep_own_clients
from auth.pages.desk import Desk, Persona
from auth.pages.routes import people_routes
from auth.passwords import Passwords
from auth.site import Site
from auth.viewers import Viewers
from demo.people import PEOPLE
from engine.errors import Rejected
from gateways.valkey import Valkey
from models.database import Database
from models.sealing import BrokenSealError

logger = logging.getLogger("bekal.auth")

RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who tells who calls, and the addresses at which people and applications come in."""

    viewers: Viewers
    routes: Sequence[BaseRoute]


async def open_entrance(
    settings: Settings, database: Database, valkey: Valkey | None, opened: AsyncExitStack
) -> Entrance:
    """Open the ways in; ``opened`` closes what they need.

    Raises:
        SettingsError: the database was written with other master keys.
    """
    assert settings.database_url is not None
    site = Site(settings.origin, key_ring(settings), settings.trusted_proxies)
    authority = Authority.over(database, site)
    # A connection of its own: however busy the others are, what ended is seen in time.
    watching = Database(settings.database_url, size=1, statement_timeout_s=PATIENCE_S, name="bekal-endings")
    opened.push_async_callback(watching.close)
    endings = Endings(watching)
    passwords = Passwords()
    opened.callback(passwords.close)
    desk = Desk(site, database, passwords, authority.sessions, authority.pages, personas(settings))
    ready = await _prepare(authority, settings.origin)
    for work in (endings.watch(), _keep_keys(authority, settings.origin, ready=ready)):
        opened.push_async_callback(_stop, asyncio.create_task(work))
    holding = Holding(authority.graph, database, valkey)
    viewers = Viewers(tokens=authority.tokens, prove=holding.check, endings=endings)
    return Entrance(
        viewers, [*oauth_routes(authority), *leak_routes(authority), *people_routes(desk, Devices(authority))]
    )


def personas(settings: Settings) -> list[Persona]:
    """Return whom one click signs in: the people of the demo, and in production nobody, whatever is set."""
    if not settings.demo or settings.environment is not Environment.DEVELOPMENT:
        return []
    return [Persona(person.code, person.labels, person.contact) for person in PEOPLE]


async def _prepare(authority: Authority, origin: str) -> bool:
    """Read the signing keys and write the programme's own applications; return False when it must be tried again."""
    try:
        await authority.keys.refresh()
        await keep_own_clients(authority.database, origin)
    except BrokenSealError as other:
        raise SettingsError([_OTHER_KEYS]) from other
    except (Rejected, DBAPIError):  # no database, or no tables yet: /readyz tells it
        return False
    return True


async def _keep_keys(authority: Authority, origin: str, *, ready: bool) -> None:
    while not ready:
        await asyncio.sleep(RETRY_S)
        with suppress(SettingsError):
            ready = await _prepare(authority, origin)
    await authority.keys.watch()


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


_OTHER_KEYS = (
    "BEKAL_MASTER_KEYS does not open what this database holds: set the keys that it was written with. "
    "Where none were set, they are in master.key of the BEKAL_DATA_DIR that was used."
)
