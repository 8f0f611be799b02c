"""Put together what answers: pool, graph and engine, and the probes that tell whether they work."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from starlette.routing import BaseRoute

from api.entrance import open_entrance
from api.graphql import Answering, Identifying
from api.health import Probe
from api.keys import cursor_key, key_ring
from api.migrations import MigrationError, pending
from api.settings import Settings
from api.working import working
from engine.limits import Limits
from engine.pool import Pool
from engine.run import Engine
from gateways.valkey import Valkey
from models import events
from models.database import Database
from rules.access import ANONYMOUS
from schema.graph import build
from schema.services import Services

EVENTS_WAIT_MAX_S = 30
"""Events are numbered ten times a second; when one waits so long, nobody is at it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application needs while it runs."""

    engine: Answering
    viewers: Identifying
    probes: Mapping[str, Probe]
    routes: Sequence[BaseRoute] = ()
    """Of the pages on which people sign in, and of OAuth."""


class TablesBehindError(Exception):
    """The database lacks migrations that this program needs."""

    public = "its tables are behind; run 'bekal migrate'"


def build_engine(
    settings: Settings, pool: Pool, *, primary: Pool | None = None, services: Services | None = None
) -> Engine:
    """Return the engine of Bekal's graph. Its declarations are checked, and nothing is asked of the database.

    Without ``services`` it cannot write, nor read what is sealed; ``primary`` is where writes are read back, if that is
    not ``pool``.

    Raises:
        SettingsError: when there is no key to sign cursors with, and none can be made.
    """
    return Engine(
        build(),
        pool,
        cursor_key=cursor_key(settings),
        viewer=ANONYMOUS,
        limits=Limits(
            tokens=settings.max_tokens,
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            cost=settings.max_cost,
        ),
        primary=primary,
        services=services,
    )


@asynccontextmanager
async def real_parts(settings: Settings) -> AsyncGenerator[Parts]:
    """Open every part; close them in reverse when the application ends."""
    assert settings.database_url is not None
    async with AsyncExitStack() as opened:
        pool = _pool(settings, settings.database_replica_url or settings.database_url, settings.pool_size, opened)
        await pool.open()
        primary = None
        if settings.database_replica_url is not None:  # a replica does not have at once what was just written
            primary = _pool(settings, settings.database_url, settings.write_pool_size, opened)
        database = Database(
            settings.database_url,
            size=settings.write_pool_size,
            wait_s=settings.pool_timeout_s,
            statement_timeout_s=settings.statement_timeout_s,
        )
        opened.push_async_callback(database.close)
        tables = TablesProbe(settings.database_url)
        with suppress(TablesBehindError):  # /readyz tells it, until somebody migrates
            await tables()
        probes = {
            "database": Probe(pool.ping, needed=True),
            "schema": Probe(tables, needed=True),
            "writes": Probe(WritesProbe(database), needed=False),
        }
        valkey = None
        if settings.redis_url is not None:
            valkey = await opened.enter_async_context(Valkey(settings.redis_url))
            probes["valkey"] = Probe(valkey.ping, needed=False)
        entrance = await open_entrance(settings, database, valkey, opened)
        if settings.works_here:
            await opened.enter_async_context(working(settings))
        services = Services(database, key_ring(settings))
        engine = build_engine(settings, pool, primary=primary, services=services)
        opened.push_async_callback(engine.finish)
        yield Parts(engine, entrance.viewers, probes, entrance.routes)


def _pool(settings: Settings, url: str, size: int, opened: AsyncExitStack) -> Pool:
    pool = Pool(
        url,
        size=size,
        acquire_timeout_s=settings.pool_timeout_s,
        statement_timeout_s=settings.statement_timeout_s,
    )
    opened.push_async_callback(pool.close)
    return pool


class EventsWaitError(Exception):
    """Nobody numbers events, so that nobody who follows sees them."""

    def __init__(self, waiting_s: float) -> None:
        super().__init__()
        self.public = f"events have waited for {waiting_s:.0f} s; run 'bekal work'"


class WritesProbe:
    """Asks whether the primary can be reached, and whether what was written goes on to those who follow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self) -> None:
        """Return when both is so.

        Raises:
            Rejected: the primary cannot be reached, or all connections to it are taken.
            EventsWaitError: nobody numbers events.
        """
        async with self._database.read() as session:
            waiting_s = await events.oldest_unnumbered_s(session)
        if waiting_s > EVENTS_WAIT_MAX_S:
            raise EventsWaitError(waiting_s)


class TablesProbe:
    """Asks until the tables were once as new as the program; migrations only add, so they stay good enough."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._good = False

    async def __call__(self) -> None:
        """Return when the tables are there.

        Raises:
            TablesBehindError: they are not, and somebody must migrate.
        """
        if self._good:
            return
        try:
            lacking = await asyncio.to_thread(pending, self._database_url)
        except MigrationError:
            lacking = []  # a newer program has migrated: its tables serve this one too
        if lacking:
            raise TablesBehindError
        self._good = True
