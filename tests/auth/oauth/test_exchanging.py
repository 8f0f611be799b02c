import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models.tables import Client, Consent, Grant, Person, Post
from rules.access import Role
from rules.clients import AuthMethod, ClientState, GrantEnd, GrantType
from rules.people import PersonState
from tests.auth.oauth.world import GRAPH, OTHER, App, Holder, World

TYPE = "urn:ietf:params:oauth:token-type:access_token"
SERVER = (GrantType.TOKEN_EXCHANGE, GrantType.CLIENT_CREDENTIALS)


class Shop:
    """A marketplace with an application on people's phones and a server behind it."""

    def __init__(self, world: World, app: App, server: App) -> None:
        self.world = world
        self.app = app
        self.server = server

    async def exchange(self, token: str, *, by: App | None = None, holder: Holder | None = None, **more: Any) -> Any:
        form = {"grant_type": GrantType.TOKEN_EXCHANGE.value, "subject_token": token, "subject_token_type": TYPE}
        form = {name: value for name, value in (form | more).items() if value is not None}
        return await self.world.token(by or self.server, form, holder)


@pytest.fixture
async def shop(world: World) -> Shop:
    owner = await world.marketplace()
    scopes = ["profile:read", "consents:read"]
    app = await world.app(organisation_id=owner, scopes=scopes)
    server = await world.app(AuthMethod.SECRET_BASIC, organisation_id=owner, grants=SERVER, scopes=scopes)
    return Shop(world, app, server)


async def test_a_marketplace_acts_for_a_participant(world: World, shop: Shop) -> None:
    person = await world.someone()
    tokens = await world.tokens(shop.app, person)

    answer = await shop.exchange(tokens["access_token"])

    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in", "scope", "issued_token_type"}
    assert told["issued_token_type"] == TYPE
    before, after = [world.authority.tokens.verify(each["access_token"], GRAPH) for each in (tokens, told)]
    assert (after.person_id, after.subject, after.grant_id) == (person.id, before.subject, before.grant_id)
    assert (after.actor, after.client_code, after.role) == (shop.server.code, shop.server.code, Role.PARTICIPANT)
    assert after.scopes == {"profile:read"}
    assert after.expires_at <= before.expires_at
    events = await world.audit("grant.exchanged", subject_id=before.grant_id)
    assert [(event.client_id, event.organisation_id) for event in events] == [
        (shop.server.id, shop.server.organisation_id)
    ]


async def test_scopes_and_audience_are_never_wider(world: World, shop: Shop) -> None:
    tokens = await world.tokens(shop.app, scope="profile:read consents:read", resource=OTHER)

    narrower = (await shop.exchange(tokens["access_token"], scope="profile:read", resource=OTHER)).json()
    wider = await shop.exchange(
        (await world.tokens(shop.app, scope="profile:read"))["access_token"], scope="consents:read"
    )
    elsewhere = await shop.exchange(tokens["access_token"], audience=GRAPH)

    assert narrower["scope"] == "profile:read"
    assert world.authority.tokens.verify(narrower["access_token"]).audience == (OTHER,)
    assert wider.json()["error"] == "invalid_scope"
    assert elsewhere.json()["error"] == "invalid_target"


async def test_what_comes_out_is_bound_to_the_servers_key(world: World, shop: Shop) -> None:
    phone, server = Holder(), Holder()
    tokens = await world.tokens(shop.app, holder=phone)

    told = (await shop.exchange(tokens["access_token"], holder=server)).json()

    assert told["token_type"] == "DPoP"
    assert world.authority.tokens.verify(told["access_token"]).thumbprint == server.thumbprint


async def test_nobody_else_may_exchange_it(world: World, shop: Shop) -> None:
    tokens = await world.tokens(shop.app)
    owner = shop.app.organisation_id
    strangers = [
        await world.app(AuthMethod.SECRET_BASIC, grants=SERVER),
        await world.app(AuthMethod.SECRET_BASIC, grants=SERVER, role=None),
        await world.app(AuthMethod.SECRET_BASIC, grants=SERVER, organisation_id=owner, sandbox=True),
        await world.app(AuthMethod.SECRET_BASIC, grants=SERVER, organisation_id=owner, role=Role.INSTITUTION),
        await world.app(grants=SERVER, organisation_id=owner),
    ]

    for stranger in strangers:
        answer = await shop.exchange(tokens["access_token"], by=stranger)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    unregistered = await world.app(AuthMethod.SECRET_BASIC, organisation_id=owner)
    assert (await shop.exchange(tokens["access_token"], by=unregistered)).json()["error"] == "unauthorized_client"


async def test_only_a_participants_token_is_exchanged(world: World, shop: Shop) -> None:
    owner = shop.app.organisation_id
    employee = await world.someone((Role.MARKETPLACE, owner))
    async with world.database.read() as session:
        post = await session.scalar(select(Post.id).where(Post.person_id == employee.id))
    in_post = await world.tokens(shop.app, employee, post=str(post), scope="profile:read")
    own = (await world.token(shop.server, {"grant_type": "client_credentials"})).json()
    tokens = await world.tokens(shop.app)
    exchanged = (await shop.exchange(tokens["access_token"])).json()

    for text in (
        in_post["access_token"],
        own["access_token"],
        exchanged["access_token"],
        tokens["id_token"],
        tokens["refresh_token"],
        "x",
    ):
        assert (await shop.exchange(text)).json()["error"] == "invalid_grant"


async def test_a_consent_that_was_withdrawn_ends_it(world: World, shop: Shop) -> None:
    for end in ("consent", "grant", "person", "client"):
        tokens = await world.tokens(shop.app)
        grant = await world.grant(tokens["access_token"])
        ends = {
            "consent": update(Consent).where(Consent.id == grant.consent_id).values(withdrawn_at=func.now()),
            "grant": update(Grant).where(Grant.id == grant.id).values(ended_at=func.now(), end_reason=GrantEnd.REVOKED),
            "person": update(Person).where(Person.id == grant.person_id).values(state=PersonState.BLOCKED),
            "client": update(Client)
            .where(Client.id == shop.app.id)
            .values(state=ClientState.SUSPENDED, ended_at=func.now()),
        }
        await world.run(ends[end])

        answer = await shop.exchange(tokens["access_token"])

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), end


async def test_other_types_are_refused(world: World, shop: Shop) -> None:
    tokens = await world.tokens(shop.app)
    cases: list[dict[str, Any]] = [
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"subject_token_type": None},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"actor_token": "x", "actor_token_type": TYPE},
    ]
    for more in cases:
        answer = await shop.exchange(tokens["access_token"], **more)
        assert answer.json()["error"] == "invalid_request", more


async def test_exchanging_at_once_is_no_harm(world: World, shop: Shop) -> None:
    tokens = await world.tokens(shop.app)

    answers = await asyncio.gather(*(shop.exchange(tokens["access_token"]) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["access_token"] for answer in answers}) == 8
