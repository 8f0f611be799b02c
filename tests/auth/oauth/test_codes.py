import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jws
from sqlalchemy import delete, func, select, update

from auth.oauth.standings import MULTI, STRONG
from models.tables import AuthorizationCode, Client, Consent, Grant, Person, Post
from rules.access import Role
from rules.clients import AuthMethod, ClientState, GrantEnd, GrantType
from rules.people import Method, PersonState
from tests.auth.oauth.world import GRAPH, ISSUER, OTHER, App, Flow, Holder, World, race, returned


def claims_of(token: str) -> dict[str, Any]:
    return json.loads(jws.extract_compact(token.encode()).payload)


@pytest.mark.parametrize("method", AuthMethod)
async def test_a_person_allows_and_the_application_gets_tokens(world: World, method: AuthMethod) -> None:
    app, person = await world.app(method), await world.someone()
    flow = Flow(app)

    code = await world.code(flow, person)
    answer = await world.token(app, flow.exchange(code))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 300, "openid profile:read")
    access = world.authority.tokens.verify(tokens["access_token"], GRAPH)
    assert (access.person_id, access.client_id, access.role) == (person.id, app.id, Role.PARTICIPANT)
    assert (access.organisation_id, access.party_id, access.acr) == (None, None, MULTI)


async def test_the_id_token_is_about_this_sign_in(world: World) -> None:
    app, person = await world.app(), await world.someone()
    flow = Flow(app)

    tokens = (await world.token(app, flow.exchange(await world.code(flow, person)))).json()

    told = claims_of(tokens["id_token"])
    assert (told["iss"], told["aud"], told["nonce"]) == (ISSUER, app.code, flow.nonce)
    assert told["amr"] == [Method.PASSWORD, Method.CODE]
    assert told["acr"] == MULTI
    assert told["sub"] == claims_of(tokens["access_token"])["sub"]
    assert told["at_hash"]
    assert told["auth_time"] <= told["iat"] < told["exp"]
    assert str(person.id) not in json.dumps(told)


async def test_two_organisations_know_a_person_by_two_names(world: World) -> None:
    person, owner = await world.someone(), await world.marketplace()
    apps = [await world.app(organisation_id=owner), await world.app(organisation_id=owner), await world.app()]

    names = [claims_of((await world.tokens(app, person))["access_token"])["sub"] for app in apps]

    assert names[0] == names[1] != names[2]


async def test_a_partners_employee_acts_in_a_post(world: World) -> None:
    owner = await world.marketplace()
    app = await world.app(organisation_id=owner)
    person = await world.someone((Role.MARKETPLACE, owner))
    async with world.database.read() as session:
        post = await session.scalar(select(Post.id).where(Post.person_id == person.id))

    tokens = await world.tokens(app, person, post=str(post), scope="openid listings:write consents:read")

    access = world.authority.tokens.verify(tokens["access_token"], GRAPH)
    assert (access.role, access.organisation_id) == (Role.MARKETPLACE, owner)
    assert access.party_id is not None
    assert "listings:write" in access.scopes


async def test_a_partners_application_serves_that_partners_people(world: World) -> None:
    app, elsewhere = await world.app(), await world.marketplace()
    person = await world.someone((Role.MARKETPLACE, elsewhere))
    async with world.database.read() as session:
        post = await session.scalar(select(Post.id).where(Post.person_id == person.id))

    answer = await world.decide(Flow(app).query(), person, post=str(post))

    assert answer.status_code == 200
    assert "PT Uji" in answer.text
    assert str(post) not in answer.text


async def test_staff_tokens_tell_of_the_second_factor(world: World) -> None:
    app = await world.app(role=None, scopes=["audit:read", "courses:read"])
    person = await world.someone((Role.AUDITOR, None), methods=(Method.PASSWORD, Method.AUTHENTICATOR))
    async with world.database.read() as session:
        post = await session.scalar(select(Post.id).where(Post.person_id == person.id))

    tokens = await world.tokens(app, person, post=str(post), scope="audit:read")

    access = world.authority.tokens.verify(tokens["access_token"], GRAPH)
    assert (access.role, access.acr, access.scopes) == (Role.AUDITOR, STRONG, {"audit:read"})


async def test_scopes_are_what_was_asked_registered_and_fits_the_role(world: World) -> None:
    app = await world.app(scopes=["profile:read", "listings:write"])

    tokens = await world.tokens(app, scope="profile:read listings:write courses:review")

    assert tokens["scope"] == "profile:read"
    assert "id_token" not in tokens


async def test_one_of_eight_has_the_code(world: World) -> None:
    app = await world.app()
    flow = Flow(app)
    code = await world.code(flow, await world.someone())

    answers = await race(8, lambda: world.token(app, flow.exchange(code)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}


async def test_a_code_that_comes_again_ends_what_it_gave(world: World) -> None:
    app = await world.app()
    flow = Flow(app)
    code = await world.code(flow, await world.someone())
    tokens = (await world.token(app, flow.exchange(code))).json()

    again = await world.token(app, flow.exchange(code))

    assert again.json()["error"] == "invalid_grant"
    grant = await world.grant(tokens["access_token"])
    assert (grant.end_reason, grant.ended_at is None) == (GrantEnd.REUSED, False)
    assert (await world.refresh(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert len(await world.audit("grant.ended", subject_id=grant.id)) == 1


async def test_who_steals_a_code_can_neither_use_it_nor_use_it_up(world: World) -> None:
    app, thief = await world.app(AuthMethod.SECRET_BASIC), await world.app(AuthMethod.SECRET_BASIC)
    flow = Flow(app)
    code = await world.code(flow, await world.someone())
    stolen = [
        (thief, flow.exchange(code)),
        (app, flow.exchange(code, code_verifier="v" * 43)),
        (app, flow.exchange(code, redirect_uri="https://aplikasi.example/lain")),
        (app, flow.exchange(f"{code}x")),
    ]

    for who, form in stolen:
        assert (await world.token(who, form)).json()["error"] == "invalid_grant"

    tokens = await world.token(app, flow.exchange(code))
    assert tokens.status_code == 200
    for who, form in stolen:
        assert (await world.token(who, form)).json()["error"] == "invalid_grant"
    assert (await world.grant(tokens.json()["access_token"])).ended_at is None


async def test_a_code_is_bound_to_the_key_that_the_request_named(world: World) -> None:
    app, holder = await world.app(), Holder()
    flow = Flow(app)
    code = await world.code(flow, await world.someone(), dpop_jkt=holder.thumbprint)

    for wrong in (None, Holder()):
        assert (await world.token(app, flow.exchange(code), wrong)).json()["error"] == "invalid_grant"
    tokens = (await world.token(app, flow.exchange(code), holder)).json()

    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.thumbprint}


async def test_an_old_code_is_worth_nothing(world: World) -> None:
    app = await world.app()
    flow = Flow(app)
    code = await world.code(flow, await world.someone())
    async with world.database.read() as session:
        hashes = world.authority.site.keys.hashes(code.encode(), "authorization-code")
        row = await session.scalar(select(AuthorizationCode).where(AuthorizationCode.hash.in_(hashes)))
    assert row is not None
    assert code.encode() not in row.hash

    await world.run(update(AuthorizationCode).where(AuthorizationCode.hash == row.hash).values(expires_at=func.now()))

    assert (await world.token(app, flow.exchange(code))).json()["error"] == "invalid_grant"


async def test_a_code_lives_a_minute_at_most(world: World) -> None:
    app = await world.app()
    await world.code(Flow(app), await world.someone())

    async with world.database.read() as session:
        lives = select(AuthorizationCode.expires_at - Grant.created_at).join(
            Grant, Grant.id == AuthorizationCode.grant_id
        )
        life = await session.scalar(lives.where(Grant.client_id == app.id))

    assert life is not None
    assert life <= timedelta(seconds=60)


async def test_pkce_is_for_all_and_by_hash(world: World) -> None:
    person = await world.someone()
    for app in (await world.app(), await world.app(AuthMethod.SECRET_BASIC)):
        for changed in (
            {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge": "short"},
            {"code_challenge": "x" * 128},
        ):
            back = returned(await world.authorize(Flow(app).query(**changed), person))
            assert (back["error"], back["iss"]) == ("invalid_request", ISSUER), changed
        flow = Flow(app)
        code = await world.code(flow, person)
        for verifier in (None, "short", "x" * 129, "é" * 43):
            answer = await world.token(app, flow.exchange(code, code_verifier=verifier))
            assert answer.json()["error"] == "invalid_request"


async def test_tokens_are_meant_for_the_resources_that_were_asked_for(world: World) -> None:
    app, person = await world.app(), await world.someone()
    flow = Flow(app)
    code = await world.code(flow, person, resource=OTHER)

    elsewhere = await world.token(app, flow.exchange(code, resource=GRAPH))
    tokens = (await world.token(app, flow.exchange(await world.code(flow, person, resource=OTHER)))).json()
    unknown = returned(await world.authorize(flow.query(resource="https://asing.example"), person))

    assert elsewhere.json()["error"] == "invalid_target"
    assert claims_of(tokens["access_token"])["aud"] == OTHER
    assert unknown["error"] == "invalid_target"


async def test_nothing_is_issued_to_who_may_not_come_in_any_more(world: World) -> None:
    app, person = await world.app(), await world.someone()
    flow = Flow(app)
    codes = [await world.code(flow, person) for _ in range(2)]

    await world.run(update(Person).where(Person.id == person.id).values(state=PersonState.BLOCKED))
    assert (await world.token(app, flow.exchange(codes[0]))).json()["error"] == "invalid_grant"
    await world.run(update(Client).where(Client.id == app.id).values(state=ClientState.SUSPENDED))
    assert (await world.token(app, flow.exchange(codes[1]))).json()["error"] == "invalid_client"


async def test_a_post_that_is_gone_gives_nothing(world: World) -> None:
    owner = await world.marketplace()
    app, person = await world.app(organisation_id=owner), await world.someone((Role.MARKETPLACE, owner))
    async with world.database.read() as session:
        post = await session.scalar(select(Post.id).where(Post.person_id == person.id))
    tokens = await world.tokens(app, person, post=str(post))
    await world.run(update(Grant).where(Grant.post_id == post).values(post_id=None, ended_at=func.now()))
    await world.run(delete(Post).where(Post.id == post))

    assert (await world.refresh(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_the_receipt_tells_what_was_read(world: World) -> None:
    app, person = await world.app(), await world.someone()
    page = await world.authorize(Flow(app).query(), person)

    tokens = await world.tokens(app, person)

    grant = await world.grant(tokens["access_token"])
    async with world.database.read() as session:
        consent = await session.get_one(Consent, grant.consent_id)
    assert consent.scopes == ["profile:read"]
    assert len(consent.text_hash) == sha256().digest_size
    assert "See your name" in page.text
    assert [event.details["scopes"] for event in await world.audit("grant.given", subject_id=grant.id)] == [
        ["openid", "profile:read"]
    ]


async def test_ways_that_do_not_exist(world: World) -> None:
    app: App = await world.app(AuthMethod.SECRET_BASIC)

    for grant_type in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        answer = await world.token(app, {"grant_type": grant_type, "username": "a", "password": "b"})
        assert answer.json()["error"] == "unsupported_grant_type"
    assert (await world.token(app, {})).json()["error"] == "invalid_request"
    for response_type in ("token", "id_token", "code id_token", "none"):
        back = returned(await world.authorize(Flow(app).query(response_type=response_type)))
        assert back["error"] == "unsupported_response_type"
    other = await world.app(AuthMethod.SECRET_BASIC, grants=[GrantType.CLIENT_CREDENTIALS])
    assert returned(await world.authorize(Flow(other).query()))["error"] == "unauthorized_client"
