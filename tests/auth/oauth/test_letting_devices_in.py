from typing import Any

import pytest
from sqlalchemy import func, select, update

from auth.oauth.devices import Devices, plain_code
from auth.sessions import HeldPost, SignedIn
from models.database import clock
from models.tables import DeviceRequest, Grant, Post
from models.writes import Write
from rules.access import Role, Viewer
from rules.callers import Caller
from rules.clients import AuthMethod, GrantType
from rules.people import Locale, Method
from tests.auth.oauth.world import App, Holder, Someone, World, race

TOOL = (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)


@pytest.fixture
async def tool(world: World) -> App:
    return await world.app(role=None, grants=TOOL, scopes=["profile:read", "audit:read"], redirect_uris=[])


async def ask(world: World, tool: App, holder: Holder | None = None, **more: str) -> Any:
    headers = holder.headers("/oauth/device_authorization") if holder else None
    return await world.http.post("/oauth/device_authorization", headers=headers, **tool.proven(more))


async def poll(world: World, tool: App, codes: dict[str, Any], holder: Holder | None = None) -> Any:
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": codes["device_code"]}
    return await world.token(tool, form, holder)


async def signed_in(world: World, person: Someone) -> SignedIn:
    async with world.database.write() as session:
        return SignedIn(
            person.session_id, person.id, (Method.PASSWORD, Method.CODE), await clock(session), (), Locale.ENGLISH
        )


async def decide(world: World, devices: Devices, person: Someone, user_code: str, *, allow: bool = True) -> bool:
    who = await signed_in(world, person)
    async with world.database.write() as session:
        caller = Caller(Viewer(signed_in=True, person_id=person.id))
        write = Write(session, caller, await clock(session))
        return await devices.decide(write, who, user_code, allow=allow, post_id=None)


async def rest(world: World, tool: App) -> None:
    """Let the time go by that a device must wait."""
    await world.run(update(DeviceRequest).where(DeviceRequest.client_id == tool.id).values(polled_at=None))


async def test_a_device_is_let_in(world: World, devices: Devices, tool: App) -> None:
    person = await world.someone()
    codes = (await ask(world, tool, scope="openid profile:read")).json()
    waiting = await poll(world, tool, codes)
    async with world.database.write() as session:
        view = await devices.find(session, await signed_in(world, person), codes["user_code"].lower().replace("-", " "))

    assert codes["verification_uri"] == "https://graf.example/device"
    assert codes["verification_uri_complete"].endswith(codes["user_code"])
    assert waiting.json()["error"] == "authorization_pending"
    assert view is not None
    assert view.scopes == ["profile:read"]
    assert await decide(world, devices, person, codes["user_code"])
    tokens = (await poll(world, tool, codes)).json()
    access = world.authority.tokens.verify(tokens["access_token"])
    assert (access.person_id, access.scopes) == (person.id, {"openid", "profile:read"})
    assert {"refresh_token", "id_token"} <= set(tokens)
    assert (await world.refresh(tool, tokens["refresh_token"])).status_code == 200
    assert (await world.grant(tokens["access_token"])).browser_session_id is None


async def test_one_of_eight_has_the_tokens(world: World, devices: Devices, tool: App) -> None:
    codes = (await ask(world, tool)).json()
    await decide(world, devices, await world.someone(), codes["user_code"])

    answers = await race(8, lambda: poll(world, tool, codes))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).where(Grant.client_id == tool.id)) == 1


async def test_only_the_first_decision_counts(world: World, devices: Devices, tool: App) -> None:
    person = await world.someone()
    codes = (await ask(world, tool)).json()

    assert await decide(world, devices, person, codes["user_code"], allow=False)
    assert not await decide(world, devices, person, codes["user_code"])

    assert (await poll(world, tool, codes)).json()["error"] == "access_denied"


async def test_who_asks_too_often_must_wait_longer(world: World, tool: App) -> None:
    codes = (await ask(world, tool)).json()
    assert (await poll(world, tool, codes)).json()["error"] == "authorization_pending"

    assert (await poll(world, tool, codes)).json()["error"] == "slow_down"
    async with world.database.read() as session:
        interval = await session.scalar(select(DeviceRequest.interval_s).where(DeviceRequest.client_id == tool.id))
    assert interval == codes["interval"] + 5
    await rest(world, tool)
    assert (await poll(world, tool, codes)).json()["error"] == "authorization_pending"


async def test_codes_are_of_one_application_key_and_time(world: World, devices: Devices, tool: App) -> None:
    other, holder = await world.app(role=None, grants=TOOL), Holder()
    codes = (await ask(world, tool, holder)).json()
    await decide(world, devices, await world.someone(), codes["user_code"])

    assert (await poll(world, other, codes, holder)).json()["error"] == "invalid_grant"
    assert (await poll(world, tool, codes)).json()["error"] == "invalid_grant"
    assert (await poll(world, tool, codes | {"device_code": "x"}, holder)).json()["error"] == "invalid_grant"
    await world.run(update(DeviceRequest).where(DeviceRequest.client_id == tool.id).values(expires_at=func.now()))
    assert (await poll(world, tool, codes, holder)).json()["error"] == "expired_token"


async def test_a_bound_device_gets_bound_tokens(world: World, devices: Devices, tool: App) -> None:
    holder = Holder()
    codes = (await ask(world, tool, holder)).json()
    await decide(world, devices, await world.someone(), codes["user_code"])

    assert (await poll(world, tool, codes, holder)).json()["token_type"] == "DPoP"


async def test_an_unknown_or_late_code_is_nobodys(world: World, devices: Devices, tool: App) -> None:
    person = await world.someone()
    codes = (await ask(world, tool)).json()
    who = await signed_in(world, person)
    async with world.database.write() as session:
        assert await devices.find(session, who, "BCDF-GHJK") is None
        assert await devices.find(session, who, "") is None
    await world.run(update(DeviceRequest).where(DeviceRequest.client_id == tool.id).values(expires_at=func.now()))

    assert not await decide(world, devices, person, codes["user_code"])


async def test_only_applications_for_devices_ask(world: World) -> None:
    app = await world.app(AuthMethod.SECRET_BASIC)

    assert (await ask(world, app, scope="openid")).json()["error"] == "unauthorized_client"
    tool = await world.app(role=None, grants=TOOL, scopes=["profile:read"])
    assert (await ask(world, tool, scope="tidak:ada")).json()["error"] == "invalid_scope"
    assert (await ask(world, tool, scope="courses:review")).json()["error"] == "invalid_scope"
    assert (await ask(world, tool, resource="https://asing.example")).json()["error"] == "invalid_target"


async def test_staff_choose_their_post(world: World, devices: Devices, tool: App) -> None:
    person = await world.someone((Role.AUDITOR, None), methods=(Method.PASSWORD, Method.AUTHENTICATOR))
    async with world.database.read() as session:
        post = await session.scalar(select(Post).where(Post.person_id == person.id))
    assert post is not None
    codes = (await ask(world, tool, scope="audit:read")).json()
    async with world.database.write() as session:
        who = SignedIn(
            person.session_id,
            person.id,
            (Method.PASSWORD, Method.AUTHENTICATOR),
            await clock(session),
            (HeldPost(post.id, post.role, None, None),),
            Locale.ENGLISH,
        )
        write = Write(session, Caller(who.viewer), await clock(session))
        assert await devices.decide(write, who, codes["user_code"], allow=True, post_id=post.id)

    access = world.authority.tokens.verify((await poll(world, tool, codes)).json()["access_token"])
    assert (access.role, access.scopes) == (Role.AUDITOR, {"audit:read"})


def test_a_code_may_be_typed_as_one_likes() -> None:
    assert plain_code(" bcdf-ghjk ") == plain_code("BCDFGHJK") == "BCDFGHJK"
