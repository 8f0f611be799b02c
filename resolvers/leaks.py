"""Leaks: a secret that somebody found in the open is revoked at once, and its owners are told."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update

from models.clients import Client, ClientSecret, Invitation
from models.endings import end_grants
from models.grants import Grant, RefreshToken
from models.letters import post
from models.organisations import Organisation
from models.people import Post, reach
from models.sealing import KeyRing
from models.writes import Write
from rules.clients import GrantEnd
from rules.leaks import LETTER_LIFE, READERS_MAX, notice_of
from rules.letters import Letter
from rules.secrets import SecretKind, kind_of


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that opened something until now."""

    kind: SecretKind
    name: str
    organisation_id: UUID | None
    person_id: UUID | None = None
    """Whose grant it was, for a refresh token."""


async def revoke_leaked(write: Write, ring: KeyRing, secret: str) -> None:
    """Have ``secret`` open nothing any more, if it is one of ours; note it, and write to those whose it was.

    What was never a secret of ours is told by its checksum, without asking the database.
    """
    kind = kind_of(secret)
    if kind is None:
        return
    hashes = ring.hashes(secret.encode(), kind.purpose)
    leak = await _REVOKING[kind](write, kind, hashes)
    if leak is not None:
        await _tell(write, ring, leak)


async def _client_secret(write: Write, kind: SecretKind, hashes: list[bytes]) -> Leak | None:
    found = select(Client).join(ClientSecret, ClientSecret.client_id == Client.id).where(ClientSecret.hash.in_(hashes))
    client = await write.session.scalar(found.with_for_update(of=Client, key_share=True))
    gone = delete(ClientSecret).where(ClientSecret.hash.in_(hashes)).returning(ClientSecret.id)
    secret_id = await write.session.scalar(gone)
    if client is None or secret_id is None:
        return None
    facts = {"secret_id": secret_id}
    write.record("client.secret_leaked", "client", client.id, facts, concerns=client.organisation_id)
    return Leak(kind, client.name, client.organisation_id)


async def _refresh_token(write: Write, kind: SecretKind, hashes: list[bytes]) -> Leak | None:
    found = (
        select(Grant, Client)
        .join(RefreshToken, RefreshToken.grant_id == Grant.id)
        .join(Client, Client.id == Grant.client_id)
        .where(RefreshToken.hash.in_(hashes))
    )
    row = (await write.session.execute(found)).first()
    if row is None:
        return None
    grant, client = row
    if not await end_grants(write.session, GrantEnd.LEAKED, write.now, Grant.id == grant.id):
        return None
    write.record("grant.leaked", "grant", grant.id, {"client_id": client.id}, concerns=client.organisation_id)
    return Leak(kind, client.name, client.organisation_id, grant.person_id)


async def _invitation(write: Write, kind: SecretKind, hashes: list[bytes]) -> Leak | None:
    open_ = (Invitation.hash.in_(hashes), Invitation.used_at.is_(None), Invitation.expires_at > write.now)
    ended = update(Invitation).where(*open_).values(expires_at=write.now)
    row = (await write.session.execute(ended.returning(Invitation.id, Invitation.organisation_id))).first()
    if row is None:
        return None
    write.record("invitation.leaked", "invitation", row[0], concerns=row[1])
    name = await write.session.scalar(select(Organisation.legal_name).where(Organisation.id == row[1]))
    return Leak(kind, name or "", row[1])


async def _registration_token(write: Write, kind: SecretKind, hashes: list[bytes]) -> Leak | None:
    ended = update(Client).where(Client.registration_hash.in_(hashes)).values(registration_hash=None)
    told = ended.returning(Client.id, Client.name, Client.organisation_id)
    row = (await write.session.execute(told)).first()
    if row is None:
        return None
    write.record("client.registration_leaked", "client", row[0], concerns=row[2])
    return Leak(kind, row[1], row[2])


_REVOKING = {
    SecretKind.LIVE_CLIENT: _client_secret,
    SecretKind.TEST_CLIENT: _client_secret,
    SecretKind.REFRESH: _refresh_token,
    SecretKind.INVITATION: _invitation,
    SecretKind.REGISTRATION: _registration_token,
}


async def _tell(write: Write, ring: KeyRing, leak: Leak) -> None:
    """Write to the people who hold posts in the organisation, and to the person whose grant it was."""
    posts = select(Post.person_id).where(Post.organisation_id == leak.organisation_id).distinct().limit(READERS_MAX)
    people = set(await write.session.scalars(posts)) if leak.organisation_id else set[UUID]()
    for person_id in sorted(people | ({leak.person_id} if leak.person_id else set[UUID]())):
        person = await reach(write.session, ring, person_id)
        if person is None or not person.contacts:
            continue
        notice = notice_of(leak.kind, leak.name, person.locale)
        letter = Letter(uuid4(), person.contacts[0], notice.subject, notice.text, write.now + LETTER_LIFE)
        post(write.session, ring, letter)
