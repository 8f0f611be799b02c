import base64
import json
import time
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models.tables import Grant, PushedRequest
from rules.clients import AuthMethod
from tests.auth.oauth.world import ISSUER, App, Flow, Holder, Someone, World, race, returned


async def push(world: World, app: App, query: dict[str, str], holder: Holder | None = None) -> Any:
    return await world.http.post(
        "/oauth/par", headers=holder.headers("/oauth/par") if holder else None, **app.proven(query)
    )


async def named(world: World, app: App, flow: Flow, **changed: Any) -> dict[str, str]:
    answer = await push(world, app, flow.query(**changed))
    assert answer.status_code == 201, answer.text
    return {"client_id": app.code, "request_uri": answer.json()["request_uri"]}


async def fapi(world: World, **more: Any) -> App:
    return await world.app(AuthMethod.PRIVATE_KEY_JWT, fapi2=True, dpop_required=True, **more)


@pytest.mark.parametrize("method", AuthMethod)
async def test_a_request_is_sent_ahead(world: World, method: AuthMethod) -> None:
    app, person = await world.app(method), await world.someone()
    flow = Flow(app)

    answer = await push(world, app, flow.query())
    query = {"client_id": app.code, "request_uri": answer.json()["request_uri"]}

    assert answer.status_code == 201
    assert 0 < answer.json()["expires_in"] < 600
    assert (await world.authorize(query, person)).status_code == 200
    code = returned(await world.decide(query, person))["code"]
    assert (await world.token(app, flow.exchange(code))).status_code == 200


async def test_looking_does_not_use_it_up_but_deciding_does(world: World) -> None:
    app, person = await world.app(AuthMethod.SECRET_BASIC), await world.someone()
    query = await named(world, app, Flow(app))
    for _ in range(3):
        assert (await world.authorize(query, person)).status_code == 200
        assert (await world.authorize(query)).status_code == 303

    answers = await race(8, lambda: world.decide(query, person))

    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 7
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).where(Grant.client_id == app.id)) == 1
    assert (await world.authorize(query, person)).status_code == 400


async def test_who_denied_cannot_be_made_to_allow(world: World) -> None:
    app, person = await world.app(AuthMethod.SECRET_BASIC), await world.someone()
    query = await named(world, app, Flow(app))

    assert returned(await world.decide(query, person, "deny"))["error"] == "access_denied"
    assert (await world.decide(query, person)).status_code == 400


async def test_it_is_of_its_application_and_time(world: World) -> None:
    app, other, person = await world.app(AuthMethod.SECRET_BASIC), await world.app(), await world.someone()
    query = await named(world, app, Flow(app))

    assert (await world.authorize(query | {"client_id": other.code}, person)).status_code == 400
    assert (await world.authorize({"request_uri": query["request_uri"]}, person)).status_code == 400
    assert (await world.authorize(query | {"request_uri": query["request_uri"] + "x"}, person)).status_code == 400
    await world.run(update(PushedRequest).where(PushedRequest.client_id == app.id).values(expires_at=func.now()))
    assert (await world.authorize(query, person)).status_code == 400


async def test_it_waits_while_somebody_signs_in(world: World) -> None:
    app, person = await world.app(AuthMethod.SECRET_BASIC), await world.someone()
    query = await named(world, app, Flow(app))
    await world.authorize(query)
    async with world.database.read() as session:
        left = select(PushedRequest.expires_at - func.now()).where(PushedRequest.client_id == app.id)
        seconds = (await session.scalar(left) or 0).total_seconds()  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue, reportUnknownVariableType]

    assert 600 < seconds <= 1200
    assert "code" in returned(await world.decide(query, person))


async def test_what_was_pushed_cannot_be_changed_by_the_browser(world: World) -> None:
    app, person = await world.app(AuthMethod.SECRET_BASIC), await world.someone()
    query = await named(world, app, Flow(app), scope="openid")

    answer = await world.decide(
        query | {"scope": "openid profile:read", "redirect_uri": "https://evil.example"}, person
    )

    assert answer.headers["location"].startswith(app.redirect)
    async with world.database.read() as session:
        assert await session.scalar(select(Grant.scopes).where(Grant.client_id == app.id)) == ["openid"]


async def test_errors_come_to_the_application_itself(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)
    flow = Flow(app)
    for changed, error in (
        ({"redirect_uri": "https://evil.example"}, "invalid_request"),
        ({"scope": "tidak:ada"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"resource": "https://asing.example"}, "invalid_target"),
        ({"request": "a.b.c"}, "request_not_supported"),
    ):
        answer = await push(world, app, flow.query(**changed))
        assert (answer.status_code, answer.json()["error"]) == (400, error), changed
        assert "location" not in answer.headers
    wrong = App(app.id, app.code, app.method, None, secret="salah")
    assert (await push(world, wrong, flow.query())).status_code == 401
    assert (await push(world, app, flow.query(client_id="app-lain"))).json()["error"] == "invalid_request"


# --- the FAPI 2.0 Security Profile, for applications that are marked so ---------------------------------------------


@pytest.fixture
async def person(world: World) -> Someone:
    return await world.someone()


async def test_fapi_the_whole_way(world: World, person: Someone) -> None:
    app, holder = await fapi(world), Holder()
    flow = Flow(app, nonce="n" * 64)

    query = await named(world, app, flow)
    back = returned(await world.decide(query, person))
    tokens = (await world.token(app, flow.exchange(back["code"]), holder)).json()
    again = await world.refresh(app, tokens["refresh_token"], holder)

    assert back["iss"] == ISSUER
    assert tokens["token_type"] == "DPoP"
    assert json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))["nonce"] == "n" * 64
    assert again.json()["refresh_token"] == tokens["refresh_token"]


async def test_fapi_requests_are_pushed(world: World, person: Someone) -> None:
    app = await fapi(world)

    back = returned(await world.authorize(Flow(app).query(), person))

    assert (back["error"], back["iss"]) == ("invalid_request", ISSUER)


async def test_fapi_pushing_is_authenticated(world: World) -> None:
    app = await fapi(world)

    answer = await world.http.post("/oauth/par", data=Flow(app).query())

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_fapi_assertions_name_the_issuer_and_nothing_else(world: World) -> None:
    app = await fapi(world)
    for audience in (f"{ISSUER}/oauth/token", [ISSUER], [ISSUER, f"{ISSUER}/oauth/par"], f"{ISSUER}/"):
        form = Flow(app).query() | {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": app.assertion(aud=audience),
        }
        assert (await world.http.post("/oauth/par", data=form)).status_code == 401


async def test_fapi_tokens_are_bound(world: World, person: Someone) -> None:
    app = await fapi(world)
    flow = Flow(app)
    code = returned(await world.decide(await named(world, app, flow), person))["code"]

    assert (await world.token(app, flow.exchange(code))).json()["error"] == "invalid_dpop_proof"
    assert (await world.token(app, flow.exchange(code), Holder())).status_code == 200


async def test_fapi_the_redirect_uri_is_in_the_pushed_request(world: World) -> None:
    app = await fapi(world)

    assert (await push(world, app, Flow(app).query(redirect_uri=None))).status_code == 400


async def test_fapi_clocks_may_differ_by_ten_seconds_and_not_by_sixty(world: World) -> None:
    app = await fapi(world)
    now = int(time.time())
    for ahead, status in ((10, 201), (61, 401)):
        for claim in ("iat", "nbf"):
            form = app.proven(Flow(app).query())["data"]
            form["client_assertion"] = app.assertion(**{claim: now + ahead})
            assert (await world.http.post("/oauth/par", data=form)).status_code == status


async def test_fapi_a_used_code_is_refused(world: World, person: Someone) -> None:
    app, holder = await fapi(world), Holder()
    flow = Flow(app)
    code = returned(await world.decide(await named(world, app, flow), person))["code"]
    assert (await world.token(app, flow.exchange(code), holder)).status_code == 200

    assert (await world.token(app, flow.exchange(code), holder)).json()["error"] == "invalid_grant"


async def test_fapi_is_only_for_applications_with_keys(world: World) -> None:
    for method in (AuthMethod.NONE, AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST):
        with pytest.raises(Exception, match="clients_fapi2_profile"):
            await world.app(method, fapi2=True, dpop_required=True)
    with pytest.raises(Exception, match="clients_fapi2_profile"):
        await world.app(AuthMethod.PRIVATE_KEY_JWT, fapi2=True, dpop_required=False)
