"""People are found by how they are reached, and what is stored of them tells nothing without the keys."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete, text

from models.database import Database
from models.people import ContactTakenError, NewPerson, PersonKey, add_person, person_at, reach
from models.sealing import KeyRing
from rules.access import Role
from rules.contacts import Contact
from rules.people import ContactKind

OLD = KeyRing({1: b"a" * 32})
NEW = KeyRing({1: b"a" * 32, 2: b"b" * 32})
EMAIL = Contact(ContactKind.EMAIL, "siti@contoh.id")
PHONE = Contact(ContactKind.PHONE, "+6281234567890")
SITI = NewPerson((EMAIL, PHONE), "Siti Uji", posts=((Role.OFFICER, None),))


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database of the test's own."""
    database = Database(fresh_database_url)
    yield database
    await database.close()


async def test_a_person_is_found_by_each_contact(database: Database) -> None:
    async with database.write() as db:
        person_id = await add_person(db, OLD, SITI)

    async with database.read() as db:
        for contact in (EMAIL, PHONE):
            found = await person_at(db, OLD, contact)
            assert found is not None
            assert found.id == person_id
        assert await person_at(db, OLD, Contact(ContactKind.EMAIL, "budi@contoh.id")) is None
        reached = await reach(db, OLD, person_id)
    assert reached is not None
    assert reached.name == "Siti Uji"
    assert set(reached.contacts) == {EMAIL, PHONE}


async def test_also_after_a_new_key_came(database: Database) -> None:
    async with database.write() as db:
        await add_person(db, OLD, SITI)

    async with database.write() as db:
        found = await person_at(db, NEW, EMAIL)
        assert found is not None
        reached = await reach(db, NEW, found.id)
        assert reached is not None
        assert reached.name == "Siti Uji"
        with pytest.raises(ContactTakenError):
            await add_person(db, NEW, NewPerson((EMAIL,)))


async def test_two_at_once_do_not_share_a_contact(database: Database) -> None:
    async def add() -> bool:
        try:
            async with database.write() as db:
                await add_person(db, OLD, NewPerson((EMAIL,), "Siti"))
        except ContactTakenError:
            return False
        return True

    made = await asyncio.gather(*(add() for _ in range(4)))

    assert made.count(True) == 1
    async with database.read() as db:
        assert await db.scalar(text("SELECT count(*) FROM people")) == 1


async def test_what_is_stored_tells_nothing(database: Database) -> None:
    async with database.write() as db:
        await add_person(db, OLD, SITI)

    async with database.read() as db:
        for table in ("people", "contacts", "contact_indexes", "person_keys"):
            answer: Any = await db.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - names of our own
            stored = repr([[bytes(cell) if isinstance(cell, bytes) else cell for cell in row] for row in answer])
            assert "iti" not in stored
            assert "812345" not in stored


async def test_without_the_person_s_key_nothing_can_be_read(database: Database) -> None:
    async with database.write() as db:
        person_id = await add_person(db, OLD, SITI)
        await db.execute(delete(PersonKey))

        assert await reach(db, OLD, person_id) is None
