import json
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.entrance import personas
from api.settings import Environment, Settings, SettingsError
from auth.factors import factors_of
from auth.passwords import Passwords
from demo.applications import FILE, load_applications
from demo.people import PASSWORD, PEOPLE, load_people
from models.database import Database
from models.people import person_at, reach
from models.sealing import KeyRing
from models.tables import Client, ClientSecret, Person, Post
from rules.access import PARTNERS, STAFF, Role
from rules.secrets import SecretKind, is_secret

RING = KeyRing({1: b"k" * 32})


@pytest.fixture
async def database(fresh_seeded_database_url: str) -> AsyncIterator[Database]:
    made = Database(fresh_seeded_database_url, size=1)
    yield made
    await made.close()


async def test_there_is_one_for_each_role_and_loading_again_adds_nobody(database: Database) -> None:
    assert await load_people(database, RING) == len(Role)
    assert await load_people(database, RING) == 0

    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == len(Role)
        for person in PEOPLE:
            found = await person_at(session, RING, person.contact)
            assert found is not None
            reached = await reach(session, RING, found.id)
            assert reached is not None
            assert reached.name == person.name
            posts = (
                await session.execute(select(Post.role, Post.organisation_id).where(Post.person_id == found.id))
            ).all()
            assert [role for role, _ in posts] == ([] if person.role is Role.PARTICIPANT else [person.role])
            assert all((place is not None) == (person.role in PARTNERS) for _, place in posts)
            factors = await factors_of(session, found.id)
            assert factors.authenticator == (person.role in STAFF)


async def test_they_know_the_password_that_is_told(database: Database) -> None:
    await load_people(database, RING)
    passwords = Passwords(threads=1)

    async with database.read() as session:
        found = await person_at(session, RING, PEOPLE[0].contact)
    assert found is not None
    verdict = await passwords.verify(found.password_hash, PASSWORD)
    passwords.close()

    assert verdict.right


def test_nobody_is_reached_at_their_addresses() -> None:
    assert all(person.contact.value.endswith(".example") for person in PEOPLE)


async def test_applications_keep_their_secrets_beside_the_data(database: Database, tmp_path: Path) -> None:
    made = await load_applications(database, RING, tmp_path)
    again = await load_applications(database, RING, tmp_path)

    file = tmp_path / FILE
    assert made == again
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each["client_secret"] for each in json.loads(file.read_text("utf-8"))] == [
        each.client_secret for each in made
    ]
    assert all(is_secret(each.client_secret, SecretKind.LIVE_CLIENT) for each in made)


async def test_a_lost_file_gives_them_new_secrets(database: Database, tmp_path: Path) -> None:
    before = await load_applications(database, RING, tmp_path)
    (tmp_path / FILE).unlink()

    after = await load_applications(database, RING, tmp_path)

    assert {each.client_secret for each in before}.isdisjoint(each.client_secret for each in after)
    async with database.read() as session:
        rows = (await session.execute(select(Client.code, ClientSecret.hint).join(ClientSecret.client))).all()
    assert dict(rows) == {each.client_id: each.client_secret[-4:] for each in after}


def test_one_click_signs_in_people_of_the_demo_and_never_in_production() -> None:
    demo = Settings(demo=True)

    assert [each.code for each in personas(demo)] == [person.code for person in PEOPLE]
    assert personas(Settings()) == []
    assert personas(replace(demo, environment=Environment.PRODUCTION)) == []
    with pytest.raises(SettingsError, match="BEKAL_DEMO=yes lets anybody sign in"):
        Settings.read({"HOME": "/nowhere", "BEKAL_ENVIRONMENT": "production", "BEKAL_DEMO": "yes"})
