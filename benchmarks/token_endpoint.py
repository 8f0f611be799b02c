"""``python -m benchmarks.token_endpoint``: the token endpoint under 30 clients at once, and what it does to the loop.

Three loads in turns, each by 30 clients that wait for their answer before they ask again: tokens by a secret; tokens
by a signed statement, bound to a key; and, to compare, a small question to the graph with a token. Ratios count; the
figures are those of one machine, whose cores the database, this program and everybody else share.
"""

import asyncio
import json
import os
import signal
import statistics
import sys
import time
from argparse import ArgumentParser
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select

from api.migrations import upgrade
from api.services import EmbeddedServices
from benchmarks.processes import CURSOR_KEY, cpu_s, free_port
from demo.load import load_demo
from models.database import Database
from models.sealing import KeyRing
from models.tables import Client, ClientKey, ClientSecret, Provider
from rules.access import Role
from rules.clients import AuthMethod, ClientKind, ClientState, GrantType
from rules.secrets import SecretKind, hint_of, make_secret

FOLDER = Path(__file__).parent.parent / ".bekal" / "bench"
CLIENTS = 30
WARM_UP_S = 1.0
SCOPES = ["courses:read", "courses:write"]


@dataclass(frozen=True, slots=True)
class Application:
    """An application that gets tokens for its organisation."""

    name: str
    secret: str
    key: ECKey
    kid: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One load, once."""

    rate: float
    """Answers in a second."""
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Of the server, for one answer, without what it takes idle."""
    longest_ms: float
    """The longest time for which the loop did nothing else."""
    p999_ms: float


@dataclass(slots=True)
class Watched:
    """A server under measurement."""

    process: asyncio.subprocess.Process
    url: str

    async def gaps(self) -> dict[str, float]:
        """Return how late the loop was since the last call."""
        self.process.send_signal(signal.SIGUSR1)
        assert self.process.stderr is not None
        return json.loads(await self.process.stderr.readline())


Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


async def main(rounds: int, seconds: float) -> None:
    """Measure all loads in turns, and print the medians."""
    with EmbeddedServices.start(FOLDER) as engines:
        url = await _fresh(engines.database_url)
        by_secret, by_key = await _register(url)
        async with _served(url, engines.redis_url) as server:
            loads = await _loads(server, by_secret, by_key)
            samples: dict[str, list[Sample]] = {name: [] for name in loads}
            for ask in loads.values():
                await _sample(server, ask, WARM_UP_S, 0.0)
            idle = await _idle(server, seconds)
            for _ in range(rounds):
                for name, ask in loads.items():
                    samples[name].append(await _sample(server, ask, seconds, idle))
    _tell(samples)


async def _fresh(database_url: str) -> str:
    """Return the URL of a database with a small programme, made anew."""
    name = "bekal_tokens"
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(database_url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    await asyncio.to_thread(upgrade, url)
    await load_demo(url, on=date(2026, 11, 1), scale=0.02)
    return url


async def _register(url: str) -> tuple[Application, Application]:
    """Write two applications of an institution: one with a secret, one with a key, whose tokens are bound."""
    ring = KeyRing({1: bytes.fromhex(CURSOR_KEY)})
    database = Database(url, size=1)
    made: list[Application] = []
    async with database.write() as session:
        owner = await session.scalar(select(Provider.organisation_id).order_by(Provider.id).limit(1))
        for method in (AuthMethod.SECRET_BASIC, AuthMethod.PRIVATE_KEY_JWT):
            secret = make_secret(SecretKind.LIVE_CLIENT, token_bytes(32))
            key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"})
            client = Client(
                code=f"bench-{token_hex(4)}",
                name=method.value,
                organisation_id=owner,
                role=Role.INSTITUTION,
                kind=ClientKind.CONFIDENTIAL,
                state=ClientState.LIVE,
                sandbox=False,
                auth_method=method,
                grant_types=[GrantType.CLIENT_CREDENTIALS.value],
                scopes=SCOPES,
                redirect_uris=[],
                dpop_required=False,
                fapi2=False,
            )
            hashed = ring.hash(secret.encode(), SecretKind.LIVE_CLIENT.purpose)
            public = {**key.as_dict(private=False), "kid": str(key.thumbprint())}
            session.add(client)
            await session.flush()
            session.add(ClientSecret(client_id=client.id, slot=1, hash=hashed, hint=hint_of(secret)))
            session.add(ClientKey(client_id=client.id, slot=1, kid=public["kid"], jwk=public))
            made.append(Application(client.code, secret, key, key.thumbprint()))
    await database.close()
    return made[0], made[1]


@asynccontextmanager
async def _served(url: str, redis_url: str) -> AsyncGenerator[Watched]:
    port = free_port()
    environment = {
        "BEKAL_DATABASE_URL": url,
        "BEKAL_REDIS_URL": redis_url,
        "BEKAL_CURSOR_KEY": CURSOR_KEY,
        "BEKAL_MASTER_KEYS": f"1:{CURSOR_KEY}",
        "BEKAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BEKAL_MESSAGES_URL": "http://127.0.0.1:9",
        "BEKAL_PORT": str(port),
        "BEKAL_DRAIN_S": "0",
        "BEKAL_DATA_DIR": str(FOLDER),
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BEKAL_")}
    with (FOLDER / "watched.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.watched"),
            env=kept | environment,
            stdout=log,
            stderr=asyncio.subprocess.PIPE,
        )
    server = Watched(process, environment["BEKAL_PUBLIC_URL"])
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as http:
            while not await _is_ready(http, server.url):  # noqa: ASYNC110 - another process's event
                await asyncio.sleep(0.1)
        yield server
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).is_success
    except httpx.TransportError:
        return False


async def _loads(server: Watched, by_secret: Application, by_key: Application) -> dict[str, Ask]:
    token_url = f"{server.url}/oauth/token"
    holder = ECKey.generate_key("P-256")
    shown: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": holder.as_dict(private=False)}

    async def secret(http: httpx.AsyncClient) -> httpx.Response:
        form = {"grant_type": "client_credentials"}
        return await http.post(token_url, data=form, auth=(by_secret.name, by_secret.secret))

    async def key(http: httpx.AsyncClient) -> httpx.Response:
        now = int(time.time())
        who = {"iss": by_key.name, "sub": by_key.name, "aud": server.url, "exp": now + 60, "jti": str(uuid4())}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256", "kid": by_key.kid}, who, by_key.key),
        }
        proof = jwt.encode(shown, {"htm": "POST", "htu": token_url, "iat": now, "jti": str(uuid4())}, holder)
        return await http.post(token_url, data=form, headers={"dpop": proof})

    async with httpx.AsyncClient() as http:
        token = (await secret(http)).json()["access_token"]

    async def graph(http: httpx.AsyncClient) -> httpx.Response:
        question = {"query": "{ categories { code name } }"}
        return await http.post(f"{server.url}/graphql", json=question, headers={"authorization": f"Bearer {token}"})

    return {"token by secret": secret, "token by key, bound": key, "graph with token": graph}


async def _idle(server: Watched, seconds: float) -> float:
    """Return the processor time that the server takes in a second while nobody asks: loops that look for work."""
    cpu = cpu_s(server.process.pid)
    await asyncio.sleep(seconds)
    return (cpu_s(server.process.pid) - cpu) / seconds


async def _sample(server: Watched, ask: Ask, seconds: float, idle: float) -> Sample:
    took: list[float] = []
    await server.gaps()
    cpu = cpu_s(server.process.pid)
    began = time.perf_counter()

    async def client() -> None:
        async with httpx.AsyncClient(timeout=30) as http:
            while (asked := time.perf_counter()) < began + seconds:
                answer = await ask(http)
                if not answer.is_success:
                    raise SystemExit(f"The server answers {answer.status_code}: {answer.text[:500]}")
                took.append(time.perf_counter() - asked)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    lasted = time.perf_counter() - began
    cpu = cpu_s(server.process.pid) - cpu - idle * lasted
    gaps = await server.gaps()
    took.sort()
    p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
    return Sample(len(took) / lasted, p50, p99, cpu / len(took) * 1000, gaps["longest_ms"], gaps["p999_ms"])


def _tell(samples: dict[str, list[Sample]]) -> None:
    print(f"{CLIENTS} clients at once; medians of {len(next(iter(samples.values())))} rounds, longest gap of all")
    print(f"{'':22}{'answers/s':>10}{'p50 ms':>8}{'p99 ms':>8}{'CPU ms':>8}{'gap p99.9':>11}{'longest':>9}")
    for name, each in samples.items():
        middle = {
            field: statistics.median(getattr(sample, field) for sample in each)
            for field in ("rate", "p50_ms", "p99_ms", "cpu_ms", "p999_ms")
        }
        longest = max(sample.longest_ms for sample in each)
        print(
            f"{name:22}{middle['rate']:10.0f}{middle['p50_ms']:8.1f}{middle['p99_ms']:8.1f}{middle['cpu_ms']:8.2f}"
            f"{middle['p999_ms']:11.1f}{longest:9.1f}"
        )
    *tokens, graph = samples.values()
    for name, each in zip(samples, tokens, strict=False):
        ratio = statistics.median(one.cpu_ms / other.cpu_ms for one, other in zip(each, graph, strict=True))
        print(f"{name}: {ratio:.1f} times the processor time of a small question to the graph")


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m benchmarks.token_endpoint", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.seconds))
