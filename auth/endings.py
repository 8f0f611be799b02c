"""What has ended before its time: a token is good as long as its grant and its application are.

A token is checked without asking the database, so each process keeps what ended while tokens of it may still be about,
and asks once a second. It asks PostgreSQL itself and nothing in between: that a grant ended is known there first, and
nothing else has to be up. Who cannot ask for ten seconds trusts no token any more.
"""

import asyncio
import logging
from time import monotonic

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.sql.functions import now
from sqlalchemy.types import Interval

from auth.lifetimes import ACCESS_TOKEN, CLOCKS_APART
from engine.errors import Rejected
from models.clients import Client
from models.database import Database
from models.grants import Grant

logger = logging.getLogger("bekal.auth")

REFRESH_S = 1.0
"""An end is seen by every process within this and the time of one statement."""

SPAN = ACCESS_TOKEN + 2 * CLOCKS_APART
"""How long an end matters: as long as a token may be about that was made just before, by a clock that is ahead."""

PATIENCE_S = 2.0
"""How long one look may take; the next one is better than waiting on."""

TRUSTED_S = 10.0
"""How long the last look is good for. Long enough for a database that changes over in between."""


class Endings:
    """The grants and applications that ended while tokens of them may still be about."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: frozenset[str] = frozenset()
        self._good_until = 0.0
        self._away = False

    @property
    def known(self) -> bool:
        """Whether this process has lately been told what ended. If not, no token can be trusted."""
        return monotonic() < self._good_until

    def has(self, id_: str | None) -> bool:
        """Tell whether a grant or an application ended."""
        return id_ in self._ids

    async def refresh(self) -> None:
        """Ask what ended.

        Raises:
            Rejected: the database does not say.
            TimeoutError: nor does it say no.
        """
        asked = monotonic()
        async with asyncio.timeout(PATIENCE_S), self._database.read() as session:
            ended = (await session.scalars(_ENDED, {"span": SPAN})).all()
        self._ids = frozenset(map(str, ended))
        self._good_until = asked + TRUSTED_S

    async def watch(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            try:
                await self.refresh()
            except (Rejected, TimeoutError) as failed:
                self._tell(failed)
            except Exception as failed:
                if not self._away:
                    logger.exception("cannot see what ended")
                self._away = True
                del failed
            else:
                self._tell(None)
            await asyncio.sleep(REFRESH_S)

    def _tell(self, failed: Exception | None) -> None:
        """Log the beginning and the end of an outage, once each."""
        if failed is not None and not self._away:
            logger.warning("cannot see what ended", extra={"reason": type(failed).__name__})
        elif failed is None and self._away:
            logger.info("sees again what ended")
        self._away = failed is not None


_SPAN = bindparam("span", type_=Interval())
_ENDED = union_all(
    select(Grant.id).where(Grant.ended_at > now() - _SPAN),
    select(Client.id).where(Client.ended_at > now() - _SPAN),
)
