"""The client that Python programs use, Authlib's own, gets along with the server over real HTTP."""

import time
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

with warnings.catch_warnings():
    # Authlib would rather have httpx2, which does the same; we have httpx, which everything else here uses.
    warnings.filterwarnings("ignore", "The httpx module is deprecated", DeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

from tests.clients.conftest import Approve, Stage

QUERY = {"query": "{ __typename }"}


class ShortLived(PrivateKeyJWT):
    """Authlib's statements live for an hour, which is longer than Bekal takes. Each claim is made anew for each."""

    def sign(self, auth: Any, token_endpoint: Any) -> bytes:
        self.claims: dict[str, Any] = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)  # pyright: ignore[reportUnknownMemberType] - it has no types


@asynccontextmanager
async def application(stage: Stage, name: str, **more: Any) -> AsyncGenerator[Any]:
    """One of the world's applications, as Authlib has it. Its methods come without types."""
    told = stage.world.clients[name]
    method = told["method"]
    secret: Any = told.get("secret")
    if method == "private_key_jwt":
        secret = ECKey.import_key(told["jwk"])
    client: Any = AsyncOAuth2Client(
        told["id"],
        secret,
        token_endpoint_auth_method=method,
        token_endpoint=f"{stage.world.issuer}/oauth/token",
        redirect_uri=told["redirect"],
        scope=told["scope"],
        code_challenge_method="S256",
        **more,
    )
    if method == "private_key_jwt":
        client.register_client_auth_method(
            ShortLived(stage.world.issuer, headers={"kid": told["jwk"]["kid"]}, alg="ES256")
        )
    async with client:
        yield client


async def signed_in(stage: Stage, client: Any, approve: Approve) -> dict[str, Any]:
    """Sign a person in at a browser, and fetch the tokens; state and issuer are looked at as RFC 9207 asks."""
    verifier = "a" * 43
    url, state = client.create_authorization_url(f"{stage.world.issuer}/oauth/authorize", code_verifier=verifier)
    back = await approve(url)
    answer = parse_qs(urlsplit(back).query)
    assert (answer["iss"], answer["state"]) == ([stage.world.issuer], [state])
    return await client.fetch_token(authorization_response=back, code_verifier=verifier, state=state)


@pytest.mark.parametrize("name", ["public", "basic", "post", "jwt"])
async def test_it_signs_a_person_in_asks_and_renews(stage: Stage, approve: Approve, name: str) -> None:
    async with application(stage, name) as client:
        token = await signed_in(stage, client, approve)

        answer = await client.post(f"{stage.world.issuer}/graphql", json=QUERY)
        user = await client.get(f"{stage.world.issuer}/oauth/userinfo")
        renewed = await client.refresh_token()
        again = await client.post(f"{stage.world.issuer}/graphql", json=QUERY)

    assert token["token_type"] == "Bearer"  # noqa: S105 - the word of the standard
    assert answer.json() == again.json() == {"data": {"__typename": "Query"}}
    assert user.json()["sub"]
    assert renewed["access_token"] != token["access_token"]


@pytest.mark.parametrize("name", ["service", "service-post", "service-jwt"])
async def test_it_speaks_for_an_organisation_and_asks_what_its_token_is_worth(stage: Stage, name: str) -> None:
    async with application(stage, name) as client:
        token = await client.fetch_token(grant_type="client_credentials")
        answer = await client.post(f"{stage.world.issuer}/graphql", json=QUERY)
        told = await client.introspect_token(f"{stage.world.issuer}/oauth/introspect", token=token["access_token"])

    assert answer.status_code == 200
    assert told.json()["active"] is True
    assert told.json()["client_id"] == stage.world.clients[name]["id"]


async def test_it_ends_what_it_was_granted(stage: Stage, approve: Approve) -> None:
    async with application(stage, "basic") as client:
        token = await signed_in(stage, client, approve)
        ended = await client.revoke_token(f"{stage.world.issuer}/oauth/revoke", token=token["refresh_token"])
        told = await client.introspect_token(f"{stage.world.issuer}/oauth/introspect", token=token["access_token"])

        with pytest.raises(OAuthError) as refused:
            await client.refresh_token()

    assert ended.status_code == 200
    assert told.json() == {"active": False}
    assert refused.value.error == "invalid_grant"


async def test_it_is_told_in_plain_words_that_a_secret_is_wrong(stage: Stage) -> None:
    async with application(stage, "service") as client:
        client.client_secret = "wrong"  # noqa: S105 - that is the point

        with pytest.raises(OAuthError) as refused:
            await client.fetch_token(grant_type="client_credentials")

    assert refused.value.error == "invalid_client"
    assert "client_id" in refused.value.description
