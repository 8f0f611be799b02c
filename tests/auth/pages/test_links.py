"""Links that make an account or set a password: for the owner of the mailbox, once, and not for ever."""

import asyncio
from typing import Any

import pytest

from rules.access import Role

Town = Any
Visitor = Any

EMAIL = "siti@contoh.id"
OFFICE = "petugas@contoh.id"
NEW = "ikan terbang biru laut"
SECRET = b"12345678901234567890"


async def link_to(town: Town, contact: str) -> str:
    """Ask for a link, and return what came."""
    visitor = town.visitor()
    await visitor.open("/sign-in/link")
    await visitor.send(contact=contact)
    return next(word for word in (await town.messages(contact))[0].split() if "link=" in word)


async def test_an_account_is_made_with_a_name_and_a_password(town: Town) -> None:
    visitor = town.visitor()
    await visitor.open(await link_to(town, EMAIL))
    assert visitor.heading == "Set your password"

    await visitor.send(name="  Siti   Uji ", password=NEW)
    assert "Your password is set." in visitor.answer.text
    await visitor.send(contact=EMAIL, password=NEW)
    await visitor.send("/sign-in/code", code=await town.code(EMAIL))

    assert "<dd>Siti Uji</dd>" in visitor.answer.text
    assert await town.run("SELECT action FROM audit_events ORDER BY id") == [("person.created",), ("person.signed_in",)]


@pytest.mark.parametrize("form", [{"name": "", "password": NEW}, {"name": "a" * 101, "password": NEW}, {"name": "S"}])
async def test_what_is_missing_is_told_and_the_link_stays_good(town: Town, form: dict[str, str]) -> None:
    visitor = town.visitor()
    await visitor.open(await link_to(town, EMAIL))

    await visitor.send(**form)
    assert len(visitor.problems) == 1
    await visitor.send(name="Siti", password=NEW)

    assert visitor.path == "/sign-in"


async def test_looking_at_a_link_does_not_use_it_up_but_setting_a_password_does(town: Town) -> None:
    link = await link_to(town, EMAIL)
    first, second = town.visitor(), town.visitor()
    await first.open(link)
    await second.open(link)

    await first.send(name="Siti", password=NEW)
    await second.send(name="Pencuri", password="password saya sendiri")

    assert second.answer.status_code == 410
    assert "This link is no longer good." in second.answer.text


async def test_of_eight_at_once_one_sets_the_password(town: Town) -> None:
    visitor = town.visitor()
    await visitor.open(await link_to(town, EMAIL))
    link = visitor.answer.url.params["link"]
    form = {"form_token": visitor.form_token, "link": link, "name": "Siti", "password": NEW}

    answers = await asyncio.gather(*(visitor.client.post("/sign-in/password", data=form) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 7


async def test_two_links_at_once_make_one_account(town: Town) -> None:
    links = [await link_to(town, EMAIL) for _ in range(2)]
    visitors = [town.visitor() for _ in links]
    for visitor, link in zip(visitors, links, strict=True):
        await visitor.open(link)

    await asyncio.gather(*(visitor.send(name="Siti", password=NEW) for visitor in visitors))

    assert [visitor.path for visitor in visitors] == ["/sign-in"] * 2
    assert await town.run("SELECT count(*) FROM people") == [(1,)]


async def test_an_old_link_is_dead(town: Town) -> None:
    link = await link_to(town, EMAIL)
    await town.run("UPDATE password_links SET expires_at = now()")
    visitor = town.visitor()

    await visitor.open(link)

    assert visitor.answer.status_code == 410


async def test_a_new_password_puts_out_who_came_in_by_the_old_one(town: Town) -> None:
    await town.add(EMAIL)
    thief, half_way, owner = town.visitor(), town.visitor(), town.visitor()
    await town.sign_in(thief, EMAIL)
    await town.grant()
    await town.begin(half_way, EMAIL)
    code = await town.code(EMAIL)

    await owner.open(await link_to(town, EMAIL))
    await owner.send(password=NEW)

    await thief.open("/account")
    assert thief.heading == "Sign in"
    await half_way.send("/sign-in/code", code=code)
    assert half_way.heading == "Sign in"
    assert await town.run("SELECT end_reason FROM grants") == [("SIGNED_OUT",)]
    assert (await town.begin(town.visitor(), EMAIL)).status_code == 422
    assert "was just changed" in (await town.messages(EMAIL))[0]


async def test_a_link_is_no_second_factor(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    thief = town.visitor()
    await thief.open(await link_to(town, OFFICE))
    await thief.send(password=NEW)

    await thief.send(contact=OFFICE, password=NEW)

    assert thief.heading == "Second proof"


async def test_guesses_at_the_second_factor_are_counted(town: Town) -> None:
    await town.add(OFFICE, role=Role.OFFICER, secret=SECRET)
    visitor = town.visitor()
    await town.begin(visitor, OFFICE)
    right = {town.authenticator_code(SECRET, steps) for steps in range(-2, 4)}
    wrong = next(code for code in map("{:06}".format, range(9)) if code not in right)

    statuses = [(await visitor.send("/sign-in/authenticator", code=wrong)).status_code for _ in range(6)]

    assert statuses == [422] * 5 + [429]


async def test_what_breaks_is_told_on_a_page_and_logged_without_values(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await visitor.open(await link_to(town, EMAIL))
    await town.run(
        "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$"
    )
    await town.run("CREATE TRIGGER broken BEFORE UPDATE ON people EXECUTE FUNCTION break()")

    answer = await visitor.send(password=NEW)

    assert answer.status_code == 500
    assert "Something broke on our side." in answer.text
    assert "page failed" in caplog.text
    assert "argon2id" not in caplog.text + answer.text


async def test_links_begin_with_the_public_address_whatever_a_request_names(town: Town) -> None:
    visitor = town.visitor()
    await visitor.open("/sign-in/link")
    form = {"form_token": visitor.form_token, "contact": EMAIL}
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    await visitor.client.post("/sign-in/link", data=form, headers=headers)

    text = (await town.messages(EMAIL))[0]
    assert "https://bekal.example/sign-in/password?link=" in text
    assert "evil" not in text
