"""Grants, applications, and tokens issued under them."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from auth.endings import Endings
from auth.lifetimes import ACCESS_TOKEN
from auth.oauth.keys import SigningKeys
from auth.oauth.tokens import AccessToken, Tokens
from auth.viewers import Viewers
from models.database import Database
from models.sealing import KeyRing
from rules.access import Role

ORIGIN = "https://graf.example"
GRAPH = f"{ORIGIN}/graphql"
RING = KeyRing({1: b"k" * 32})


@dataclass
class Door:
    """What tells who calls, and what it is made of."""

    database: Database
    keys: SigningKeys
    tokens: Tokens
    endings: Endings
    viewers: Viewers
    connection: "asyncpg.Connection[asyncpg.Record]"
    proofs: list[tuple[bytes, str, str]] = field(default_factory=list[tuple[bytes, str, str]])

    async def application(self) -> UUID:
        """Add an application."""
        return await self.connection.fetchval(
            """
            INSERT INTO clients (code, name, kind, state, sandbox, auth_method, grant_types, scopes, redirect_uris,
                                 dpop_required, fapi2)
            VALUES (gen_random_uuid()::text, 'Uji', 'PUBLIC', 'LIVE', false, 'none', '{}', '{}', '{}', false, false)
            RETURNING id
            """
        )

    async def grant(self) -> tuple[UUID, UUID]:
        """Add what a person granted an application: the keys of the grant and of the application."""
        client = await self.application()
        grant = await self.connection.fetchval(
            """
            WITH person AS (INSERT INTO people (locale, state) VALUES ('id', 'ACTIVE') RETURNING id)
            INSERT INTO grants (person_id, client_id, scopes, audience, methods, authenticated_at, expires_at)
            SELECT id, $1, '{}', '{}', '{pwd}', now(), now() + interval '1 day' FROM person
            RETURNING id
            """,
            client,
        )
        return grant, client

    def token(self, grant: UUID | None = None, client: UUID | None = None, **said: Any) -> AccessToken:
        """Return what a token says that was issued just now."""
        person = uuid4()
        now = self.tokens.now()
        values: dict[str, Any] = {
            "subject": self.tokens.subject(person, "bekal") if grant else "uji",
            "client_code": "uji",
            "client_id": client or uuid4(),
            "scopes": frozenset({"openid", "profile:read"}),
            "role": Role.PARTICIPANT,
            "audience": (GRAPH,),
            "issued_at": now,
            "expires_at": now + int(ACCESS_TOKEN.total_seconds()),
            "grant_id": grant,
        }
        return AccessToken(**(values | said))

    def header(self, token: AccessToken, scheme: str = "Bearer") -> bytes:
        """Return the header that carries a token."""
        return f"{scheme} {self.tokens.mint(token)}".encode()


async def open_door(url: str, prove: Callable[[bytes, str, str], Any] | None = None) -> Door:
    """Put together what tells who calls."""
    database = Database(url, size=1)
    keys = SigningKeys(database, RING)
    await keys.refresh()
    tokens = Tokens(ORIGIN, keys, RING)
    endings = Endings(database)
    await endings.refresh()
    door = Door(database, keys, tokens, endings, Any, await asyncpg.connect(url))  # pyright: ignore[reportArgumentType]

    async def note(proof: bytes, token: str, thumbprint: str) -> str | None:
        door.proofs.append((proof, token, thumbprint))
        return None if proof == b"good" else "This is no proof."

    door.viewers = Viewers(tokens=tokens, prove=prove or note, endings=endings)
    return door


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """The door of one process."""
    made = await open_door(database_url)
    yield made
    await made.connection.close()
    await made.database.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass for tokens."""
    now = time.time

    def pass_by(seconds: float) -> None:
        monkeypatch.setattr("auth.viewers.time", lambda: now() + seconds)

    return pass_by
