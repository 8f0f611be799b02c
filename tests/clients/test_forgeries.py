"""Access tokens that this server did not sign, or not for this, open nothing: not the graph, nor userinfo."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.clients.conftest import Stage


def encode(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part: str) -> dict[str, Any]:
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


OTHER = ECKey.generate_key("P-256")


@dataclass(frozen=True, slots=True)
class Good:
    """A token of this server, taken apart, and the key that signed it."""

    token: str
    header: dict[str, Any]
    claims: dict[str, Any]
    jwk: dict[str, Any]

    def unsigned(self, algorithm: str) -> str:
        return f"{encode({**self.header, 'alg': algorithm})}.{encode(self.claims)}."

    def mac(self, key: bytes) -> str:
        text = f"{encode({**self.header, 'alg': 'HS256'})}.{encode(self.claims)}"
        return f"{text}.{encode(hmac.digest(key, text.encode(), hashlib.sha256))}"

    def by_another_key(self, **header: Any) -> str:
        return jwt.encode({**self.header, **header, "alg": "ES256"}, self.claims, OTHER, ["ES256"])

    def changed(self, **claims: Any) -> str:
        first, _, last = self.token.split(".")
        return f"{first}.{encode({**self.claims, **claims})}.{last}"

    @property
    def without_signature(self) -> str:
        return self.token.rpartition(".")[0] + "."


FORGERIES: dict[str, Callable[[Good], str]] = {
    "no signature": lambda good: good.unsigned("none"),
    "no signature, in other letters": lambda good: good.unsigned("nOnE"),
    "the signature left out": lambda good: good.without_signature,
    "a MAC with the public key": lambda good: good.mac(json.dumps(good.jwk).encode()),
    "a MAC with the public key in PEM": lambda good: good.mac(ECKey.import_key(good.jwk).as_pem(private=False)),
    "a MAC with nothing": lambda good: good.mac(b""),
    "another key under our name": lambda good: good.by_another_key(),
    "a key that it brings itself": lambda good: good.by_another_key(jwk=OTHER.as_dict(private=False)),
    "a place to fetch the key from": lambda good: good.by_another_key(
        jku="http://127.0.0.1:9/", x5u="http://127.0.0.1:9/"
    ),
    "a key of no name": lambda good: good.by_another_key(kid="../../dev/null"),
    "an unknown key": lambda good: good.by_another_key(kid=OTHER.thumbprint()),
    "claims that were changed": lambda good: good.changed(role="OFFICER", scope="courses:review"),
    "a longer life": lambda good: good.changed(exp=good.claims["exp"] + 3600),
    "a signature of nothing": lambda good: good.without_signature + encode(bytes(64)),
    "a longer signature": lambda good: good.token + "AAAA",
}
NO_TOKENS = ["", "a", "a.b.c", "..", "." * 2000, "e30.e30.", "a" * 100_000, "\x7f", "é"]


@pytest.fixture
async def token(stage: Stage) -> str:
    """A good access token of an institution's application."""
    service = stage.world.clients["service"]
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        response = await http.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, auth=(service["id"], service["secret"])
        )
    return response.json()["access_token"]


async def opened(stage: Stage, authorization: bytes) -> dict[str, int]:
    """Return what each resource answers to a token."""
    headers = {b"authorization": authorization.rstrip(), b"content-type": b"application/json"}
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        graph = await http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
        user = await http.get("/oauth/userinfo", headers=headers)
    return {"graph": graph.status_code, "userinfo": user.status_code}


async def test_the_true_token_opens_the_graph(stage: Stage, token: str) -> None:
    assert (await opened(stage, b"Bearer " + token.encode()))["graph"] == 200


@pytest.mark.parametrize("what", FORGERIES)
async def test_a_forged_token_opens_nothing(stage: Stage, token: str, what: str) -> None:
    header, claims = (decode(part) for part in token.split(".")[:2])
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        keys = (await http.get("/oauth/jwks.json")).json()["keys"]
    (jwk,) = [key for key in keys if key["kid"] == header["kid"]]

    forged = FORGERIES[what](Good(token, header, claims, jwk))

    assert await opened(stage, b"Bearer " + forged.encode()) == {"graph": 401, "userinfo": 401}


@pytest.mark.parametrize("text", NO_TOKENS, ids=lambda text: repr(text)[:20])
async def test_what_is_no_token_opens_nothing(stage: Stage, text: str) -> None:
    statuses = await opened(stage, b"Bearer " + text.encode())

    assert all(status in {400, 401, 431} for status in statuses.values()), statuses


async def test_a_token_counts_in_the_header_alone(stage: Stage, token: str) -> None:
    async with httpx.AsyncClient(base_url=stage.world.issuer) as http:
        query = await http.get("/oauth/userinfo", params={"access_token": token})
        form = await http.post("/oauth/userinfo", data={"access_token": token})

    assert {query.status_code, form.status_code} <= {400, 401, 405, 415}
