"""The read connections: an own short list of asyncpg connections, last in, first out.

A checkout from a general pool costs as much as a whole small query (docs/decisions/). A connection here is used by one
request at a time, its codecs are primed when it is made, and a broken one is replaced.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg

from engine.errors import Code, Rejected

logger = logging.getLogger("bekal.engine")

STATEMENTS_MAX = 250
"""Statements that stay prepared on a connection; a frontend has dozens."""

STATEMENT_BYTES_MAX = 6 << 10
"""A longer one is prepared each time: a rich page has half of it. PostgreSQL holds 60 to 130 times a statement's text
on each connection (measured), so that a connection never holds more than 200 MB, whatever is asked."""


class Unreachable(Rejected):
    """The database does not take a connection. Logged once for each outage, by the pool."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(Code.UNAVAILABLE, "The database cannot be reached. Try again in a moment.")
        self.public = f"cannot be reached ({type(cause).__name__})"
        """What a health report says of it: the kind of failure, and no address."""


class Connection(Protocol):
    """What the engine uses of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> list[Sequence[Any]]:
        """Return the rows of a statement."""
        ...

    def is_closed(self) -> bool:
        """Return whether the connection is of no more use."""
        ...


class Pool:
    """A bounded list of read-only connections to one database."""

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 8,
        acquire_timeout_s: float = 0.5,
        statement_timeout_s: float = 3.0,
        array_types: Iterable[str] = ("text[]",),
    ) -> None:
        self._dsn = dsn
        self._acquire_timeout_s = acquire_timeout_s
        self._statement_timeout_ms = int(statement_timeout_s * 1000)
        self._array_types = tuple(array_types)
        self._idle: list[Any] = []
        self._vacant = size
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._all: set[Any] = set()
        self._reachable = True

    async def open(self) -> None:
        """Make the first connection, so that a wrong address is known at start."""
        connection = await self._connect()
        self._idle.append(connection)

    async def close(self) -> None:
        """Close all connections; requests still running on them fail."""
        connections, self._all, self._idle = list(self._all), set(), []
        await asyncio.gather(*(connection.close() for connection in connections))

    async def ping(self) -> None:
        """Ask the database for an answer; raises what asyncpg or the timer raises when there is none."""
        async with self.connection() as connection:
            await connection.fetch("select 1")

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection for a block; raises as ``acquire``."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            self.release(connection)

    async def acquire(self) -> Connection:
        """Lend a connection, the one that was used last; ``release`` must follow, whatever happens.

        Raises:
            Rejected: UNAVAILABLE, when none is free in time or the database cannot be reached.
        """
        if self._vacant:
            self._vacant -= 1
        else:
            await self._turn()
        try:
            return self._usable() or await self._connect()
        except BaseException:
            self._pass_on()
            raise

    def _usable(self) -> Connection | None:
        """Return the idle connection that was used last; those that the database has closed meanwhile are forgotten."""
        while self._idle:
            connection: Connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._all.discard(connection)
        return None

    def release(self, connection: Connection) -> None:
        """Take a connection back; a broken one is forgotten, and the next who needs one makes it."""
        if connection.is_closed():
            self._all.discard(connection)
        else:
            self._idle.append(connection)
        self._pass_on()

    async def _turn(self) -> None:
        """Wait until somebody passes on what he held: a future and a timer cost half of what ``wait_for`` does."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(self._acquire_timeout_s, _give_up, turn)
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the turn came together with the end of who waited for it
            raise
        finally:
            timer.cancel()

    def _pass_on(self) -> None:
        """Let the one who has waited longest have what was just given back."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._vacant += 1

    async def _connect(self) -> Any:
        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=5,
                command_timeout=self._statement_timeout_ms / 1000 + 1,
                # Statements stay prepared: their texts are few and stable, and PostgreSQL keeps their generic plans.
                statement_cache_size=STATEMENTS_MAX,
                max_cacheable_statement_size=STATEMENT_BYTES_MAX,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": "bekal-read",
                    "default_transaction_read_only": "on",
                    "statement_timeout": str(self._statement_timeout_ms),
                    "jit": "off",
                },
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            if self._reachable:
                logger.exception("the database cannot be reached")
            self._reachable = False
            raise Unreachable(error) from error
        if not self._reachable:
            logger.warning("the database can be reached again")
        self._reachable = True
        try:
            await self._prime(connection)
        except BaseException:
            connection.terminate()
            raise
        self._all.add(connection)
        return connection

    async def _prime(self, connection: Any) -> None:
        """Let the connection meet the types that occur inside records: there it decodes only what it has met."""
        nulls = ", ".join(f"null::{name}" for name in self._array_types)
        await connection.fetch(f"select {nulls}, row(1), array(select row(1))")


def _give_up(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(Rejected(Code.UNAVAILABLE, "The server is busy. Try again in a moment."))
