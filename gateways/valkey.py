"""Valkey, or Redis: what may be forgotten. Everything here is quick or given up; nobody fails because it is away."""

from typing import Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TIMEOUT_S = 0.05
"""A cache that takes longer is slower than doing without."""


class ValkeyAwayError(Exception):
    """Valkey did not answer in time, or not at all. Go on without it."""


class Valkey:
    """One server's connections to Valkey."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )

    async def ping(self) -> None:
        """Return when Valkey answers.

        Raises:
            ValkeyAwayError: it does not.
        """
        try:
            await self._client.ping()  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType]
        except (RedisError, OSError) as failed:
            raise ValkeyAwayError(str(failed) or type(failed).__name__) from failed

    async def note_once(self, key: str, life_s: int) -> bool:
        """Keep ``key`` for so many seconds; return False when it is there already. Of parallel twins, one is first.

        Raises:
            ValkeyAwayError: nobody can say.
        """
        try:
            return bool(await self._client.set(key, b"", nx=True, ex=life_s))  # pyright: ignore[reportUnknownMemberType]
        except (RedisError, OSError) as failed:
            raise ValkeyAwayError(str(failed) or type(failed).__name__) from failed

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
