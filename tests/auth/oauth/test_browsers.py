from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from auth.forms import TOKEN_FIELD
from models.tables import BrowserSession, Consent, Grant
from rules.access import Role
from rules.clients import AuthMethod
from tests.auth.oauth.world import ISSUER, Flow, World, cookies, returned

EVIL = ("https:", "http:", "//", "javascript:")


def way_to_sign_in(answer: Any) -> dict[str, str]:
    """Return the query that somebody comes back with who was sent to sign in."""
    assert answer.status_code == 303
    location = urlsplit(str(answer.headers["location"]))
    assert (location.scheme, location.netloc, location.path) == ("", "", "/sign-in")
    back = urlsplit(dict(parse_qsl(location.query))["return_to"])
    assert (back.scheme, back.netloc, back.path) == ("", "", "/oauth/authorize")
    return dict(parse_qsl(back.query))


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(world: World) -> None:
    app = await world.app()
    query = Flow(app).query()

    assert way_to_sign_in(await world.authorize(query)) == query
    assert (await world.authorize(query, await world.someone())).status_code == 200


async def test_an_ended_session_is_none(world: World) -> None:
    app, person = await world.app(), await world.someone()
    await world.run(update(BrowserSession).where(BrowserSession.id == person.session_id).values(ended_at=func.now()))

    assert way_to_sign_in(await world.authorize(Flow(app).query(), person))


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        "https://aplikasi.example/kembali/",
        "https://aplikasi.example/kembali?x=1",
        "https://aplikasi.example/KEMBALI",
        "https://aplikasi.example:443/kembali",
        "https://aplikasi.example@evil.example/kembali",
        "https://aplikasi.example/kembali#x",
        "https://aplikasi.example\\@evil.example/kembali",
        "http://aplikasi.example/kembali",
        "//evil.example",
        "javascript:alert(1)",
        'https://aplikasi.example/kembali"',
        "https://aplikasi.example/%6bembali",
        "https://aplikasi.example/kembali\u202e",
        None,
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(world: World, uri: str | None) -> None:
    app, person = await world.app(), await world.someone()

    for changed in ({}, {"response_type": "token"}, {"scope": "tidak:ada"}, {"prompt": "none"}):
        for who in (None, person):
            answer = await world.authorize(Flow(app).query(redirect_uri=uri, **changed), who)
            assert answer.status_code == 400
            assert "location" not in answer.headers
            assert not any(f'{place}="{evil}' in answer.text for place in ("href", "action") for evil in EVIL)


async def test_an_unknown_application_is_told_on_a_page(world: World) -> None:
    app = await world.app()
    unknown = await world.authorize(Flow(app).query(client_id="app-tidak-ada"))
    missing = await world.authorize(Flow(app).query(client_id=None))

    for answer in (unknown, missing):
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_native_applications_loopback_may_have_any_port(world: World) -> None:
    person = await world.someone()
    uris = ["http://127.0.0.1/cb", "http://[::1]:8080/cb"]
    native, server = await world.app(redirect_uris=uris), await world.app(AuthMethod.SECRET_BASIC, redirect_uris=uris)

    for good in ("http://127.0.0.1:51234/cb", "http://[::1]:1/cb", "http://127.0.0.1/cb"):
        answer = await world.decide(Flow(native).query(redirect_uri=good), person)
        assert answer.headers["location"].startswith(good)
    for bad in ("http://127.0.0.1:51234/lain", "http://localhost/cb", "https://127.0.0.1/cb", "http://127.0.0.2/cb"):
        assert (await world.authorize(Flow(native).query(redirect_uri=bad), person)).status_code == 400
    assert (await world.authorize(Flow(server).query(redirect_uri="http://127.0.0.1:5/cb"), person)).status_code == 400


async def test_errors_tell_who_gives_them_and_keep_the_state(world: World) -> None:
    app, person = await world.app(), await world.someone()
    flow = Flow(app)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"scope": "tidak:ada"}, "invalid_scope"),
        ({"scope": "audit:read"}, "invalid_scope"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "lain"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"nonce": "x" * 300}, "invalid_request"),
        ({"dpop_jkt": "x"}, "invalid_request"),
        ({"prompt": "none"}, "consent_required"),
    ]

    for changed, error in cases:
        answer = await world.authorize(flow.query(**changed), person)
        back = returned(answer)
        assert (back["error"], back["state"], back["iss"]) == (error, flow.state, ISSUER), changed
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert returned(await world.authorize(flow.query(prompt="none")))["error"] == "login_required"


async def test_who_denies_gives_nothing(world: World) -> None:
    app, person = await world.app(), await world.someone()

    back = returned(await world.decide(Flow(app).query(), person, "deny"))

    assert (back["error"], back["iss"]) == ("access_denied", ISSUER)
    assert "code" not in back
    async with world.database.read() as session:
        assert await session.scalar(select(func.count()).where(Grant.client_id == app.id)) == 0
    assert len(await world.audit("grant.denied", subject_id=app.id)) == 1


async def test_a_decision_counts_only_from_a_page_of_ours(world: World) -> None:
    app, person, other = await world.app(), await world.someone(), await world.someone()
    query = Flow(app).query()
    form = {"decision": "allow", "post": "participant"}
    path = f"/oauth/authorize?{urlencode(query)}"

    bare = await world.http.post(path, data=form, headers=cookies(person))
    crossed = await world.http.post(
        path, data=form | {TOKEN_FIELD: "x"}, headers=cookies(person) | {"Sec-Fetch-Site": "cross-site"}
    )
    anothers = await world.decide(query, other, **{TOKEN_FIELD: "0" * 64})
    right = await world.decide(query, person)

    assert [answer.status_code for answer in (bare, crossed, anothers, right)] == [403, 403, 403, 303]


async def test_asking_for_a_new_sign_in_is_answered_once_it_is_new(world: World) -> None:
    app, person = await world.app(), await world.someone()
    for changed in ({"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent", "max_age": "60"}):
        query = Flow(app).query(**changed)

        back = way_to_sign_in(await world.authorize(query, person))
        assert {name: value for name, value in back.items() if name in query} == query
        too_old = await world.authorize(back, await _aged(world, person, minutes=5))
        assert way_to_sign_in(too_old)

        await world.run(
            update(BrowserSession)
            .where(BrowserSession.id == person.session_id)
            .values(authenticated_at=func.clock_timestamp())
        )
        assert (await world.authorize(back, person)).status_code == 200
        assert (await world.authorize(back | {"lang": "id"}, person)).status_code == 200
        assert "code" in returned(await world.decide(back, person))


async def test_nobody_else_can_say_that_a_sign_in_is_new(world: World) -> None:
    app, person = await world.app(), await world.someone()
    query = Flow(app).query(prompt="login")

    for forged in ("1.", "0.00", f"1.{'0' * 64}", "x", "99999999999999999999.00", "\u0661.00"):
        assert way_to_sign_in(await world.authorize(query | {"signed_in_after": forged}, person))
    back = way_to_sign_in(await world.authorize(query, person))
    moved = Flow(app).query(prompt="login") | {"signed_in_after": back["signed_in_after"]}
    assert way_to_sign_in(await world.authorize(moved, await _aged(world, person, minutes=5)))


async def test_a_recent_sign_in_is_recent_enough(world: World) -> None:
    app, person = await world.app(), await world.someone()

    assert (await world.authorize(Flow(app).query(max_age="300"), person)).status_code == 200
    await _aged(world, person, minutes=6)
    assert way_to_sign_in(await world.authorize(Flow(app).query(max_age="300"), person))


async def test_the_programmes_own_application_asks_only_who_has_a_choice(world: World) -> None:
    app = await world.app(role=None)
    plain, employed = await world.someone(), await world.someone((Role.MARKETPLACE, await world.marketplace()))

    assert "code" in returned(await world.authorize(Flow(app).query(), plain))
    assert (await world.authorize(Flow(app).query(), employed)).status_code == 200
    assert returned(await world.authorize(Flow(app).query(prompt="none"), employed))["error"] == "interaction_required"


async def test_a_consent_that_stands_is_not_asked_for_again(world: World) -> None:
    person = await world.someone()
    server, public = await world.app(AuthMethod.SECRET_BASIC), await world.app()
    for app in (server, public):
        await world.code(Flow(app), person)

    assert "code" in returned(await world.authorize(Flow(server).query(prompt="none"), person))
    assert (await world.authorize(Flow(server).query(prompt="consent"), person)).status_code == 200
    assert (await world.authorize(Flow(server).query(scope="openid consents:read"), person)).status_code == 200
    assert (await world.authorize(Flow(public).query(), person)).status_code == 200
    await world.run(update(Consent).where(Consent.person_id == person.id).values(withdrawn_at=func.now()))
    assert (await world.authorize(Flow(server).query(), person)).status_code == 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=120))
async def test_any_bytes_may_come_as_a_query(world: World, odd: bytes) -> None:
    escaped = b"".join(b"%%%02x" % each for each in odd)

    for query in (escaped, b"client_id=" + escaped, b"response_type=" + escaped, b"request_uri=" + escaped):
        answer = await world.http.get(f"/oauth/authorize?{query.decode()}")
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")


async def test_a_request_that_says_a_thing_twice_is_refused(world: World) -> None:
    app = await world.app()
    query = urlencode(Flow(app).query())

    for more in ("client_id=x", "redirect_uri=https://evil.example", "state=x", "code_challenge=x"):
        answer = await world.http.get(f"/oauth/authorize?{query}&{more}")
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def _aged(world: World, person: Any, *, minutes: int) -> Any:
    before = func.now() - func.make_interval(0, 0, 0, 0, 0, minutes)
    await world.run(
        update(BrowserSession).where(BrowserSession.id == person.session_id).values(authenticated_at=before)
    )
    return person
