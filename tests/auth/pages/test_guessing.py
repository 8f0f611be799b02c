"""Guessing: slowed down in the database, without locking anybody out, and without telling who has an account."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from starlette.applications import Starlette

from auth.attempts import TooManyError, count_of, spend
from auth.pages.routes import people_routes
from auth.passwords import BusyError, Passwords
from models.database import Database
from rules.sign_ins import FAILURES_BY_NETWORK, PASSWORD_BY_STRANGERS

Town = Any

EMAIL = "siti@contoh.id"
NOBODY = "bukan@contoh.id"
RIGHT = "kuda laut biru terbang"
WRONG = "kuda laut biru tidur!!"


def shape(answer: Any) -> str:
    """Return a page without what differs for each browser and each contact that was typed."""
    plain = re.sub(r'name="form_token" value="[0-9a-f]+"', "", answer.text)
    return re.sub(r"(siti|bukan|[sb]•••)@contoh.id", "KONTAK", plain)


async def test_strangers_are_slowed_down_over_all_processes(town: Town, fresh_database_url: str) -> None:
    await town.add(EMAIL)
    other = Database(fresh_database_url, size=2)
    second = Starlette(routes=people_routes(replace(town.desk, database=other)))
    before = town.desk.passwords.verified
    statuses: list[int] = []

    for number in range(10):
        visitor = town.visitor(f"198.51.{number}.7")
        if number % 2:
            visitor = type(visitor)(second, f"198.51.{number}.7")
            town.visitors.append(visitor)
        statuses.append((await town.begin(visitor, EMAIL, WRONG)).status_code)
    await other.close()

    assert statuses == [422] * 5 + [429] * 5
    assert town.desk.passwords.verified - before == 5


async def test_a_hundred_at_once_are_a_hundred(town: Town) -> None:
    await town.add(EMAIL)
    visitors = [town.visitor(f"198.51.{number}.7") for number in range(20)]
    for visitor in visitors:
        await visitor.open("/sign-in")
    before = town.desk.passwords.verified

    answers = await asyncio.gather(*(visitor.send(contact=EMAIL, password=WRONG) for visitor in visitors))

    assert [answer.status_code for answer in answers].count(422) == 5
    assert town.desk.passwords.verified - before == 5


async def test_who_must_wait_is_told_how_long_even_with_the_right_password(town: Town) -> None:
    await town.add(EMAIL)
    for _ in range(5):
        await town.begin(town.visitor(), EMAIL, WRONG)
    visitor = town.visitor()

    answer = await town.begin(visitor, EMAIL)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 2
    assert visitor.problems[0].startswith("Too many attempts. Try again in")


async def test_the_wait_grows_and_has_an_end(town: Town) -> None:
    count = count_of(town.desk.site.keys, PASSWORD_BY_STRANGERS, EMAIL)
    waits: list[int] = []

    for number in range(16):
        async with town.desk.database.write() as db:
            await spend(db, count)
        if number >= 4:
            async with town.desk.database.write() as db:
                with pytest.raises(TooManyError) as refused:
                    await spend(db, count)
            waits.append(refused.value.wait_s)
            await town.run("UPDATE attempts SET blocked_until = now() - interval '1 second'")

    assert waits[:6] == [2, 4, 8, 16, 32, 64]
    assert waits[-1] == 900


async def test_the_victim_gets_in_where_he_was_before(town: Town) -> None:
    await town.add(EMAIL)
    victim = town.visitor()
    await town.sign_in(victim, EMAIL)
    await victim.send("/sign-out")
    for _ in range(8):
        await town.begin(town.visitor(), EMAIL, WRONG)
    await town.run("UPDATE attempts SET blocked_until = now() + interval '15 minutes'")

    await town.sign_in(victim, EMAIL)

    assert victim.heading == "My account"


async def test_and_elsewhere_by_a_link_to_his_own_mailbox(town: Town) -> None:
    await town.add(EMAIL)
    for _ in range(8):
        await town.begin(town.visitor(), EMAIL, WRONG)
    victim = town.visitor()

    await victim.open("/sign-in/link")
    await victim.send(contact=EMAIL)
    await victim.open(next(word for word in (await town.messages(EMAIL))[0].split() if "link=" in word))
    await victim.send(password="ikan terbang biru laut")
    assert "was just changed" in (await town.messages(EMAIL))[0]
    await victim.send(contact=EMAIL, password="ikan terbang biru laut")
    await victim.send("/sign-in/code", code=await town.code(EMAIL))

    assert victim.heading == "My account"


async def test_a_known_browser_is_slowed_down_too_in_the_end(town: Town) -> None:
    await town.add(EMAIL)
    visitor = town.visitor()
    await town.sign_in(visitor, EMAIL)
    await visitor.send("/sign-out")

    statuses = [(await town.begin(visitor, EMAIL, WRONG)).status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]


async def test_the_right_password_clears_what_was_counted(town: Town) -> None:
    await town.add(EMAIL)
    for _ in range(4):
        await town.begin(town.visitor(), EMAIL, WRONG)

    await town.begin(town.visitor(), EMAIL)
    statuses = [(await town.begin(town.visitor(), EMAIL, WRONG)).status_code for _ in range(5)]

    assert statuses == [422] * 5


async def test_one_network_fails_so_often_and_no_more(town: Town) -> None:
    await town.add(EMAIL)
    network = count_of(town.desk.site.keys, FAILURES_BY_NETWORK, "203.0.113.0/24")
    async with town.desk.database.write() as db:
        for _ in range(FAILURES_BY_NETWORK.free):
            await spend(db, network)

    assert (await town.begin(town.visitor("203.0.113.77"), EMAIL)).status_code == 429
    assert (await town.begin(town.visitor("198.51.100.1"), EMAIL)).status_code == 200


async def test_a_wrong_password_and_no_account_look_alike(town: Town) -> None:
    await town.add(EMAIL)

    known = await town.begin(town.visitor(), EMAIL, WRONG)
    unknown = await town.begin(town.visitor(), NOBODY, WRONG)

    assert known.status_code == unknown.status_code == 422
    assert shape(known) == shape(unknown)


async def test_and_take_the_same_work(town: Town) -> None:
    await town.add(EMAIL)
    costs: list[tuple[int, list[str]]] = []

    for contact in (EMAIL, NOBODY):
        visitor = town.visitor()
        await visitor.open("/sign-in")
        statements: list[str] = []
        before = town.desk.passwords.verified
        with watched(town, statements):
            await visitor.send(contact=contact, password=WRONG)
        costs.append((town.desk.passwords.verified - before, sorted(statements)))

    assert costs[0] == costs[1]
    assert costs[0][0] == 1


async def test_too_many_tries_look_alike_too(town: Town) -> None:
    await town.add(EMAIL)
    answers: list[str] = []

    for contact in (EMAIL, NOBODY):
        tries = [await town.begin(town.visitor(), contact, WRONG) for _ in range(6)]
        answers.append(re.sub(r"\d+ seconds", "", shape(tries[-1])))

    assert answers[0] == answers[1]


async def test_a_link_is_sent_either_way(town: Town) -> None:
    await town.add(EMAIL)
    pages: list[str] = []
    costs: list[list[str]] = []

    for contact in (EMAIL, NOBODY):
        visitor = town.visitor()
        await visitor.open("/sign-in/link")
        statements: list[str] = []
        with watched(town, statements):
            pages.append(shape(await visitor.send(contact=contact)))
        costs.append(sorted(statements))

    assert pages[0] == pages[1]
    assert costs[0] == costs[1]
    assert "set a new password" in (await town.messages(EMAIL))[0]
    assert "create your Bekal account" in (await town.messages(NOBODY))[0]


async def test_three_links_are_sent_within_an_hour(town: Town) -> None:
    visitor = town.visitor()

    for _ in range(4):
        await visitor.open("/sign-in/link")
        await visitor.send(contact=EMAIL)

    assert visitor.answer.status_code == 429
    assert len(await town.messages(EMAIL)) == 3


async def test_who_would_wait_too_long_for_a_hash_is_asked_to_come_again(town: Town) -> None:
    await town.add(EMAIL)
    narrow = Passwords(threads=1, queue_max=0)
    visitor = type(town.visitor())(Starlette(routes=people_routes(replace(town.desk, passwords=narrow))))
    town.visitors.append(visitor)
    await visitor.open("/sign-in")

    under_way = asyncio.create_task(narrow.verify(None, WRONG))
    await asyncio.sleep(0)
    answer = await visitor.send(contact=EMAIL, password=RIGHT)
    await under_way

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "Many people are signing in." in answer.text
    narrow.close()


async def test_the_queue_is_bounded() -> None:
    passwords = Passwords(threads=1, queue_max=2)

    answers = await asyncio.gather(*(passwords.verify(None, WRONG) for _ in range(9)), return_exceptions=True)

    assert sum(isinstance(answer, BusyError) for answer in answers) == 6
    passwords.close()


async def test_a_hash_of_old_is_renewed_at_the_next_sign_in(town: Town) -> None:
    import argon2  # noqa: PLC0415

    weak = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(RIGHT)
    await town.add(EMAIL)
    await town.run("UPDATE people SET password_hash = :hash", hash=weak)

    await town.begin(town.visitor(), EMAIL)

    [(stored,)] = await town.run("SELECT password_hash FROM people")
    assert "$m=19456,t=2,p=1$" in stored
    assert (await town.desk.passwords.verify(stored, RIGHT)).right


class watched:  # noqa: N801 - reads as a word in front of the block
    """Notes the statements that are run."""

    def __init__(self, town: Town, statements: list[str]) -> None:
        self.engine = town.desk.database._engine.sync_engine
        self.statements = statements

    def note(self, *arguments: Any) -> None:
        """Note a statement, whatever it is given."""
        self.statements.append(re.sub(r"\s+", " ", arguments[2]))

    def __enter__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self.note)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self.note)
