"""``python -m benchmarks.token_checks``: what it costs to know who calls, in CPU of the server and without HTTP.

A token that the process has seen before (the common case); one that it sees for the first time; and one that is bound
to a key, seen before as well, with a new proof that is checked each time and noted in Valkey or in PostgreSQL. The
figures are those of one machine, whose cores everybody shares; CPU is that of this process alone.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time, time
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import uvloop
from joserfc import jwt
from joserfc.jwk import ECKey

from api.migrations import upgrade
from api.services import EmbeddedServices
from auth.endings import Endings
from auth.holding import Holding
from auth.oauth.keys import SigningKeys
from auth.oauth.tokens import AccessToken, Tokens
from auth.viewers import Viewers
from gateways.valkey import Valkey
from models.database import Database
from models.sealing import KeyRing
from rules.access import Role, Scope

FOLDER = Path(__file__).parent.parent / ".bekal" / "bench"
ISSUER = "https://graf.example"
GRAPH = f"{ISSUER}/graphql"

SEEN = 100_000
FIRST = 2_000
BOUND = 1_500
TOKENS = 100
"""Callers that take turns: about what one process serves within five minutes of a quiet day."""

Identify = Callable[[bytes, bytes | None], Awaitable[object]]
Credentials = tuple[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one way costs."""

    name: str
    per_s: float
    cpu_us: float
    transactions: float
    """Of PostgreSQL, for each check; what ended is asked for once a second besides, and is counted with them."""


class Bench:
    """The parts of a server that tell who calls, over a database of its own."""

    def __init__(self, database: Database, watching: Database, valkey: Valkey) -> None:
        ring = KeyRing({1: b"k" * 32})
        self._database = database
        self._valkey = valkey
        self._keys = SigningKeys(database, ring)
        self._tokens = Tokens(ISSUER, self._keys, ring)
        self._endings = Endings(watching)
        self._key = ECKey.generate_key("P-256")

    async def figures(self, asked: Callable[[], Awaitable[int]]) -> list[Figure]:
        """Measure each way; ``asked`` tells how many transactions the database has seen."""
        await self._keys.refresh()
        await self._endings.refresh()
        some = [self._bearer() for _ in range(TOKENS)]
        plain, to_valkey, to_postgres = self._viewers(None), self._viewers(self._valkey), self._viewers(None)
        await _run(plain.identify, some)
        token = self._tokens.mint(replace(self._token(), thumbprint=self._key.thumbprint()))
        bound = [self._bound(token) for _ in range(2 * BOUND)]
        ways: list[tuple[str, Identify, Sequence[Credentials]]] = [
            ("seen before", plain.identify, [some[n % TOKENS] for n in range(SEEN)]),
            ("for the first time", plain.identify, [self._bearer() for _ in range(FIRST)]),
            ("bound, noted in Valkey", to_valkey.identify, bound[:BOUND]),
            ("bound, noted in PostgreSQL", to_postgres.identify, bound[BOUND:]),
        ]
        measured: list[Figure] = []
        watching = asyncio.create_task(self._endings.watch())
        for name, identify, credentials in ways:
            before = await asked()
            await self._endings.refresh()
            took_s, cpu_s = await _run(identify, credentials)
            count = len(credentials)
            transactions = (await asked() - before) / count
            measured.append(Figure(name, count / took_s, cpu_s / count * 1e6, transactions))
        watching.cancel()
        await asyncio.wait([watching])
        return measured

    def _viewers(self, valkey: Valkey | None) -> Viewers:
        holding = Holding(GRAPH, self._database, valkey)
        return Viewers(tokens=self._tokens, prove=holding.check, endings=self._endings)

    def _token(self) -> AccessToken:
        now = self._tokens.now()
        return AccessToken(
            subject=self._tokens.subject(uuid4(), "bekal"),
            client_code="graphiql",
            client_id=uuid4(),
            scopes=frozenset({"openid", *Scope}),
            role=Role.OFFICER,
            audience=(GRAPH,),
            issued_at=now,
            expires_at=now + 3600,
            grant_id=uuid4(),
        )

    def _bearer(self) -> Credentials:
        return f"Bearer {self._tokens.mint(self._token())}".encode(), None

    def _bound(self, token: str) -> Credentials:
        claims = {
            "jti": str(uuid4()),
            "iat": int(time()) + 15,  # made all at once, and good until the last one is measured
            "htm": "POST",
            "htu": GRAPH,
            "ath": urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode(),
        }
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        return f"DPoP {token}".encode(), jwt.encode(header, claims, self._key).encode()


async def _run(identify: Identify, credentials: Sequence[Credentials]) -> tuple[float, float]:
    began, cpu = perf_counter(), process_time()
    for authorization, proof in credentials:
        await identify(authorization, proof)
    return perf_counter() - began, process_time() - cpu


@asynccontextmanager
async def _fresh(server_url: str) -> AsyncGenerator[str]:
    """Make a migrated database and drop it in the end."""
    name = f"bench_{uuid4().hex[:8]}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    try:
        await asyncio.to_thread(upgrade, url)
        yield url
    finally:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


async def measure(server_url: str, redis_url: str) -> list[Figure]:
    """Measure on these servers."""
    async with _fresh(server_url) as url, Valkey(redis_url, timeout_s=1) as valkey:
        database, watching = Database(url, size=2), Database(url, size=1)
        name = urlsplit(url).path[1:]
        counter = await asyncpg.connect(server_url)

        async def asked() -> int:
            # Transactions are counted a little later: by whoever asks, when the others have been idle for a second.
            await asyncio.sleep(1.5)
            return await counter.fetchval(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1", name
            )

        try:
            return await Bench(database, watching, valkey).figures(asked)
        finally:
            await counter.close()
            await watching.close()
            await database.close()


def main() -> None:
    """Print what each way costs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with EmbeddedServices.start(FOLDER, durable=False) as services:
        figures = uvloop.run(measure(services.database_url, services.redis_url))
    print(f"{'a token that is':<28}{'checks a second':>16}{'CPU each, µs':>14}{'transactions':>14}")
    for figure in figures:
        print(f"{figure.name:<28}{figure.per_s:>16,.0f}{figure.cpu_us:>14.1f}{figure.transactions:>14.3f}")


if __name__ == "__main__":
    main()
