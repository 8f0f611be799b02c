import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from auth.holding import Holding
from gateways.valkey import Valkey
from models.database import Database

URL = "https://graf.example/graphql"
TOKEN = "a.b.c"
KEY = ECKey.generate_key("P-256")


def proof(key: ECKey = KEY, token: str = TOKEN, **changed: Any) -> bytes:
    """Return a good proof, but for what is changed."""
    claims = {
        "jti": token_urlsafe(12),
        "iat": int(time.time()),
        "htm": "POST",
        "htu": URL,
        "ath": urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode(),
        **changed,
    }
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, key).encode()


@pytest.fixture(params=["valkey", "postgres", "valkey away"])
async def holding(request: Any, database_url: str, redis_url: str, unused_tcp_port: int) -> AsyncIterator[Holding]:
    """Checks proofs, whatever of the two registers is there."""
    database = Database(database_url, size=4)
    urls = {"valkey": redis_url, "valkey away": f"redis://127.0.0.1:{unused_tcp_port}/0"}
    url = urls.get(request.param)
    if url is None:
        yield Holding(URL, database, None)
    else:
        async with Valkey(url, timeout_s=5) as valkey:
            yield Holding(URL, database, valkey)
    await database.close()


async def check(holding: Holding, shown: bytes, token: str = TOKEN, key: ECKey = KEY) -> str | None:
    return await holding.check(shown, token, key.thumbprint())


async def test_a_proof_counts_once(holding: Holding) -> None:
    shown = proof()

    assert await check(holding, shown) is None
    assert "used before" in (await check(holding, shown) or "")
    assert await check(holding, proof()) is None


async def test_of_eight_at_once_one_counts(holding: Holding) -> None:
    shown = proof()

    told = await asyncio.gather(*(check(holding, shown) for _ in range(8)))

    assert told.count(None) == 1


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"htm": "GET"}, "another request"),
        ({"htu": "https://elsewhere.example/graphql"}, "another request"),
        ({"htu": "https://graf.example/oauth/token"}, "another request"),
        ({"ath": None}, "another token"),
        ({"ath": "x"}, "another token"),
        ({"jti": None}, "no jti"),
        ({"iat": int(time.time()) - 600}, "too old"),
        ({"iat": int(time.time()) + 600}, "from the future"),
    ],
)
async def test_a_proof_is_for_one_request_and_one_token(database_url: str, changed: dict[str, Any], wrong: str) -> None:
    database = Database(database_url, size=1)

    told = await check(Holding(URL, database, None), proof(**changed))
    await database.close()

    assert wrong in (told or "")


async def test_another_key_proves_nothing(database_url: str) -> None:
    database = Database(database_url, size=1)

    told = await check(Holding(URL, database, None), proof(ECKey.generate_key("P-256")))
    none = await check(Holding(URL, database, None), b"")
    odd = await check(Holding(URL, database, None), b"\xff\x00, b")
    await database.close()

    assert "another key" in (told or "")
    assert "send a proof" in (none or "")
    assert odd is not None
