"""An account, or a new password, by a link to one's mailbox or phone.

The same is said and done whether there is an account or not; only who reads the message learns which.
"""

import unicodedata
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import TooManyError, clear, count_of, spend
from auth.devices import keep_device, known_device, remember_device
from auth.links import find_link, send_link, spend_link
from auth.pages.desk import Desk, Fields, wait_text
from auth.pages.rendering import Problem, path_to, see
from auth.pages.words import Words
from auth.sessions import end_sessions
from models.audit_events import note
from models.database import clock
from models.letters import post
from models.people import ContactTakenError, NewPerson, Person, add_person, person_at
from models.sign_ins import PasswordLink, SignIn
from rules import passwords as rules
from rules.contacts import Contact, contact_of
from rules.letters import Letter
from rules.people import Locale
from rules.sign_ins import LINK_LIFE, LINKS, LINKS_BY_NETWORK, PASSWORD_BY_STRANGERS, own_path

NAME_LENGTH_MAX = 100
TRIES = 2
"""Two links to one contact may be followed at once: the second one finds the account of the first."""


async def link_page(desk: Desk, request: Request) -> Response:
    """Show the page."""
    return _link_page(desk, request, own_path(request.query_params.get("return_to")))


async def ask_for_link(desk: Desk, request: Request, fields: Fields) -> Response:
    """Send a link, within limits."""
    words = desk.pages.words(request)
    return_to = own_path(fields.get("return_to"))
    written = fields.get("contact", "").strip()
    contact = contact_of(written)
    if contact is None:
        text = words("sign_in.not_a_contact" if written else "sign_in.missing_contact")
        return _link_page(desk, request, return_to, written, [Problem("contact", text)], 422)
    async with desk.database.write() as db:
        person = await person_at(db, desk.site.keys, contact)
        device = await known_device(desk.site, request, db, person.id if person else None)
        counts = [count_of(desk.site.keys, LINKS, contact.value, device or "")]
        if device is None:
            counts.append(count_of(desk.site.keys, LINKS_BY_NETWORK, desk.site.address(request) or ""))
        try:
            await spend(db, *counts)
        except TooManyError as refused:
            text = words("link.too_many", wait=wait_text(words, refused.wait_s))
            answer = _link_page(desk, request, return_to, written, [Problem("contact", text)], 429)
            answer.headers["retry-after"] = str(refused.wait_s)
            return answer
        locale = person.locale if person else words.locale
        await send_link(db, desk.site, contact, locale, return_to, **_letter(Words(locale), known=person is not None))
    values = {"contact": contact.masked, "start_over": path_to("/sign-in", return_to=return_to)}
    return desk.pages.page(request, "link_sent", values)


async def password_page(desk: Desk, request: Request) -> Response:
    """Show where a password is set. Looking does not use the link up: mail servers look, too."""
    secret = request.query_params.get("link", "")
    async with desk.database.read() as db:
        found = await find_link(db, desk.site, secret)
        if found is None:
            return desk.pages.failure(request, "error.link_used", status=410)
        person = await person_at(db, desk.site.keys, found[1])
    return _password_page(desk, request, secret, found[1], asks_name=person is None)


async def set_password(desk: Desk, request: Request, fields: Fields) -> Response:
    """Set the password of an account, or create one."""
    words = desk.pages.words(request)
    secret, password = fields.get("link", ""), fields.get("password", "")
    name = " ".join(unicodedata.normalize("NFC", fields.get("name", "")).split())
    async with desk.database.read() as db:
        found = await find_link(db, desk.site, secret)
        if found is None:
            return desk.pages.failure(request, "error.link_used", status=410)
        link, contact = found
        is_new = await person_at(db, desk.site.keys, contact) is None
    problems: list[Problem] = []
    if is_new and not 1 <= len(name) <= NAME_LENGTH_MAX:
        problems.append(Problem("name", words("password.missing_name")))
    if (refusal := rules.refuse_password(password, contact.value)) is not None:
        count = rules.LENGTH_MAX if refusal is rules.PasswordRefusal.TOO_LONG else rules.LENGTH_MIN
        problems.append(Problem("password", words(f"password.{refusal.value.lower()}", count=count)))
    if problems:
        return _password_page(desk, request, secret, contact, asks_name=is_new, name=name, problems=problems)
    hashed = await desk.passwords.hash(password)
    for _ in range(TRIES):
        try:
            async with desk.database.write() as db:
                return await _set(desk, request, db, link, contact, name, hashed)
        except ContactTakenError:
            continue
    return desk.pages.failure(request, "error.link_used", status=410)


async def _set(
    desk: Desk, request: Request, db: AsyncSession, link: PasswordLink, contact: Contact, name: str, hashed: str
) -> Response:
    """Use the link up, and store the hash. Who came in by the old password is out."""
    if not await spend_link(db, link):
        return desk.pages.failure(request, "error.link_used", status=410)
    keys = desk.site.keys
    person = await person_at(db, keys, contact)
    if person is None:
        new = NewPerson((contact,), name=name or None, locale=link.locale, password_hash=hashed)
        person_id = await add_person(db, keys, new)
        note(db, desk.caller(request, person_id), "person.created", "person", person_id)
    else:
        person_id = person.id
        await db.execute(update(Person).where(Person.id == person_id).values(password_hash=hashed))
        await end_sessions(db, person_id)
        await db.execute(delete(SignIn).where(SignIn.person_id == person_id))
        note(db, desk.caller(request, person_id), "password.changed", "person", person_id)
        await _tell_owner(desk, db, contact, person.locale)
    # Who reads the messages is the owner: what strangers tried counts no more, and this browser is known.
    await clear(db, count_of(keys, PASSWORD_BY_STRANGERS, contact.value))
    device = await remember_device(desk.site, request, db, person_id)
    answer = see("/sign-in", note="password", return_to=link.return_to)
    keep_device(desk.site, answer, device)
    desk.sessions.forget(answer)
    return answer


async def _tell_owner(desk: Desk, db: AsyncSession, contact: Contact, locale: Locale) -> None:
    words = Words(locale)
    text = words("message.changed_text", link=f"{desk.site.issuer}/sign-in/link")
    now = await clock(db)
    post(db, desk.site.keys, Letter(uuid4(), contact, words("message.changed_subject"), text, now + 48 * LINK_LIFE))


def _letter(words: Words, *, known: bool) -> dict[str, str]:
    which = "password" if known else "new"
    return {"subject": words(f"message.{which}_subject"), "text": words(f"message.{which}_text", link="{link}")}


def _link_page(
    desk: Desk,
    request: Request,
    return_to: str,
    contact: str = "",
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    values = {"return_to": return_to, "contact": contact, "start_over": path_to("/sign-in", return_to=return_to)}
    return desk.pages.page(request, "link", values, problems=problems, status=status)


def _password_page(
    desk: Desk,
    request: Request,
    secret: str,
    contact: Contact,
    *,
    asks_name: bool,
    name: str = "",
    problems: Sequence[Problem] = (),
) -> Response:
    values = {
        "link": secret,
        "contact": contact.masked,
        "username": contact.value,
        "asks_name": asks_name,
        "name": name,
        "length_min": rules.LENGTH_MIN,
    }
    return desk.pages.page(request, "password", values, problems=problems, status=422 if problems else 200)
