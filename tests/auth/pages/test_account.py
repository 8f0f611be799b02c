"""Sessions and the account: what holds after the sign-in, and how it ends."""

from typing import Any

import pytest

from rules.access import Role

Town = Any
Visitor = Any

EMAIL = "siti@contoh.id"
PHONE = "0812 3456 7890"
OFFICE = "petugas@contoh.id"
SECRET = b"12345678901234567890"
SESSION = "__Host-bekal-session"


async def test_a_session_gets_a_secret_that_nobody_chose(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    visitor.client.cookies.set(SESSION, "chosen-by-somebody-else", domain="bekal.example")

    await town.sign_in(visitor, EMAIL)
    first = visitor.cookie(SESSION)
    await town.sign_in(visitor, EMAIL)

    assert first != "chosen-by-somebody-else"
    assert visitor.cookie(SESSION) != first
    other = town.visitor()
    for dead in (first, "chosen-by-somebody-else"):
        other.client.cookies.set(SESSION, dead, domain="bekal.example")
        await other.open("/account")
        assert other.heading == "Sign in"
    assert len(await town.run("SELECT id FROM browser_sessions WHERE ended_at IS NULL")) == 1


async def test_another_person_at_the_same_browser_ends_the_first_one_s_session(town: Town) -> None:
    await town.add(EMAIL)
    await town.add(PHONE)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)

    await town.sign_in(visitor, PHONE)

    assert len(await town.run("SELECT id FROM browser_sessions WHERE ended_at IS NULL")) == 1


async def test_cookies_are_kept_from_scripts_and_neighbours(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.begin(visitor, EMAIL)

    answer = await visitor.client.post(
        "/sign-in/code", data={"form_token": visitor.form_token, "code": await town.code(EMAIL)}
    )

    cookies = answer.headers.get_list("set-cookie")
    assert any(cookie.startswith(f"{SESSION}=") for cookie in cookies)
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    stored = await town.run("SELECT hash FROM browser_sessions")
    assert visitor.cookie(SESSION).encode() not in stored[0][0]


@pytest.mark.parametrize(
    "change",
    [
        "last_seen_at = now() - interval '8 hours'",
        "authenticated_at = now() - interval '30 days'",
        "expires_at = now()",
        "ended_at = now()",
    ],
)
async def test_a_session_has_an_end(town: Town, change: str) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    await town.run(f"UPDATE browser_sessions SET {change}")  # noqa: S608 - a list of our own

    await visitor.open("/account")

    assert visitor.heading == "Sign in"


async def test_that_of_a_blocked_person_too(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    await town.run("UPDATE people SET state = 'BLOCKED'")

    await visitor.open("/account")
    assert visitor.heading == "Sign in"
    await town.begin(visitor, EMAIL)
    assert len(visitor.problems) == 1


async def test_a_session_of_staff_is_short(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)
    await visitor.send("/sign-in/authenticator", code=town.authenticator_code(SECRET))
    await town.run("UPDATE browser_sessions SET last_seen_at = now() - interval '30 minutes'")

    await visitor.open("/account")

    assert visitor.heading == "Sign in"


async def test_signing_out_ends_the_session_and_what_was_granted_in_it(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    await town.grant()

    await visitor.open("/sign-out")
    assert visitor.heading == "Sign out?"
    await visitor.send("/sign-out")

    assert visitor.heading == "You are signed out"
    assert await town.run("SELECT end_reason FROM grants WHERE ended_at IS NOT NULL") == [("SIGNED_OUT",)]
    await visitor.open("/account")
    assert visitor.heading == "Sign in"


async def test_sessions_are_seen_and_ended_from_elsewhere(town: Town) -> None:
    await town.add(EMAIL)
    here, there = town.visitor(), town.visitor()
    there.client.headers["user-agent"] = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    await town.sign_in(there, EMAIL)
    await town.sign_in(here, EMAIL)
    assert "Firefox · Android" in here.answer.text

    await here.send("/account/sessions/end")

    assert "The session has ended." in here.answer.text
    await there.open("/account")
    assert there.heading == "Sign in"


async def test_nobody_ends_sessions_of_others(town: Town) -> None:
    await town.add(EMAIL)
    await town.add(PHONE)
    mine, theirs = town.visitor(), town.visitor()
    await town.sign_in(theirs, EMAIL)
    [(session,)] = await town.run("SELECT id FROM browser_sessions")
    await town.sign_in(mine, PHONE)

    form = {"form_token": mine.form_token, "session": str(session)}
    await mine.client.post("/account/sessions/end", data=form)

    await theirs.open("/account")
    assert theirs.heading == "My account"


async def test_a_consent_is_seen_and_withdrawn(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    await town.grant()
    await visitor.open("/account")
    assert "Toko Uji" in visitor.answer.text
    assert "See your name and how you can be reached" in visitor.answer.text

    await visitor.send("/account/consents/withdraw")

    assert "Withdrawn." in visitor.answer.text
    assert await town.run("SELECT end_reason FROM grants WHERE ended_at IS NOT NULL") == [("WITHDRAWN",)]


async def test_the_last_second_factor_stays(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)
    await visitor.send("/sign-in/authenticator", code=town.authenticator_code(SECRET))

    await visitor.send("/account/factors/remove")

    assert "This is your last second proof." in visitor.answer.text
    assert len(await town.run("SELECT person_id FROM authenticators")) == 1


async def test_factors_are_changed_by_who_has_just_signed_in(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)
    await visitor.send("/sign-in/authenticator", code=town.authenticator_code(SECRET))
    await town.run("UPDATE browser_sessions SET authenticated_at = now() - interval '11 minutes'")
    await visitor.open("/account")

    await visitor.send("/account/factors/remove")

    assert visitor.answer.status_code == 403
    assert "sign in again" in visitor.answer.text


async def test_the_language_is_the_account_s_everywhere(town: Town) -> None:
    await town.add(EMAIL)
    visitor, elsewhere = town.visitor(), town.visitor()
    await town.sign_in(visitor, EMAIL)

    await visitor.send("/account/language", language="id")
    assert visitor.heading == "Akun saya"
    await town.sign_in(elsewhere, EMAIL)

    assert elsewhere.heading == "Akun saya"
    await elsewhere.open("/account?lang=en")
    assert elsewhere.heading == "My account"
