"""What the authorization server is made of, handed down as one value, and how much it does at a time."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from auth.oauth.keys import SigningKeys
from auth.oauth.tokens import Tokens
from auth.pages.rendering import Pages
from auth.sessions import Sessions
from auth.site import Site
from models.database import Database

GRAPH: Final = "/graphql"
AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"  # noqa: S105 - a path
PUSH: Final = "/oauth/par"
REVOKE: Final = "/oauth/revoke"
INTROSPECT: Final = "/oauth/introspect"
USERINFO: Final = "/oauth/userinfo"
DEVICE: Final = "/oauth/device_authorization"
REGISTER: Final = "/oauth/register"
JWKS: Final = "/oauth/jwks.json"
END_SESSION: Final = "/oauth/end_session"
VERIFY: Final = "/device"
"""Where people type the code that a device shows."""
SIGN_IN: Final = "/sign-in"

AT_ONCE: Final = 3
"""Requests of the protocol that one process works on: signing is CPU, and the graph must have its turn between."""
WAITING_MAX: Final = 200
WAIT_S: Final = 5.0

BURST: Final = 10
BURST_S: Final = 60.0
"""So many failures of one application within a minute are worth a line in the audit."""
REMEMBERED_MAX: Final = 1_000


class BusyError(Exception):
    """More is asked for than can be done soon. Come back in a moment."""


class Gate:
    """Lets a few through at a time, and sends away who would wait too long."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @asynccontextmanager
    async def pass_through(self) -> AsyncGenerator[None]:
        """Wait for a place and hold it for the block.

        Raises:
            BusyError: there are too many, or it takes too long.
        """
        if self._waiting >= WAITING_MAX:
            raise BusyError
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            raise BusyError from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()


class Failures:
    """Counts how often applications failed to prove who they are."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def is_burst(self, code: str) -> bool:
        """Count one failure of an application; return whether it is the tenth within a minute."""
        now = monotonic()
        times = self._seen.setdefault(code, deque(maxlen=BURST))
        self._seen.move_to_end(code)
        if len(self._seen) > REMEMBERED_MAX:
            self._seen.popitem(last=False)
        times.append(now)
        if len(times) < BURST or now - times[0] > BURST_S:
            return False
        times.clear()
        return True


@dataclass(frozen=True, slots=True)
class Authority:
    """The authorization server."""

    database: Database
    site: Site
    keys: SigningKeys
    tokens: Tokens
    sessions: Sessions
    pages: Pages
    more_resources: tuple[str, ...] = ()
    """Resource servers beside the graph that tokens may be meant for."""
    gate: Gate = field(default_factory=Gate)
    failures: Failures = field(default_factory=Failures)

    @classmethod
    def over(cls, database: Database, site: Site, *, more_resources: tuple[str, ...] = ()) -> "Authority":
        """Return an authority over a database. ``refresh`` its keys before it is asked for tokens."""
        # At DEBUG, Authlib logs the tokens that it hands out.
        logging.getLogger("authlib").setLevel(logging.INFO)
        keys = SigningKeys(database, site.keys)
        tokens = Tokens(site.issuer, keys, site.keys)
        return cls(database, site, keys, tokens, Sessions(site), Pages(site), more_resources)

    @property
    def issuer(self) -> str:
        """The name of this server to all who deal with it."""
        return self.site.issuer

    @property
    def graph(self) -> str:
        """The graph, as tokens name it in ``aud``."""
        return self.issuer + GRAPH

    @property
    def resources(self) -> tuple[str, ...]:
        """All that tokens may be meant for."""
        return (self.graph, *self.more_resources)

    def url(self, path: str) -> str:
        """Return the address of an endpoint, as the world knows it."""
        return self.issuer + path
