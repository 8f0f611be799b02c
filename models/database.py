"""The database for writes, and for the reads that go with them: short transactions that say clearly how they ended.

The graph is read on connections of its own (``engine.pool``).
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NoReturn

import asyncpg
import orjson
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

import models.tables  # noqa: F401  # pyright: ignore[reportUnusedImport] - tables name each other: all or none
from engine.errors import Code, Rejected
from models.leaving import WriteSession, hand_on

LOCK_TIMEOUT_MS = 1_500
"""Nobody holds a row for long: who waits longer than this is better asked to come again. Longer than the second after
which PostgreSQL looks for deadlocks, so that those are told apart, and run anew."""

IDLE_TIMEOUT_MS = 10_000
"""A transaction that does nothing for so long has been forgotten, and holds locks."""

STATEMENTS_MAX = 250
"""Statements that stay prepared on a connection: more than all use cases have."""


class NotWrittenError(Rejected):
    """Nothing was written, through no fault of the caller: the same request may be sent again."""


class ContendedError(NotWrittenError):
    """The database chose this transaction to give way to another. It is worth running anew at once."""


class ConnectionLostError(NotWrittenError):
    """The connection broke before the commit, so that nothing is left. It is worth running anew at once."""


class OutcomeUnknownError(Rejected):
    """The connection broke during the commit. Only the database knows whether the write is there."""


class Database:
    """A bounded pool of connections to the primary."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 4,
        wait_s: float = 0.5,
        statement_timeout_s: float = 3.0,
        name: str = "bekal-write",
    ) -> None:
        self._url = url
        self._name = name
        self._statement_timeout_s = statement_timeout_s
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            pool_size=size,
            max_overflow=0,
            pool_timeout=wait_s,
            pool_use_lifo=True,
            hide_parameters=True,  # an error that is logged names no values
            json_serializer=_json,
            json_deserializer=orjson.loads,
        )
        event.listen(self._engine.sync_engine, "do_connect", self._prepare_to_connect)
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)

    @property
    def claim_timeout_ms(self) -> int:
        """How long to wait for a twin with the same key: a little less than a statement may take."""
        return int(self._statement_timeout_s * 850)

    async def close(self) -> None:
        """Close all connections; who still writes gets to finish first."""
        await self._engine.dispose()

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            NotWrittenError: there is none.
        """
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """Open one READ COMMITTED transaction, commit it at the end of the block, undo it when the block raises.

        Raises:
            NotWrittenError: it was undone for a reason that may pass: no connection, a lock or a statement that took
                too long, a deadlock, a connection that broke.
            OutcomeUnknownError: the connection broke during the commit.
        """
        async with AsyncSession(self._engine, sync_session_class=WriteSession, expire_on_commit=False) as session:
            try:
                await session.begin()
                yield session
                await hand_on(session)
            except (DBAPIError, PoolTimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise_known(error)
            try:
                await session.commit()
            except (DBAPIError, OSError) as error:
                if not _is_lost(error):
                    raise_known(error)
                raise OutcomeUnknownError(
                    Code.UNAVAILABLE,
                    "The connection to the database broke while the write was being committed: it may or may not be "
                    "there. Send the same request with the same key again; it is never done twice.",
                ) from error

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Open one read-only transaction on the primary.

        Raises:
            NotWrittenError: as ``write``.
        """
        async with AsyncSession(self._engine, autoflush=False, expire_on_commit=False) as session:
            try:
                await session.connection(execution_options={"postgresql_readonly": True})
                yield session
            except (DBAPIError, PoolTimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise_known(error)

    def _prepare_to_connect(self, _dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = self._connect
        options["prepared_statement_cache_size"] = STATEMENTS_MAX

    async def _connect(self) -> Any:
        """Make a connection; asyncpg reads the URL itself, so every form that it knows is good here."""
        return await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=self._statement_timeout_s + 1,
            statement_cache_size=STATEMENTS_MAX,
            max_cached_statement_lifetime=0,
            server_settings={
                "application_name": self._name,
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(int(self._statement_timeout_s * 1000)),
                "lock_timeout": str(LOCK_TIMEOUT_MS),
                "idle_in_transaction_session_timeout": str(IDLE_TIMEOUT_MS),
                "jit": "off",
            },
        )


async def clock(session: AsyncSession) -> datetime:
    """Return the database's time at the beginning of the transaction: deadlines are equal on all servers."""
    now = await session.scalar(select(func.now()))
    assert now is not None
    return now


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a write broke."""
    return getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code for what went wrong; None when it did not say."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def raise_known(error: Exception) -> NoReturn:
    """Raise what the caller should be told of a failure that may pass; raise ``error`` itself when it is a bug."""
    state = sqlstate_of(error)
    if isinstance(error, PoolTimeoutError):
        raise NotWrittenError(Code.UNAVAILABLE, "The server is busy. Try again in a moment.") from error
    if state in _CONTENDED or "InvalidCachedStatement" in type(getattr(error, "orig", None)).__name__:
        raise ContendedError(Code.UNAVAILABLE, "Others were changing the same. Send the request again.") from error
    if state == asyncpg.LockNotAvailableError.sqlstate:
        raise NotWrittenError(
            Code.UNAVAILABLE,
            "Somebody else is changing the same; nothing was done. Send the request again in a moment.",
        ) from error
    if state == asyncpg.QueryCanceledError.sqlstate:
        raise NotWrittenError(Code.TIMEOUT, "This took too long; nothing was done. Try again in a moment.") from error
    if _is_lost(error):
        raise ConnectionLostError(
            Code.UNAVAILABLE, "The database cannot be reached; nothing was done. Try again in a moment."
        ) from error
    raise error


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that the server closed meanwhile; that it did is known without asking it."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_CONTENDED = (asyncpg.SerializationError.sqlstate, asyncpg.DeadlockDetectedError.sqlstate)
_LOST_CLASSES = ("08", "57P", "53")
"""Connection failures, a server that goes down or comes up, and one that has no connection left."""


def _is_lost(error: Exception) -> bool:
    if isinstance(error, (OSError, asyncpg.InterfaceError)):
        return True
    lost = isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error.orig, OSError))
    return lost or (sqlstate_of(error) or "").startswith(_LOST_CLASSES)
