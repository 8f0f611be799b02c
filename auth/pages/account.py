"""The account: where one is signed in, what one allowed, the second factors, the language."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.factors import begin_authenticator, confirm_authenticator, factors_of, remove_factor
from auth.pages.consent import post_text, scope_text
from auth.pages.desk import Desk, Fields
from auth.pages.rendering import Problem, see
from auth.pages.words import LANGUAGE_COOKIE, LANGUAGE_LIFE, Words
from auth.passkeys import (
    CHALLENGE_BYTES,
    PASSKEYS_MAX,
    add_passkey,
    creation_options,
    passkeys_of,
    passkeys_work,
)
from auth.sessions import SignedIn, end_sessions, live_sessions
from models.clients import Client
from models.database import clock
from models.grants import Consent
from models.organisations import Organisation
from models.people import Person, reach
from models.sealing import BrokenSealError
from models.writes import Write
from resolvers.consents import WithdrawConsentInput, withdraw_consent
from rules.access import Scope
from rules.authenticators import digits_of
from rules.ids import ConsentId
from rules.people import Locale
from rules.refusals import Refused
from rules.sign_ins import FRESH, HOME

CONSENTS_SHOWN_MAX = 50
PASSKEY_NAME_LENGTH_MAX = 60
OTHERS = "others"
_NOTES = ("ended", "withdrawn", "removed", "added", "last_factor", "language_saved")


async def account_page(desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn) -> Response:
    """Show the account."""
    words = desk.pages.words(request, signed_in)
    reached = await reach(db, desk.site.keys, signed_in.person_id)
    asked = request.query_params.get("note")
    values: dict[str, Any] = {
        "note": f"account.{asked}" if asked in _NOTES else None,
        "name": reached.name if reached else None,
        "contacts": [contact.masked for contact in reached.contacts] if reached else [],
        "roles": [post_text(post, words) for post in signed_in.posts],
        "sessions": await _sessions(db, signed_in),
        "consents": await _consents(db, signed_in, words),
        "locale": signed_in.locale.value,
        **await _factors(desk, db, signed_in, words),
    }
    return desk.pages.page(request, "account", values, signed_in=signed_in)


async def _sessions(db: AsyncSession, signed_in: SignedIn) -> list[dict[str, Any]]:
    return [
        {
            "id": session.id,
            "device": session.device,
            "at": session.authenticated_at,
            "seen": session.last_seen_at,
            "here": session.id == signed_in.browser_session_id,
        }
        for session in await live_sessions(db, signed_in.person_id)
    ]


async def _consents(db: AsyncSession, signed_in: SignedIn, words: Words) -> list[dict[str, Any]]:
    statement = (
        select(Consent, Client.name, Organisation.legal_name)
        .join(Client, Consent.client_id == Client.id)
        .outerjoin(Organisation, Client.organisation_id == Organisation.id)
        .where(Consent.person_id == signed_in.person_id, Consent.withdrawn_at.is_(None))
        .order_by(Consent.id.desc())
        .limit(CONSENTS_SHOWN_MAX)
    )
    known = {scope.value: scope for scope in Scope}
    return [
        {
            "id": consent.id,
            "client": client,
            "organisation": organisation,
            "scopes": [scope_text(known[scope], words.locale) for scope in consent.scopes if scope in known],
            "at": consent.given_at,
        }
        for consent, client, organisation in (await db.execute(statement))
    ]


async def _factors(desk: Desk, db: AsyncSession, signed_in: SignedIn, words: Words) -> dict[str, Any]:
    if not signed_in.is_staff:
        return {"is_staff": False}
    held = await factors_of(db, signed_in.person_id)
    passkeys = await passkeys_of(db, signed_in.person_id)
    listed: list[dict[str, Any]] = [{"id": each.id, "name": each.name, "used": each.last_used_at} for each in passkeys]
    if held.authenticator:
        listed.insert(0, {"id": "app", "name": words("account.app"), "used": False})
    return {
        "is_staff": True,
        "factors": listed,
        "can_add_app": not held.authenticator,
        "can_add_passkey": passkeys_work(desk.site) and len(passkeys) < PASSKEYS_MAX,
    }


async def end_session(desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
    """End one session, or all but this one."""
    del desk, request
    asked = fields.get("session", "")
    one = _key(asked)
    if asked == OTHERS:
        ended = await end_sessions(write.session, signed_in.person_id, but=signed_in.browser_session_id)
    else:
        ended = await end_sessions(write.session, signed_in.person_id, [one] if one else [])
    for session_id in ended:
        write.note("browser_session.revoked", "browser_session", session_id)
    return see(HOME, note="ended")


async def withdraw(desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
    """Withdraw a consent; one that is not there, or is withdrawn already, is as good as withdrawn."""
    del desk, request, signed_in
    consent_id = _key(fields.get("consent", ""))
    if consent_id is not None:
        try:
            await withdraw_consent(write, WithdrawConsentInput(consent=ConsentId(consent_id), idempotency_key=""))
        except Refused:
            return see(HOME)
    return see(HOME, note="withdrawn")


async def choose_language(desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
    """Note the language for pages and messages."""
    del request
    chosen = fields.get("language", "")
    if chosen not in set(Locale):
        return see(HOME)
    await write.session.execute(update(Person).where(Person.id == signed_in.person_id).values(locale=Locale(chosen)))
    answer = see(HOME, note="language_saved")
    desk.site.set_cookie(answer, LANGUAGE_COOKIE, chosen, life_s=int(LANGUAGE_LIFE.total_seconds()))
    return answer


async def remove(desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
    """Remove a second factor, but never the last one of staff."""
    if not _is_fresh(signed_in, write.now):
        return desk.pages.failure(request, "error.not_fresh", status=403, signed_in=signed_in)
    if not await remove_factor(write.session, signed_in.person_id, fields.get("factor", "")):
        return see(HOME, note="last_factor")
    write.note("factor.removed", "person", signed_in.person_id)
    return see(HOME, note="removed")


async def authenticator_page(desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn) -> Response:
    """Show what to put into an authenticator application."""
    if not _is_fresh(signed_in, await clock(db)):
        return desk.pages.failure(request, "error.not_fresh", status=403, signed_in=signed_in)
    return await _authenticator(desk, request, db, signed_in)


async def add_authenticator(
    desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn
) -> Response:
    """Take an authenticator application into use."""
    if not _is_fresh(signed_in, write.now) or not signed_in.is_staff:
        return desk.pages.failure(request, "error.not_fresh", status=403, signed_in=signed_in)
    code = digits_of(fields.get("code", ""))
    if not await confirm_authenticator(write.session, desk.site.keys, signed_in.person_id, code, write.now):
        text = desk.pages.words(request, signed_in)("enrol.wrong")
        return await _authenticator(desk, request, write.session, signed_in, [Problem("code", text)])
    write.note("factor.added", "person", signed_in.person_id)
    return see(HOME, note="added")


async def passkey_page(desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn) -> Response:
    """Show where a passkey is made."""
    if not _is_fresh(signed_in, await clock(db)):
        return desk.pages.failure(request, "error.not_fresh", status=403, signed_in=signed_in)
    return await _passkey(desk, request, db, signed_in)


async def take_new_passkey(desk: Desk, request: Request, fields: Fields, write: Write, signed_in: SignedIn) -> Response:
    """Keep the passkey that the browser made."""
    if not _is_fresh(signed_in, write.now) or not signed_in.is_staff:
        return desk.pages.failure(request, "error.not_fresh", status=403, signed_in=signed_in)
    words = desk.pages.words(request, signed_in)
    name = " ".join(fields.get("name", "").split())[:PASSKEY_NAME_LENGTH_MAX]
    if not name:
        told = [Problem("name", words("enrol.missing_name"))]
        return await _passkey(desk, request, write.session, signed_in, problems=told)
    challenge = _opened_challenge(desk, signed_in, fields.get("challenge", ""), write.now)
    answer = fields.get("answer", "")
    known = await passkeys_of(write.session, signed_in.person_id)
    if (
        challenge is None
        or len(known) >= PASSKEYS_MAX
        or not await add_passkey(write.session, desk.site, signed_in.person_id, name, challenge, answer)
    ):
        told = [Problem("passkey", words("enrol.passkey_failed"))]
        return await _passkey(desk, request, write.session, signed_in, name=name, problems=told)
    write.note("factor.added", "person", signed_in.person_id)
    return see(HOME, note="added")


async def _authenticator(
    desk: Desk, request: Request, db: AsyncSession, signed_in: SignedIn, problems: Sequence[Problem] = ()
) -> Response:
    reached = await reach(db, desk.site.keys, signed_in.person_id)
    account = reached.contacts[0].value if reached and reached.contacts else ""
    enrolment = await begin_authenticator(db, desk.site.keys, signed_in.person_id, account)
    if enrolment is None or not signed_in.is_staff:
        return see(HOME)
    values = {
        "must": False,
        "picture": enrolment.picture,
        "key": enrolment.key,
        "action": "/account/authenticator",
    }
    status = 422 if problems else 200
    return desk.pages.page(request, "enrol", values, signed_in=signed_in, problems=problems, status=status)


async def _passkey(
    desk: Desk,
    request: Request,
    db: AsyncSession,
    signed_in: SignedIn,
    *,
    name: str = "",
    problems: Sequence[Problem] = (),
) -> Response:
    if not signed_in.is_staff or not passkeys_work(desk.site):
        return see(HOME)
    reached = await reach(db, desk.site.keys, signed_in.person_id)
    account = reached.contacts[0].value if reached and reached.contacts else str(signed_in.person_id)
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    held = await passkeys_of(db, signed_in.person_id)
    values = {
        "name": name,
        "passkey_options": creation_options(desk.site, signed_in.person_id, account, held, challenge),
        "challenge": _sealed_challenge(desk, signed_in, challenge, await clock(db)),
    }
    status = 422 if problems else 200
    return desk.pages.page(
        request, "passkey", values, signed_in=signed_in, problems=problems, status=status, passkeys=True
    )


def _sealed_challenge(desk: Desk, signed_in: SignedIn, challenge: bytes, now: datetime) -> str:
    """Return a challenge for the form: sealed for this session, with its age, so that nothing need be kept of it."""
    return desk.site.keys.seal(int(now.timestamp()).to_bytes(8) + challenge, _challenge_place(signed_in)).hex()


def _opened_challenge(desk: Desk, signed_in: SignedIn, sealed: str, now: datetime) -> bytes | None:
    try:
        plain = desk.site.keys.unseal(bytes.fromhex(sealed), _challenge_place(signed_in))
    except (ValueError, BrokenSealError):
        return None
    made_s = int.from_bytes(plain[:8])
    return plain[8:] if now.timestamp() - made_s < FRESH.total_seconds() else None


def _challenge_place(signed_in: SignedIn) -> str:
    return f"passkey:{signed_in.browser_session_id}"


def _is_fresh(signed_in: SignedIn, now: datetime) -> bool:
    return now - signed_in.authenticated_at <= FRESH


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
