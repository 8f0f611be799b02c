import logging
from dataclasses import replace
from typing import Any

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from sqlalchemy import func, update

from auth.oauth.metadata import server_metadata
from auth.oauth.server import answer
from models.tables import BrowserSession, Client, Contact, Grant
from rules.access import Scope
from rules.clients import AuthMethod, ClientState, GrantEnd, GrantType
from tests.auth.oauth.world import GRAPH, ISSUER, App, Flow, Holder, Someone, World, cookies

OWN = (GrantType.CLIENT_CREDENTIALS,)


async def introspect(world: World, app: App, token: str) -> Any:
    return await world.http.post("/oauth/introspect", **app.proven({"token": token}))


async def revoke(world: World, app: App, token: str, **more: str) -> Any:
    return await world.http.post("/oauth/revoke", **app.proven({"token": token} | more))


async def userinfo(world: World, token: str, scheme: str = "Bearer", **headers: str) -> Any:
    return await world.http.get("/oauth/userinfo", headers={"Authorization": f"{scheme} {token}"} | headers)


async def test_an_application_asks_about_its_own_tokens(world: World) -> None:
    app, holder = await world.app(AuthMethod.SECRET_BASIC), Holder()
    tokens = await world.tokens(app, holder=holder)

    access = (await introspect(world, app, tokens["access_token"])).json()
    refresh = (await introspect(world, app, tokens["refresh_token"])).json()

    assert (access["active"], access["client_id"], access["iss"]) == (True, app.code, ISSUER)
    assert (access["token_type"], access["cnf"]) == ("DPoP", {"jkt": holder.thumbprint})
    assert access["aud"] == [GRAPH]
    assert (refresh["active"], refresh["scope"]) == (True, "openid profile:read")
    assert "sub" not in refresh


async def test_nobody_else_is_told_anything_but_the_programmes_servers(world: World) -> None:
    app, other = await world.app(), await world.app(AuthMethod.SECRET_BASIC)
    server = await world.app(AuthMethod.PRIVATE_KEY_JWT, role=None, grants=OWN, scopes=[])
    tokens = await world.tokens(app)

    for text in (tokens["access_token"], tokens["refresh_token"], "x", tokens["id_token"]):
        assert (await introspect(world, other, text)).json() == {"active": False}
    assert (await introspect(world, server, tokens["access_token"])).json()["active"]
    assert (await introspect(world, app, tokens["access_token"])).json()["error"] == "unauthorized_client"
    wrong = replace(other, secret="salah")
    assert (await introspect(world, wrong, tokens["access_token"])).status_code == 401
    missing = await world.http.post("/oauth/introspect", **other.proven({"x": "y"}))
    assert missing.json()["error"] == "invalid_request"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_a_token_ends_all_of_its_grant(world: World, which: str) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)
    tokens = await world.tokens(app)

    for hint in ({"token_type_hint": "lain"}, {}):
        assert (await revoke(world, app, tokens[which], **hint)).status_code == 200

    grant = await world.grant(tokens["access_token"])
    assert grant.end_reason is GrantEnd.REVOKED
    assert len(await world.audit("grant.ended", subject_id=grant.id)) == 1
    for text in (tokens["access_token"], tokens["refresh_token"]):
        assert (await introspect(world, app, text)).json() == {"active": False}
    assert (await world.refresh(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await userinfo(world, tokens["access_token"])).status_code == 401


async def test_only_its_own_tokens_can_an_application_revoke(world: World) -> None:
    app, other = await world.app(), await world.app()
    tokens = await world.tokens(app)

    assert (await revoke(world, other, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await revoke(world, other, "bkl_rt_tidak_ada")).status_code == 200
    own = await world.app(AuthMethod.SECRET_BASIC, grants=OWN)
    text = (await world.token(own, {"grant_type": "client_credentials"})).json()["access_token"]
    assert (await revoke(world, own, text)).json()["error"] == "unsupported_token_type"
    assert (await world.grant(tokens["access_token"])).ended_at is None


async def test_tokens_of_a_stopped_application_are_dead(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)
    server = await world.app(AuthMethod.SECRET_BASIC, role=None, grants=OWN, scopes=[])
    tokens = await world.tokens(app)

    await world.run(update(Client).where(Client.id == app.id).values(state=ClientState.SUSPENDED, ended_at=func.now()))

    assert (await introspect(world, server, tokens["access_token"])).json() == {"active": False}
    assert (await userinfo(world, tokens["access_token"])).status_code == 401


async def test_userinfo_tells_what_was_allowed(world: World) -> None:
    app, person = await world.app(AuthMethod.SECRET_BASIC), await world.someone()
    full, bare = await world.tokens(app, person), await world.tokens(app, person, scope="openid")
    await world.run(update(Contact).where(Contact.person_id == person.id).values(confirmed_at=func.now()))

    told = (await userinfo(world, full["access_token"])).json()
    little = (
        await world.http.post("/oauth/userinfo", headers={"Authorization": f"Bearer {bare['access_token']}"})
    ).json()

    assert told.pop("email").endswith("@orang.example")
    assert told == {"sub": little["sub"], "name": "Orang Uji", "locale": "en", "email_verified": True}
    assert set(little) == {"sub"}
    [event] = await world.audit("person.revealed", subject_id=person.id)
    assert event.details == {"fields": ["email", "email_verified", "locale", "name"]}
    assert event.client_id == app.id


async def test_userinfo_is_for_live_tokens_with_openid(world: World) -> None:
    app, holder = await world.app(), Holder()
    without = await world.tokens(app, scope="profile:read")
    bound = await world.tokens(app, holder=holder)
    text, path = bound["access_token"], "/oauth/userinfo"

    assert (await world.http.get(path)).status_code == 401
    assert (await userinfo(world, "x")).status_code == 401
    refused = await userinfo(world, without["access_token"])
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert "resource_metadata=" in refused.headers["www-authenticate"]
    for bad in (
        await userinfo(world, text),
        await userinfo(world, text, "DPoP"),
        await userinfo(world, text, "DPoP", DPoP=holder.proof("GET", path)),
        await userinfo(world, text, "DPoP", DPoP=holder.proof("POST", path, text)),
        await userinfo(world, text, "DPoP", DPoP=Holder().proof("GET", path, text)),
        await userinfo(world, without["access_token"], "DPoP", DPoP=holder.proof("GET", path, text)),
    ):
        assert bad.status_code == 401
        assert bad.headers["www-authenticate"].startswith("DPoP")
    proof = holder.proof("GET", path, text)
    assert (await userinfo(world, text, "DPoP", DPoP=proof)).status_code == 200
    assert (await userinfo(world, text, "DPoP", DPoP=proof)).json()["error"] == "invalid_dpop_proof"


async def test_the_metadata_is_true(world: World) -> None:
    told = (await world.http.get("/.well-known/openid-configuration")).json()
    assert told == (await world.http.get("/.well-known/oauth-authorization-server")).json()
    keys = await world.http.get("/oauth/jwks.json")
    resource = (await world.http.get("/.well-known/oauth-protected-resource/graphql")).json()

    metadata = {**told, "id_token_signing_alg_values_supported": ["ES256", "RS256"]}  # ours is ES256 alone: FAPI 2.0
    OpenIDProviderMetadata(metadata).validate()
    assert told["issuer"] == ISSUER
    assert set(told["grant_types_supported"]) == set(GrantType)
    assert set(told["scopes_supported"]) == {"openid", *Scope}
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "none" not in told["token_endpoint_auth_signing_alg_values_supported"]
    assert keys.json() == world.authority.keys.published()
    assert "max-age" in keys.headers["cache-control"]
    assert (resource["resource"], resource["authorization_servers"]) == (GRAPH, [ISSUER])
    for name, url in told.items():
        if name.endswith(("_endpoint", "jwks_uri")):
            path = url.removeprefix(ISSUER)
            assert {(await world.http.get(path)).status_code, (await world.http.post(path)).status_code} - {404}, name
            assert (await world.http.get(path)).status_code != 404, name


async def test_signing_out_at_an_applications_wish(world: World) -> None:
    app, person = await world.app(role=None, scopes=["profile:read"]), await world.someone()
    tokens = await world.tokens(app, person)
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": app.redirect, "state": "s"}

    answered = await world.http.get("/oauth/end_session", params=query, headers=cookies(person))

    assert (answered.status_code, answered.headers["location"]) == (303, f"{app.redirect}?state=s")
    assert (await world.grant(tokens["access_token"])).end_reason is GrantEnd.SIGNED_OUT
    assert (await world.authorize(Flow(app).query(), person)).headers["location"].startswith("/sign-in")


async def test_nobody_is_signed_out_by_strangers_or_led_astray(world: World) -> None:
    app, person, other = await world.app(), await world.someone(), await world.someone()
    of_other = (await world.tokens(app, other))["id_token"]
    own = (await world.tokens(app, person))["id_token"]

    async def end(who: Someone, **query: str) -> Any:
        return await world.http.get("/oauth/end_session", params=query, headers=cookies(who))

    assert (await end(person)).headers["location"] == "/sign-out"
    assert (await end(person, id_token_hint=of_other)).headers["location"] == "/sign-out"
    assert (await end(person, id_token_hint="a.b.c")).status_code == 400
    evil = await end(person, id_token_hint=own, post_logout_redirect_uri="https://evil.example/")
    assert evil.headers["location"] == "/signed-out"
    async with world.database.read() as session:
        assert (await session.get_one(BrowserSession, other.session_id)).ended_at is None


async def test_nothing_secret_is_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    public, holder = await world.app(), Holder()
    secretive = await world.app(AuthMethod.SECRET_POST, grants=[*OWN, *GrantType], redirect_uris=[public.redirect])
    signed = await world.app(AuthMethod.PRIVATE_KEY_JWT)
    seen: list[str] = []
    for app in (public, secretive, signed):
        flow = Flow(app)
        code = await world.code(flow, await world.someone())
        tokens = (await world.token(app, flow.exchange(code), holder)).json()
        again = (await world.refresh(app, tokens["refresh_token"], holder)).json()
        seen += [code, flow.verifier, *(tokens[name] for name in ("access_token", "refresh_token", "id_token"))]
        seen += [again["access_token"], again["refresh_token"], *([app.secret] if app.secret else [])]
    own = (await world.token(secretive, {"grant_type": "client_credentials"})).json()
    seen.append(own["access_token"])
    await introspect(world, secretive, own["access_token"])

    assert caplog.records, "something is logged at DEBUG, or the test proves nothing"
    for text in seen:
        assert text not in caplog.text
        assert text[-20:] not in caplog.text


def test_an_answer_is_never_kept() -> None:
    assert answer(200, {}).headers["cache-control"] == "no-store"


async def test_the_metadata_names_no_host_but_ours(world: World) -> None:
    told = await world.http.get("/.well-known/openid-configuration", headers={"Host": "evil.example"})

    assert "evil" not in told.text
    assert told.json() == server_metadata(world.authority)
    assert (await world.grant((await world.tokens(await world.app()))["access_token"])).ended_at is None
    assert Grant
