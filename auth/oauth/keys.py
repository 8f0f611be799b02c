"""Keys that sign tokens: made here, published before they sign, and until the last token that they signed is dead."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from joserfc.jwk import ECKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from engine.errors import Rejected
from models.database import Database, clock
from models.sealing import KeyRing
from models.tables import SigningKey

logger = logging.getLogger("bekal.auth")

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
SIGNS_FOR: Final = timedelta(days=30)
PUBLISHED_AHEAD: Final = timedelta(hours=1)
"""Longer than anybody keeps a list of keys: the first token of a key is checked by readers who know it."""
PUBLISHED_AFTER: Final = timedelta(days=1)
"""Longer than any token lives."""
REFRESH_S: Final = 60.0
LIST_KEPT_S: Final = 300
"""How long readers may keep the list of keys."""
_LOCK: Final = (1_650_813_804, 9)


class NoSigningKeyError(Exception):
    """No key is there to sign with: the database was never reached."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key in memory."""

    key: ECKey
    kid: str
    signs_from: datetime
    published_until: datetime


class SigningKeys:
    """The keys that this process knows. It looks for others once a minute, and makes the next one when it is time."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._known: dict[str, KnownKey] = {}

    async def refresh(self) -> None:
        """Read the keys, and make those that are missing.

        Raises:
            Rejected: the database cannot be reached now.
        """
        async with self._database.read() as session:
            known, now = await self._read(session), await clock(session)
        if _is_due(known, now):
            async with self._database.write() as session:
                await session.execute(select(func.pg_advisory_xact_lock(*_LOCK)))
                known = await self._read(session)
                if _is_due(known, now):
                    session.add(self._make(now, now if _signing(known, now) is None else now + PUBLISHED_AHEAD))
                    await session.flush()
                    known = await self._read(session)
        self._known = {each.kid: each for each in known}

    async def watch(self) -> None:
        """Refresh once a minute, until cancelled. What is known stays good while the database is away."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except Rejected as away:
                logger.warning("cannot read the signing keys", extra={"reason": away.code.value})
            except Exception:
                logger.exception("cannot keep the signing keys")

    def signing(self) -> KnownKey:
        """Return the key that signs now.

        Raises:
            NoSigningKeyError: there is none.
        """
        found = _signing(list(self._known.values()), datetime.now(UTC))
        if found is None:
            raise NoSigningKeyError
        return found

    def find(self, kid: object) -> ECKey | None:
        """Return the key of that name, also one that does not sign yet or any more."""
        known = self._known.get(kid) if isinstance(kid, str) else None
        return known.key if known and known.published_until > datetime.now(UTC) else None

    def published(self) -> dict[str, Any]:
        """Return the public keys as a JWK set (RFC 7517)."""
        now = datetime.now(UTC)
        return {"keys": [_public(each) for each in self._known.values() if each.published_until > now]}

    async def _read(self, session: AsyncSession) -> list[KnownKey]:
        statement = select(SigningKey).where(SigningKey.published_until > func.now()).order_by(SigningKey.signs_from)
        return [self._open(row) for row in await session.scalars(statement)]

    def _open(self, row: SigningKey) -> KnownKey:
        if (known := self._known.get(row.kid)) is not None:
            return known
        jwk = orjson.loads(self._ring.unseal(row.private_sealed, _place(row.kid)))
        return KnownKey(ECKey.import_key(jwk), row.kid, row.signs_from, row.published_until)

    def _make(self, now: datetime, signs_from: datetime) -> SigningKey:
        key = ECKey.generate_key(CURVE)
        kid = key.thumbprint()
        # A day more than it should sign: the next key may be late, and there must always be one.
        made = KnownKey(key, kid, signs_from, signs_from + SIGNS_FOR + PUBLISHED_AHEAD + 2 * PUBLISHED_AFTER)
        return SigningKey(
            kid=kid,
            algorithm=ALGORITHM,
            public_jwk=_public(made),
            private_sealed=self._ring.seal(orjson.dumps(key.as_dict(private=True)), _place(kid)),
            created_at=now,
            signs_from=signs_from,
            published_until=made.published_until,
        )


def _public(known: KnownKey) -> dict[str, Any]:
    return {**known.key.as_dict(private=False), "kid": known.kid, "alg": ALGORITHM, "use": "sig"}


def _signing(known: list[KnownKey], now: datetime) -> KnownKey | None:
    """Return the newest key that has begun and whose tokens will be dead before it goes."""
    good = [each for each in known if each.signs_from <= now and each.published_until > now + PUBLISHED_AFTER]
    return max(good, key=lambda each: each.signs_from, default=None)


def _is_due(known: list[KnownKey], now: datetime) -> bool:
    newest = max((each.signs_from for each in known), default=None)
    return newest is None or now >= newest + SIGNS_FOR or _signing(known, now) is None


def _place(kid: str) -> str:
    return f"signing_keys.private_sealed:{kid}"
