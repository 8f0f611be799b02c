import base64
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import func, select, update

from models.tables import Client, ClientKey, ClientSecret
from rules.clients import AuthMethod, ClientState, GrantType
from tests.auth.oauth.world import ASSERTION_TYPE, ISSUER, RING, App, World, race

OWN = (GrantType.CLIENT_CREDENTIALS,)
FORM = {"grant_type": "client_credentials"}
ODD = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


async def asserted(world: World, assertion: str, **more: Any) -> httpx.Response:
    form = FORM | {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion} | more
    return await world.http.post("/oauth/token", data=form)


@pytest.mark.parametrize("method", [AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST, AuthMethod.PRIVATE_KEY_JWT])
async def test_an_application_proves_itself_in_its_own_way_only(world: World, method: AuthMethod) -> None:
    app = await world.app(method, grants=OWN)
    others = [await world.app(other, grants=OWN) for other in AuthMethod if other not in (method, AuthMethod.NONE)]

    assert (await world.token(app, FORM)).status_code == 200
    for other in others:
        posed = App(app.id, app.code, other.method, None, secret=app.secret or other.secret, key=app.key or other.key)
        answer = await world.token(posed, FORM)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")
    bare = await world.http.post("/oauth/token", data=FORM | {"client_id": app.code})
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_client")


async def test_two_secrets_live_side_by_side_until_one_ends(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    second = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    await world.run(update(ClientSecret).where(ClientSecret.client_id == second.id).values(client_id=app.id, slot=2))
    newer = App(app.id, app.code, app.method, None, secret=second.secret)
    assert {(await world.token(each, FORM)).status_code for each in (app, newer)} == {200}

    await world.run(
        update(ClientSecret)
        .where(ClientSecret.client_id == app.id, ClientSecret.slot == 1)
        .values(expires_at=func.now())
    )

    assert (await world.token(app, FORM)).status_code == 401
    assert (await world.token(newer, FORM)).status_code == 200


async def test_use_is_noted_once_a_minute(world: World) -> None:
    basic, signed = [
        await world.app(method, grants=OWN) for method in (AuthMethod.SECRET_BASIC, AuthMethod.PRIVATE_KEY_JWT)
    ]
    for app in (basic, signed):
        await world.token(app, FORM)

    async def used() -> list[Any]:
        async with world.database.read() as session:
            return [
                await session.scalar(select(Client.last_used_at).where(Client.id == basic.id)),
                await session.scalar(select(ClientSecret.last_used_at).where(ClientSecret.client_id == basic.id)),
                await session.scalar(select(ClientKey.last_used_at).where(ClientKey.client_id == signed.id)),
            ]

    first = await used()
    for app in (basic, signed):
        await world.token(app, FORM)
    assert None not in first
    assert await used() == first

    await world.run(update(Client).where(Client.id == basic.id).values(last_used_at=first[0] - timedelta(minutes=2)))
    await world.token(basic, FORM)
    assert (await used())[0] > first[0]


async def test_who_proves_himself_in_two_ways_is_refused(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    assert app.secret is not None
    both = {"client_id": app.code, "client_secret": app.secret}

    twice = await world.http.post("/oauth/token", data=FORM | both, auth=(app.code, app.secret))
    another = await world.http.post("/oauth/token", data=FORM | {"client_id": "lain"}, auth=(app.code, app.secret))

    assert twice.json()["error"] == another.json()["error"] == "invalid_request"


@pytest.mark.parametrize("state", [ClientState.SUSPENDED, ClientState.REVOKED])
async def test_a_stopped_application_is_as_unknown_as_any(world: World, state: ClientState) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    await world.run(update(Client).where(Client.id == app.id).values(state=state, ended_at=func.now()))

    stopped = await world.token(app, FORM)
    unknown = await world.token(App(app.id, "app-tidak-ada", app.method, None, secret=app.secret), FORM)

    assert (stopped.status_code, stopped.text) == (unknown.status_code, unknown.text)


async def test_an_assertion_counts_once(world: World) -> None:
    app = await world.app(AuthMethod.PRIVATE_KEY_JWT, grants=OWN)
    assertion = app.assertion()

    answers = await race(8, lambda: asserted(world, assertion))

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_an_assertion_is_by_the_application_for_us_and_for_now(world: World) -> None:
    app = await world.app(AuthMethod.PRIVATE_KEY_JWT, grants=OWN)
    now = int(time.time())
    bad: list[dict[str, Any]] = [
        {"iss": "lain"},
        {"sub": "app-lain"},
        {"sub": None},
        {"sub": 7},
        {"aud": "https://lain.example"},
        {"aud": None},
        {"exp": now - 60},
        {"exp": now + 3600},
        {"exp": None},
        {"exp": 1e400},
        {"exp": True},
        {"iat": now + 90},
        {"nbf": now + 90},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 300},
    ]

    for changed in bad:
        answer = await asserted(world, app.assertion(**changed))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), changed
    for fine in ({"aud": f"{ISSUER}/oauth/token"}, {"aud": [ISSUER, "https://lain.example"]}, {"iat": now + 10}):
        assert (await asserted(world, app.assertion(**fine))).status_code == 200, fine
    named = await asserted(world, app.assertion(), client_id="app-lain")
    assert named.json()["error"] == "invalid_client"


async def test_an_assertion_by_another_key_or_algorithm_is_nothing(world: World) -> None:
    app, other = [await world.app(AuthMethod.PRIVATE_KEY_JWT, grants=OWN) for _ in range(2)]
    assert app.key is not None
    assert other.key is not None
    now = int(time.time())
    claims = {"iss": app.code, "sub": app.code, "aud": ISSUER, "exp": now + 60, "jti": "j"}
    kid = app.key.thumbprint()
    embedded = {"alg": "ES256", "kid": kid, "jwk": other.key.as_dict(private=False)}
    rsa = RSAKey.generate_key(2048)
    forged = [
        jwt.encode({"alg": "ES256", "kid": kid}, claims, other.key, ["ES256"]),
        jwt.encode({"alg": "ES256", "kid": other.key.thumbprint()}, claims, other.key, ["ES256"]),
        jwt.encode(embedded, claims, other.key, ["ES256"]),
        jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.generate_key(256), ["HS256"]),
        jwt.encode({"alg": "RS256", "kid": kid}, claims, rsa, ["RS256"]),
        "eyJhbGciOiJub25lIn0." + jwt.encode({"alg": "ES256"}, claims, app.key, ["ES256"]).split(".")[1] + ".",
        "a.b.c",
        "e30.e30.",
        "W10.W10.W10",
        "x" * 5000,
    ]

    for assertion in forged:
        answer = await asserted(world, assertion)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), assertion
    wrong_type = await asserted(world, app.assertion(), client_assertion_type="urn:lain")
    assert wrong_type.json()["error"] == "invalid_client"


@pytest.mark.parametrize("algorithm", ["PS256", "Ed25519"])
async def test_other_strong_keys_do_as_well(world: World, algorithm: str) -> None:
    app = await world.app(AuthMethod.PRIVATE_KEY_JWT, grants=OWN)
    key = RSAKey.generate_key(2048) if algorithm == "PS256" else OKPKey.generate_key("Ed25519")
    jwk = {**key.as_dict(private=False), "alg": algorithm, "use": "sig", "kid": "lain"}
    async with world.database.write() as session:
        session.add(ClientKey(client_id=app.id, slot=2, kid="lain", jwk=jwk))
    claims = {"iss": app.code, "sub": app.code, "aud": ISSUER, "exp": int(time.time()) + 60, "jti": algorithm}

    assert (await asserted(world, jwt.encode({"alg": algorithm, "kid": "lain"}, claims, key, [algorithm]))).is_success
    assert (await world.token(app, FORM)).is_success


async def test_a_burst_of_failures_is_in_the_audit(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    wrong = App(app.id, app.code, app.method, None, secret="salah")

    for _ in range(25):
        await world.token(wrong, FORM)

    events = await world.audit("client.authentication_failed", subject_id=app.id)
    assert len(events) == 2
    assert events[0].organisation_id == app.organisation_id


async def test_a_secret_is_kept_as_a_hash(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)

    async with world.database.read() as session:
        row = await session.scalar(select(ClientSecret).where(ClientSecret.client_id == app.id))

    assert row is not None
    assert app.secret is not None
    assert app.secret.encode() not in row.hash
    assert row.hash == RING.hash(app.secret.encode(), "client-secret")


@ODD
@given(st.binary(max_size=60))
async def test_any_bytes_may_come_as_basic(world: World, odd: bytes) -> None:
    raw = base64.b64encode(odd).decode()

    for value in (f"Basic {raw}", f"basic  {raw}", "Basic //////8=", "Basic", "Basic é".encode("latin-1")):
        answer = await world.http.post("/oauth/token", data=FORM, headers=[(b"authorization", to_bytes(value))])
        assert answer.status_code in (400, 401), odd
        assert answer.json()["error"] in ("invalid_request", "invalid_client")


@ODD
@given(st.binary(max_size=200))
async def test_any_bytes_may_come_as_a_form(world: World, odd: bytes) -> None:
    for path in ("token", "par", "revoke", "introspect", "device_authorization"):
        for body in (odd, b"grant_type=" + odd, b"client_id=" + odd + b"&grant_type=client_credentials"):
            answer = await world.http.post(
                f"/oauth/{path}", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
            )
            assert answer.status_code in (400, 401), (path, body)
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["error"].isascii()


@ODD
@given(st.text(max_size=30), st.sampled_from(["grant_type", "client_id", "scope", "code", "refresh_token", "token"]))
async def test_any_text_may_come_as_a_parameter(world: World, text: str, name: str) -> None:
    app = await world.app(AuthMethod.SECRET_POST, grants=OWN) if text == "" else None
    form = {"grant_type": "client_credentials", "client_id": app.code if app else "x", name: text}

    answer = await world.http.post("/oauth/token", data=form)

    assert answer.status_code in (400, 401)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"grant_type=client_credentials&scope=a%00b", 400),
        (b"grant_type=client_credentials&scope=%ff%fe", 400),
        (b"grant_type=client_credentials&grant_type=client_credentials", 400),
        (b"&".join(b"a%d=1" % number for number in range(60)), 400),
        (b"grant_type=" + b"x" * 9000, 413),
        (b"grant_type=%22%5c", 400),
        (b"", 400),
    ],
)
async def test_forms_have_bounds(world: World, body: bytes, status: int) -> None:
    answer = await world.http.post(
        "/oauth/token", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


async def test_other_media_are_refused(world: World) -> None:
    assert (await world.http.post("/oauth/token", json=FORM)).status_code == 415
    packed = await world.http.post("/oauth/token", data=FORM, headers={"content-encoding": "gzip"})
    assert packed.status_code == 415
    assert (await world.http.get("/oauth/token")).status_code == 405


async def test_a_key_that_was_taken_away_proves_nothing(world: World) -> None:
    app = await world.app(AuthMethod.PRIVATE_KEY_JWT, grants=OWN)
    replaced = ECKey.generate_key("P-256")
    jwk = {**replaced.as_dict(private=False), "kid": replaced.thumbprint(), "alg": "ES256"}
    await world.run(update(ClientKey).where(ClientKey.client_id == app.id).values(kid=replaced.thumbprint(), jwk=jwk))

    assert (await world.token(app, FORM)).status_code == 401


def to_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize("code", ["a\0b", "\ud800", "é", "\x7f"])
async def test_letters_that_no_client_id_has_are_as_unknown_as_others(world: World, code: str) -> None:
    parts = [{"alg": "ES256"}, {"iss": code, "sub": code, "jti": "1"}]
    written = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    assertion = ".".join([*written, "c2lnbmVk"])

    answer = await asserted(world, assertion)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
