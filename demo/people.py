"""People of the demo: one for each role, so that everything can be tried. None of them exists."""

from base64 import b32decode
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.factors import set_authenticator
from auth.passwords import Passwords
from models.database import Database
from models.marketplaces import Marketplace
from models.payers import Payer
from models.people import NewPerson, add_person, person_at
from models.providers import Provider
from models.sealing import KeyRing
from rules.access import STAFF, Role
from rules.contacts import Contact, contact_of
from rules.people import Locale
from rules.publication import PublicationState

PASSWORD: Final = "kata sandi demo bekal"  # noqa: S105 - known to everybody: no server in production has these people
AUTHENTICATOR_SECRET: Final = "BEKALDEMOBEKALDEMOBEKALDEMOBEKAL"  # noqa: S105 - the same
"""In Base32, as an authenticator application takes it: the second factor of both who work in the office."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo. The address is in a domain that nobody can own."""

    code: str
    name: str
    role: Role
    email: str
    labels: dict[Locale, str] = field(hash=False)

    @property
    def contact(self) -> Contact:
        """The e-mail address in its normal form."""
        contact = contact_of(self.email)
        assert contact is not None
        return contact


def _person(code: str, name: str, role: Role, english: str, indonesian: str) -> DemoPerson:
    labels = {Locale.ENGLISH: english, Locale.INDONESIAN: indonesian}
    return DemoPerson(code, name, role, f"{code}@demo.example", labels)


PEOPLE: Final = (
    _person("peserta", "Peserta Demo", Role.PARTICIPANT, "Participant", "Peserta"),
    _person("lembaga", "Lembaga Demo", Role.INSTITUTION, "Training institution", "Lembaga pelatihan"),
    _person("platform", "Platform Demo", Role.MARKETPLACE, "Marketplace", "Platform digital"),
    _person("pembayar", "Pembayar Demo", Role.PAYER, "Payment partner", "Mitra pembayaran"),
    _person("petugas", "Petugas Demo", Role.OFFICER, "Officer of the programme", "Petugas program"),
    _person("auditor", "Auditor Demo", Role.AUDITOR, "Auditor", "Auditor"),
)

PHONE: Final = "+620000000001"
"""The participant's. No number in Indonesia begins like this."""


async def load_people(database: Database, keys: KeyRing) -> int:
    """Add the people of the demo who are not there yet, and return how many were added.

    Raises:
        Rejected: the database cannot be reached now.
    """
    added = 0
    passwords = Passwords(threads=1)
    try:
        async with database.write() as session:
            for person in PEOPLE:
                if await person_at(session, keys, person.contact) is None:
                    await _add(session, keys, person, await passwords.hash(PASSWORD))
                    added += 1
    finally:
        passwords.close()
    return added


async def _add(session: AsyncSession, keys: KeyRing, person: DemoPerson, password_hash: str) -> None:
    contacts = [person.contact]
    posts: tuple[tuple[Role, UUID | None], ...] = ()
    if person.role is Role.PARTICIPANT:
        phone = contact_of(PHONE)
        assert phone is not None
        contacts.append(phone)
    else:
        posts = ((person.role, await organisation_of(session, person.role)),)
    wish = NewPerson(tuple(contacts), person.name, Locale.INDONESIAN, password_hash, posts)
    person_id = await add_person(session, keys, wish)
    if person.role in STAFF:
        await set_authenticator(session, keys, person_id, b32decode(AUTHENTICATOR_SECRET))


async def organisation_of(session: AsyncSession, role: Role) -> UUID | None:
    """Return the organisation of the demo that plays a role: the first that is published; None for the office."""
    statement: Select[UUID]
    if role is Role.MARKETPLACE:
        statement = select(Marketplace.organisation_id).order_by(Marketplace.code)
    elif role is Role.INSTITUTION:
        statement = (
            select(Provider.organisation_id).where(Provider.state == PublicationState.PUBLISHED).order_by(Provider.code)
        )
    elif role is Role.PAYER:
        statement = select(Payer.organisation_id).order_by(Payer.code)
    else:
        return None
    found = await session.scalar(statement.limit(1))
    assert found is not None, "the programme is loaded before its people"
    return found
