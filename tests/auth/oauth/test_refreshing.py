from datetime import timedelta

from sqlalchemy import func, select, update

from auth.lifetimes import GRANT, OWN_GRANT
from models.tables import Grant, RefreshToken
from rules.access import Role
from rules.clients import AuthMethod, ClientState, GrantEnd, GrantType
from tests.auth.oauth.world import GRAPH, Holder, World, race


async def test_a_public_applications_token_is_followed_by_another(world: World) -> None:
    app = await world.app()
    tokens = await world.tokens(app)

    second = (await world.refresh(app, tokens["refresh_token"])).json()
    third = (await world.refresh(app, second["refresh_token"])).json()

    assert len({tokens["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert world.authority.tokens.verify(third["access_token"], GRAPH).scopes == {"openid", "profile:read"}


async def test_a_stolen_token_is_noticed(world: World) -> None:
    app = await world.app()
    tokens = await world.tokens(app)
    second = (await world.refresh(app, tokens["refresh_token"])).json()

    stolen = await world.refresh(app, tokens["refresh_token"])

    assert stolen.json()["error"] == "invalid_grant"
    assert (await world.grant(second["access_token"])).end_reason is GrantEnd.REUSED
    assert (await world.refresh(app, second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_one_of_eight_has_the_token(world: World) -> None:
    app = await world.app()
    tokens = await world.tokens(app)

    answers = await race(8, lambda: world.refresh(app, tokens["refresh_token"]))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    grant = await world.grant(tokens["access_token"])
    assert grant.end_reason is GrantEnd.REUSED
    assert len(await world.audit("grant.ended", subject_id=grant.id)) == 1


async def test_a_lost_answer_comes_again_to_the_same_key(world: World) -> None:
    app, holder = await world.app(), Holder()
    tokens = await world.tokens(app, holder=holder)

    answers = await race(8, lambda: world.refresh(app, tokens["refresh_token"], holder))

    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert (await world.grant(tokens["access_token"])).ended_at is None


async def test_a_lost_answer_does_not_come_again_late_or_after_its_use(world: World) -> None:
    app, holder = await world.app(), Holder()
    late, used = await world.tokens(app, holder=holder), await world.tokens(app, holder=holder)
    for tokens in (late, used):
        assert (await world.refresh(app, tokens["refresh_token"], holder)).status_code == 200
    grant = await world.grant(late["access_token"])
    await world.run(
        update(RefreshToken)
        .where(RefreshToken.grant_id == grant.id)
        .values(used_at=RefreshToken.used_at - timedelta(seconds=11))
    )
    second = (await world.refresh(app, used["refresh_token"], holder)).json()
    assert (await world.refresh(app, second["refresh_token"], holder)).status_code == 200

    for tokens in (late, used):
        assert (await world.refresh(app, tokens["refresh_token"], holder)).json()["error"] == "invalid_grant"
        assert (await world.grant(tokens["access_token"])).end_reason is GrantEnd.REUSED


async def test_without_the_key_a_token_can_neither_be_used_nor_used_up(world: World) -> None:
    app, holder = await world.app(), Holder()
    tokens = await world.tokens(app, holder=holder)

    for thief in (None, Holder()):
        assert (await world.refresh(app, tokens["refresh_token"], thief)).json()["error"] == "invalid_grant"
    other = await world.app()
    assert (await world.refresh(other, tokens["refresh_token"], holder)).json()["error"] == "invalid_grant"

    assert (await world.refresh(app, tokens["refresh_token"], holder)).status_code == 200


async def test_a_confidential_applications_token_stays_the_same(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)
    tokens = await world.tokens(app)

    answers = await race(8, lambda: world.refresh(app, tokens["refresh_token"]))

    assert {answer.json()["refresh_token"] for answer in answers} == {tokens["refresh_token"]}
    assert len({answer.json()["access_token"] for answer in answers}) == 8


async def test_a_mistake_costs_no_token(world: World) -> None:
    app = await world.app()
    tokens = await world.tokens(app)

    wider = await world.refresh(app, tokens["refresh_token"], scope="profile:read consents:read")
    elsewhere = await world.refresh(app, tokens["refresh_token"], resource="https://lain.example")
    unknown = await world.refresh(app, tokens["refresh_token"], scope="tidak:ada")

    assert wider.json()["error"] == "invalid_scope"
    assert elsewhere.json()["error"] == "invalid_target"
    assert unknown.json()["error"] == "invalid_scope"
    narrower = await world.refresh(app, tokens["refresh_token"], scope="openid")
    assert narrower.json()["scope"] == "openid"


async def test_tokens_die_of_age_and_of_idleness(world: World) -> None:
    app, own = await world.app(AuthMethod.SECRET_BASIC), await world.app(role=None)
    for each, life in ((app, GRANT), (own, OWN_GRANT)):
        tokens = await world.tokens(each)
        grant = await world.grant(tokens["access_token"])
        assert grant.expires_at - grant.created_at == life
        async with world.database.read() as session:
            row = await session.scalar(select(RefreshToken).where(RefreshToken.grant_id == grant.id))
        assert row is not None
        assert row.expires_at < grant.expires_at
        await world.run(update(Grant).where(Grant.id == grant.id).values(expires_at=func.now()))
        assert (await world.refresh(each, tokens["refresh_token"])).json()["error"] == "invalid_grant"

    tokens = await world.tokens(app)
    grant = await world.grant(tokens["access_token"])
    await world.run(update(RefreshToken).where(RefreshToken.grant_id == grant.id).values(expires_at=func.now()))
    assert (await world.refresh(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_ended_grant_gives_nothing(world: World) -> None:
    app = await world.app()
    tokens = await world.tokens(app)
    grant = await world.grant(tokens["access_token"])

    await world.run(
        update(Grant).where(Grant.id == grant.id).values(ended_at=func.now(), end_reason=GrantEnd.WITHDRAWN)
    )

    assert (await world.refresh(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_only_who_registered_it_may_refresh(world: World) -> None:
    app = await world.app(grants=[GrantType.AUTHORIZATION_CODE])

    tokens = await world.tokens(app)

    assert "refresh_token" not in tokens
    answer = await world.refresh(app, "bkl_rt_" + "0" * 49)
    assert answer.json()["error"] == "unauthorized_client"


async def test_what_is_granted_to_the_programmes_own_hangs_on_the_session(world: World) -> None:
    person = await world.someone()
    own, partner = await world.app(role=None), await world.app()

    grants = [await world.grant((await world.tokens(app, person))["access_token"]) for app in (own, partner)]

    assert [grant.browser_session_id for grant in grants] == [person.session_id, None]
    assert [grant.consent_id is None for grant in grants] == [True, False]


async def test_an_application_speaks_for_its_organisation(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_POST, grants=[GrantType.CLIENT_CREDENTIALS])

    answer = await world.token(app, {"grant_type": "client_credentials", "scope": "listings:write profile:read"})

    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
    access = world.authority.tokens.verify(tokens["access_token"], GRAPH)
    assert (access.subject, access.role, access.grant_id) == (app.code, Role.MARKETPLACE, None)
    assert access.organisation_id == app.organisation_id
    assert access.party_id is not None
    assert access.person_id is None


async def test_an_application_gets_no_more_than_it_may(world: World) -> None:
    app = await world.app(
        AuthMethod.SECRET_BASIC, grants=[GrantType.CLIENT_CREDENTIALS], scopes=["listings:write", "courses:review"]
    )
    public = await world.app(grants=[GrantType.CLIENT_CREDENTIALS])
    form = {"grant_type": "client_credentials"}

    assert (await world.token(app, form)).json()["scope"] == "listings:write"
    assert (await world.token(app, form | {"scope": "courses:review"})).json()["error"] == "invalid_scope"
    assert (await world.token(app, form | {"scope": "tidak:ada"})).json()["error"] == "invalid_scope"
    assert (await world.token(app, form | {"scope": "openid"})).json()["error"] == "invalid_scope"
    assert (await world.token(public, form)).json()["error"] == "invalid_grant"
    assert (await world.token(await world.app(AuthMethod.SECRET_BASIC), form)).json()["error"] == "unauthorized_client"


async def test_a_sandbox_application_says_so(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC, grants=[GrantType.CLIENT_CREDENTIALS], sandbox=True)

    tokens = (await world.token(app, {"grant_type": "client_credentials"})).json()

    assert app.secret is not None
    assert app.secret.startswith("bkl_test_cs_")
    assert world.authority.tokens.verify(tokens["access_token"]).sandbox
    assert ClientState.SANDBOX
