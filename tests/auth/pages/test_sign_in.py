"""Signing in, as somebody with a browser meets it."""

import asyncio
from typing import Any

import pytest

from rules.access import Role

Town = Any
Visitor = Any

EMAIL = "siti@contoh.id"
PHONE = "0812 3456 7890"
OFFICE = "petugas@contoh.id"
FULL_WIDTH = "\uff53\uff49\uff54\uff49\uff20contoh.id"
SECRET = b"12345678901234567890"


@pytest.mark.parametrize("written", [EMAIL, " SITI@contoh.id ", FULL_WIDTH])
async def test_a_participant_signs_in_by_e_mail_password_and_code(town: Town, written: str) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()

    await town.begin(visitor, written)
    assert visitor.heading == "Enter the code"
    assert "s•••@contoh.id" in visitor.answer.text
    await visitor.send("/sign-in/code", code=await town.code(EMAIL))

    assert visitor.path == "/account"
    assert "Orang Uji" in visitor.answer.text


async def test_or_by_phone_and_the_code_goes_there(town: Town) -> None:
    await town.add(EMAIL, PHONE)
    visitor = town.visitor()

    await town.begin(visitor, "+62 812-3456-7890")
    assert await town.messages(EMAIL) == []
    await visitor.send("/sign-in/code", code=await town.code(PHONE))

    assert visitor.path == "/account"


async def test_the_browser_goes_back_to_where_it_came_from(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()

    await visitor.open("/sign-in?return_to=/device%3Fuser_code%3DBCDF-GHJK")
    await visitor.send("/sign-in", contact=EMAIL, password="kuda laut biru terbang")
    answer = await visitor.client.post(
        "/sign-in/code", data={"form_token": visitor.form_token, "code": await town.code(EMAIL)}
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/device?user_code=BCDF-GHJK"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/account@evil"])
async def test_and_never_elsewhere(town: Town, wanted: str) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()

    await visitor.client.get("/sign-in", params={"return_to": wanted})
    await visitor.open("/sign-in")
    await visitor.send("/sign-in", contact=EMAIL, password="kuda laut biru terbang", return_to=wanted)
    await visitor.send("/sign-in/code", code=await town.code(EMAIL))

    assert str(visitor.answer.url) == "https://bekal.example/account"


async def test_without_the_code_nobody_is_in(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.begin(visitor, EMAIL)

    await visitor.open("/account")

    assert visitor.heading == "Sign in"


async def test_a_code_counts_once(town: Town) -> None:
    await town.add(EMAIL)
    first, second = town.visitor(), town.visitor()
    await town.begin(first, EMAIL)
    code = await town.code(EMAIL)
    token = first.form_token
    cookies = dict(first.client.cookies)

    await first.send("/sign-in/code", code=code)
    second.client.cookies.update(cookies)
    again = await second.client.post("/sign-in/code", data={"form_token": token, "code": code})

    assert first.path == "/account"
    assert again.headers["location"].startswith("/sign-in?")


async def test_of_eight_at_once_one_gets_in(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.begin(visitor, EMAIL)
    form = {"form_token": visitor.form_token, "code": await town.code(EMAIL)}

    answers = await asyncio.gather(*(visitor.client.post("/sign-in/code", data=form) for _ in range(8)))

    assert [answer.headers["location"] for answer in answers].count("/account") == 1
    assert len(await town.run("SELECT id FROM browser_sessions")) == 1


async def test_a_code_of_another_sign_in_does_not_count(town: Town) -> None:
    await town.add(EMAIL)
    victim, thief = town.visitor(), town.visitor()
    await town.begin(victim, EMAIL)
    code = await town.code(EMAIL)
    await town.begin(thief, EMAIL)

    await thief.send("/sign-in/code", code=code)

    assert thief.problems == ["That code does not fit. Check the latest message, or ask for a new code."]


async def test_five_wrong_codes_are_the_last(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.begin(visitor, EMAIL)
    code = await town.code(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    for _ in range(5):
        await visitor.send("/sign-in/code", code=wrong)
    await visitor.send("/sign-in/code", code=code)

    assert visitor.problems == ["This code is no longer good. Ask for a new one."]


async def test_an_old_code_is_dead(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.begin(visitor, EMAIL)
    code = await town.code(EMAIL)
    await town.run("UPDATE one_time_codes SET expires_at = now()")

    await visitor.send("/sign-in/code", code=code)

    assert visitor.problems == ["This code is no longer good. Ask for a new one."]


async def test_three_codes_are_sent_within_an_hour(town: Town) -> None:
    await town.add(PHONE)
    visitor = town.visitor()
    await town.begin(visitor, PHONE)

    for count in (2, 3):
        await visitor.send("/sign-in/code/again")
        assert "A new code was sent." in visitor.answer.text
        assert len(await town.messages(PHONE)) == count
    await visitor.send("/sign-in/code/again")

    assert "Try again in 60 minutes." in visitor.answer.text
    assert len(await town.messages(PHONE)) == 3
    await visitor.send("/sign-in/code", code=await town.code(PHONE))
    assert visitor.path == "/account"


async def test_a_browser_that_is_known_has_codes_of_its_own(town: Town) -> None:
    await town.add(EMAIL)
    victim, stranger = town.visitor(), town.visitor()
    await town.sign_in(victim, EMAIL)
    await victim.send("/sign-out")
    await town.begin(stranger, EMAIL)  # who somehow knows the password
    for _ in range(4):
        await stranger.send("/sign-in/code/again")
        await town.messages(EMAIL)

    await town.sign_in(victim, EMAIL)

    assert victim.path == "/account"


async def test_staff_show_an_authenticator_s_code_and_none_counts_twice(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    first, second = town.visitor(), town.visitor()
    code = town.authenticator_code(SECRET)

    await town.begin(first, OFFICE)
    assert first.heading == "Second proof"
    await first.send("/sign-in/authenticator", code=code)
    await town.begin(second, OFFICE)
    await second.send("/sign-in/authenticator", code=code)

    assert first.path == "/account"
    assert "Programme officer" in first.answer.text
    assert "was used before" in second.problems[0]
    assert await town.messages(OFFICE) == []


async def test_staff_cannot_leave_the_second_factor_out(town: Town) -> None:
    await town.add(OFFICE, role=Role.AUDITOR, secret=SECRET)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)

    for path in ("/sign-in/code", "/sign-in/enrol", "/account"):
        await visitor.open(path)
        assert visitor.heading == "Sign in"


async def test_staff_without_one_set_one_up_at_the_first_sign_in(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)
    await visitor.send("/sign-in/code", code=await town.code(OFFICE))
    assert visitor.heading == "Set up a second proof"
    secret = visitor.shown_secret

    await visitor.open("/account")
    assert visitor.heading == "Sign in"
    await visitor.open("/sign-in/enrol")
    assert visitor.shown_secret == secret
    await visitor.send("/sign-in/enrol", code=town.authenticator_code(secret))

    assert visitor.path == "/account"
    assert await town.run("SELECT methods FROM browser_sessions") == [(["pwd", "mca", "otp"],)]
