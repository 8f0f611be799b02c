from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import func, select, update

from models.tables import Client, ClientKey, Invitation
from rules.access import Role
from rules.clients import ClientState, GrantEnd
from rules.secrets import SecretKind, kind_of
from tests.auth.oauth.world import ISSUER, RING, World, race

METADATA: dict[str, Any] = {
    "client_name": "Kelas Daring",
    "redirect_uris": ["https://kelas.example/kembali"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "profile:read courses:write",
}


def jwk(**more: Any) -> dict[str, Any]:
    key = ECKey.generate_key("P-256")
    return {**key.as_dict(private=False), "kid": key.thumbprint(), **more}


async def register(world: World, token: str, **changed: Any) -> Any:
    metadata = {name: value for name, value in (METADATA | changed).items() if value is not None}
    return await world.http.post("/oauth/register", json=metadata, headers={"Authorization": f"Bearer {token}"})


async def manage(world: World, told: dict[str, Any], method: str = "GET", **changed: Any) -> Any:
    path = told["registration_client_uri"].removeprefix(ISSUER)
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    body = METADATA | {"client_id": told["client_id"]} | changed if method == "PUT" else None
    return await world.http.request(method, path, json=body, headers=headers)


async def test_an_invitation_registers_one_application(world: World) -> None:
    token = await world.invitation()

    answer = await register(world, token)

    assert answer.status_code == 201
    told = answer.json()
    assert kind_of(told["client_secret"]) is SecretKind.LIVE_CLIENT
    assert kind_of(told["registration_access_token"]) is SecretKind.REGISTRATION
    assert told["client_secret_expires_at"] == 0
    assert {name: told[name] for name in METADATA} == METADATA
    own = await world.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(told["client_id"], told["client_secret"])
    )
    assert own.json()["scope"] == "courses:write profile:read"
    async with world.database.read() as session:
        row = await session.scalar(select(Client).where(Client.code == told["client_id"]))
        invitation = await session.scalar(select(Invitation).where(Invitation.client_id == row.id)) if row else None
    assert row is not None
    assert invitation is not None
    assert (row.organisation_id, row.role, row.state) == (
        invitation.organisation_id,
        Role.INSTITUTION,
        ClientState.LIVE,
    )
    [event] = await world.audit("client.registered", subject_id=row.id)
    assert event.organisation_id == row.organisation_id
    assert told["client_secret"] not in str(event.details)


async def test_of_eight_one_registers(world: World) -> None:
    token = await world.invitation()

    answers = await race(8, lambda: register(world, token))

    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 7


async def test_only_an_invitation_registers(world: World) -> None:
    late, used = await world.invitation(), await world.invitation()
    await register(world, used)
    hashes = RING.hashes(late.encode(), SecretKind.INVITATION.purpose)
    await world.run(update(Invitation).where(Invitation.hash.in_(hashes)).values(expires_at=func.now()))

    for token in (late, used, "x", "bkl_inv_" + "0" * 49):
        answer = await register(world, token)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert (await world.http.post("/oauth/register", json=METADATA)).status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_name": None}, "invalid_client_metadata"),
        ({"client_name": "Bekal Resmi"}, "invalid_client_metadata"),
        ({"client_name": "a\u202eb"}, "invalid_client_metadata"),
        ({"redirect_uris": ["https://*.example/x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://kelas.example/x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://kelas.example/x#y"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://kelas.example"}, "invalid_client_metadata"),
        ({"redirect_uris": [7]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        (
            {"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"], "redirect_uris": []},
            "invalid_client_metadata",
        ),
        (
            {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": []},
            "invalid_client_metadata",
        ),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": []}, "invalid_client_metadata"),
        ({"scope": "courses:review"}, "invalid_client_metadata"),
        ({"scope": 'a"b\\'}, "invalid_client_metadata"),
        ({"scope": ["profile:read"]}, "invalid_client_metadata"),
        ({"jwks_uri": "http://169.254.169.254/"}, "invalid_client_metadata"),
        ({"software_statement": "a.b.c"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}}, "invalid_client_metadata"),
        ({"fapi2": True}, "invalid_client_metadata"),
        ({"fapi2": "yes"}, "invalid_client_metadata"),
    ],
)
async def test_what_may_not_be_is_refused_and_costs_no_invitation(
    world: World, changed: dict[str, Any], error: str
) -> None:
    token = await world.invitation()

    answer = await register(world, token, **changed)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await register(world, token)).status_code == 201


async def test_keys_are_public_strong_and_told_apart(world: World) -> None:
    token, good = await world.invitation(), jwk()
    private = {**ECKey.generate_key("P-256").as_dict(private=True), "kid": "p"}
    rsa = {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "r", "use": "enc"}
    more: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt"}
    wrong: list[Any] = [
        [],
        [private],
        [rsa],
        [good, good],
        [good, jwk(), jwk()],
        [{}],
        ["x"],
        [{"kty": "oct", "k": "AA"}],
        7,
    ]
    for keys in wrong:
        answer = await register(world, token, jwks={"keys": keys}, **more)
        assert answer.json()["error"] == "invalid_client_metadata", keys
    assert (await register(world, token, jwks="x", **more)).json()["error"] == "invalid_client_metadata"

    told = (await register(world, token, jwks={"keys": [good]}, **more)).json()

    assert "client_secret" not in told
    assert [key["kid"] for key in told["jwks"]["keys"]] == [good["kid"]]


async def test_a_sandbox_invitation_makes_a_sandbox_application(world: World) -> None:
    told = (await register(world, await world.invitation(sandbox=True))).json()

    assert kind_of(told["client_secret"]) is SecretKind.TEST_CLIENT


async def test_an_application_looks_after_itself(world: World) -> None:
    told = (await register(world, await world.invitation())).json()

    read = await manage(world, told)
    changed = await manage(world, told, "PUT", client_name="Nama Baru", scope="profile:read")

    assert read.status_code == 200
    assert "client_secret" not in read.json()
    assert read.json()["registration_access_token"] == told["registration_access_token"]
    assert changed.json()["client_name"] == "Nama Baru"
    assert changed.json()["scope"] == "profile:read"
    for wrong in (
        {"client_id": "lain"},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]},
        {"scope": "courses:review"},
        {"client_secret": "salah"},
        {"registration_access_token": "x"},
    ):
        assert (await manage(world, told, "PUT", **wrong)).status_code == 400, wrong
    assert (await manage(world, told)).json()["client_name"] == "Nama Baru"


async def test_keys_follow_one_another(world: World) -> None:
    first, second, third = jwk(), jwk(), jwk()
    more = {"token_endpoint_auth_method": "private_key_jwt"}
    told = (await register(world, await world.invitation(), jwks={"keys": [first]}, **more)).json()
    for keys in ([first, second], [second, third], [third]):
        answer = await manage(world, told, "PUT", jwks={"keys": keys}, **more)
        assert {key["kid"] for key in answer.json()["jwks"]["keys"]} == {key["kid"] for key in keys}

    async with world.database.read() as session:
        left = select(ClientKey.kid).join(Client, Client.id == ClientKey.client_id)
        assert (await session.scalars(left.where(Client.code == told["client_id"]))).all() == [third["kid"]]


async def test_only_its_own_token_opens_a_registration(world: World) -> None:
    told, other = [(await register(world, await world.invitation())).json() for _ in range(2)]

    for token in (other["registration_access_token"], told["client_secret"], "x"):
        answer = await manage(world, told | {"registration_access_token": token})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    unknown = told | {"registration_client_uri": f"{ISSUER}/oauth/register/app-tidak-ada"}
    assert (await manage(world, unknown)).status_code == 401


async def test_an_application_can_end_itself(world: World) -> None:
    told = (await register(world, await world.invitation())).json()
    async with world.database.read() as session:
        row = await session.scalar(select(Client).where(Client.code == told["client_id"]))
    assert row is not None

    assert (await manage(world, told, "DELETE")).status_code == 204

    assert (await manage(world, told)).status_code == 401
    own = await world.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(told["client_id"], told["client_secret"])
    )
    assert own.status_code == 401
    assert len(await world.audit("client.revoked", subject_id=row.id)) == 1
    assert GrantEnd.CLIENT_ENDED


async def test_two_of_one_name_are_told_apart(world: World) -> None:
    first, token = await world.invitation(), await world.invitation()
    one = (await register(world, first)).json()
    async with world.database.read() as session:
        owner = await session.scalar(select(Client.organisation_id).where(Client.code == one["client_id"]))
    hashes = RING.hashes(token.encode(), SecretKind.INVITATION.purpose)
    await world.run(update(Invitation).where(Invitation.hash.in_(hashes)).values(organisation_id=owner))

    assert (await register(world, token)).json()["error"] == "invalid_client_metadata"
    assert (await register(world, token, client_name="Lain")).status_code == 201


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=100))
async def test_any_bytes_may_come_as_metadata(world: World, odd: bytes) -> None:
    for body in (odd, b"{" + odd, b'{"client_name": "' + odd + b'"}'):
        answer = await world.http.post(
            "/oauth/register",
            content=body,
            headers={"content-type": "application/json", "authorization": "Bearer bkl_inv_x"},
        )
        assert answer.status_code in (400, 401)


async def test_metadata_has_bounds(world: World) -> None:
    token = await world.invitation()

    assert (await register(world, token, client_name="x" * 40_000)).status_code == 413
    for client_name in ("a\0b", "x" * 61, 7, None):
        assert (await register(world, token, client_name=client_name)).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_letters_that_no_client_id_has_open_nothing(world: World, method: str) -> None:
    told = (await register(world, await world.invitation())).json()

    answer = await manage(world, told | {"registration_client_uri": f"{ISSUER}/oauth/register/a%00b"}, method)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
