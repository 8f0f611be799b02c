import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from rules.clients import AuthMethod, GrantType
from tests.auth.oauth.world import ISSUER, Flow, Holder, World, race, returned

OWN = (GrantType.CLIENT_CREDENTIALS,)
FORM = {"grant_type": "client_credentials"}


async def sent(world: World, app: Any, *proofs: str) -> Any:
    headers = [("DPoP", proof) for proof in proofs]
    return await world.http.post("/oauth/token", headers=headers, **app.proven(FORM))


async def test_a_token_is_bound_to_the_key_that_was_shown(world: World) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC, grants=OWN), Holder()

    tokens = (await world.token(app, FORM, holder)).json()

    assert tokens["token_type"] == "DPoP"
    assert world.authority.tokens.verify(tokens["access_token"]).thumbprint == holder.thumbprint


async def test_a_proof_counts_once(world: World) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC, grants=OWN), Holder()
    proof = holder.proof("POST", "/oauth/token")

    answers = await race(8, lambda: sent(world, app, proof))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert {answer.json().get("error") for answer in answers} == {None, "invalid_dpop_proof"}


async def test_a_proof_is_for_this_request_and_for_now(world: World) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC, grants=OWN), Holder()
    now = int(time.time())
    bad: list[dict[str, Any]] = [
        {"htm": "GET"},
        {"htm": None},
        {"htu": f"{ISSUER}/oauth/par"},
        {"htu": "https://lain.example/oauth/token"},
        {"htu": "http://graf.example/oauth/token"},
        {"htu": None},
        {"htu": "https://[bad"},
        {"iat": now - 75},
        {"iat": now + 65},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
    ]

    for changed in bad:
        answer = await sent(world, app, holder.proof("POST", "/oauth/token", **changed))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof"), changed
    good: list[dict[str, Any]] = [
        {"iat": now - 50},
        {"iat": now + 9},
        {"htu": f"{ISSUER}/oauth/token?x=1#y"},
        {"htu": "https://GRAF.example:443/oauth/token"},
    ]
    for fine in good:
        assert (await sent(world, app, holder.proof("POST", "/oauth/token", **fine))).status_code == 200, fine


async def test_a_proof_is_signed_by_the_strong_public_key_in_it(world: World) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC, grants=OWN), Holder()
    now = int(time.time())
    claims = {"jti": "j", "htm": "POST", "htu": f"{ISSUER}/oauth/token", "iat": now}
    key, rsa = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024)
    shared = OctKey.generate_key(256)
    good = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    forged = [
        jwt.encode(good | {"typ": "JWT"}, claims, key, ["ES256"]),
        jwt.encode(good | {"jwk": holder.key.as_dict(private=False)}, claims, key, ["ES256"]),
        jwt.encode(good | {"jwk": key.as_dict(private=True)}, claims, key, ["ES256"]),
        jwt.encode({"typ": "dpop+jwt", "alg": "ES256"}, claims, key, ["ES256"]),
        jwt.encode(good | {"alg": "RS256", "jwk": rsa.as_dict(private=False)}, claims, rsa, ["RS256"]),
        jwt.encode(good | {"alg": "PS256", "jwk": weak.as_dict(private=False)}, claims, weak, ["PS256"]),
        jwt.encode(good | {"alg": "HS256", "jwk": shared.as_dict(private=True)}, claims, shared, ["HS256"]),
        "a.b.c",
        "",
        "x" * 5000,
    ]

    for proof in forged:
        answer = await sent(world, app, proof)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof"), proof
    two = await sent(world, app, holder.proof("POST", "/oauth/token"), holder.proof("POST", "/oauth/token"))
    assert two.json()["error"] == "invalid_dpop_proof"
    by_rsa = jwt.encode(good | {"alg": "PS256", "jwk": rsa.as_dict(private=False)}, claims, rsa, ["PS256"])
    assert (await sent(world, app, by_rsa)).status_code == 200


async def test_who_must_show_a_key_gets_nothing_without(world: World) -> None:
    app = await world.app(dpop_required=True)
    flow, person = Flow(app), await world.someone()
    code = await world.code(flow, person)

    bare = await world.token(app, flow.exchange(code))
    held = await world.token(app, flow.exchange(code), Holder())

    assert bare.json()["error"] == "invalid_dpop_proof"
    assert held.json()["token_type"] == "DPoP"


async def test_a_pushed_request_binds_the_code_to_the_key(world: World) -> None:
    app, holder, person = await world.app(AuthMethod.SECRET_BASIC), Holder(), await world.someone()
    flow = Flow(app)
    pushed = await world.http.post("/oauth/par", headers=holder.headers("/oauth/par"), **app.proven(flow.query()))
    query = {"client_id": app.code, "request_uri": pushed.json()["request_uri"]}
    code = returned(await world.decide(query, person))["code"]

    assert (await world.token(app, flow.exchange(code), Holder())).json()["error"] == "invalid_grant"
    assert (await world.token(app, flow.exchange(code), holder)).json()["token_type"] == "DPoP"


@pytest.mark.parametrize("named", ["other", "same"])
async def test_a_pushed_request_names_the_key_that_it_shows(world: World, named: str) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC), Holder()
    jkt = holder.thumbprint if named == "same" else Holder().thumbprint

    query = Flow(app).query(dpop_jkt=jkt)
    answer = await world.http.post("/oauth/par", headers=holder.headers("/oauth/par"), **app.proven(query))

    assert answer.status_code == (201 if named == "same" else 400)
