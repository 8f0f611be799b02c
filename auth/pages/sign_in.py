"""The first page of signing in: who, and the password. What comes next depends on who it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import Count, TooManyError, clear, count_of, spend, take_back
from auth.devices import known_device
from auth.factors import factors_of
from auth.flows import begin_flow
from auth.forms import SIGN_IN_COOKIE
from auth.pages.admission import admit
from auth.pages.code import send_first_code
from auth.pages.desk import Desk, Fields, leads_to, wait_text
from auth.pages.rendering import Problem, path_to, see
from models.people import Person, person_at
from rules.contacts import Contact, contact_of
from rules.people import Method, PersonState
from rules.sign_ins import FAILURES_BY_NETWORK, PASSWORD_BY_DEVICE, PASSWORD_BY_STRANGERS, own_path

_NOTES = {"password": "sign_in.password_set", "ended": "sign_in.ended"}
PASSWORD_LENGTH_READ_MAX = 1_024
"""What is longer is wrong without a hash: Argon2 would read it all."""


async def sign_in_page(desk: Desk, request: Request) -> Response:
    """Show the page."""
    return await _page(desk, request, own_path(request.query_params.get("return_to")))


async def _page(
    desk: Desk,
    request: Request,
    return_to: str,
    *,
    contact: str = "",
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    words = desk.pages.words(request)
    targets: list[str] = []
    if desk.personas:  # only their buttons lead on at once
        async with desk.database.read() as db:
            targets = await leads_to(db, return_to)
    values = {
        "return_to": return_to,
        "contact": contact,
        "note": _NOTES.get(request.query_params.get("note", "")),
        "link_page": path_to("/sign-in/link", return_to=return_to),
        "personas": [(persona.code, persona.labels[words.locale]) for persona in desk.personas],
    }
    return desk.pages.page(request, "sign_in", values, problems=problems, status=status, leads_to=targets)


@dataclass(frozen=True, slots=True)
class _Try:
    """One try of a password, counted already."""

    person: Person | None
    device: str | None
    account: Count
    network: Count | None


async def sign_in(desk: Desk, request: Request, fields: Fields) -> Response:
    """Take who and the password, and go on to the second proof.

    A wrong password and an account that does not exist are answered alike, after the same work.
    """
    words = desk.pages.words(request)
    return_to = own_path(fields.get("return_to"))
    written, password = fields.get("contact", "").strip(), fields.get("password", "")
    contact = contact_of(written)
    problems: list[Problem] = []
    if contact is None:
        problems.append(Problem("contact", words("sign_in.not_a_contact" if written else "sign_in.missing_contact")))
    if not password:
        problems.append(Problem("password", words("sign_in.missing_password")))
    if contact is None or problems:
        return await _page(desk, request, return_to, contact=written, problems=problems, status=422)

    try:
        tried = await _count(desk, request, contact)
    except TooManyError as refused:
        told = [Problem("contact", words("sign_in.slow_down", wait=wait_text(words, refused.wait_s)))]
        answer = await _page(desk, request, return_to, contact=written, problems=told, status=429)
        answer.headers["retry-after"] = str(refused.wait_s)
        return answer
    usable = tried.person is not None and tried.person.state is PersonState.ACTIVE
    stored = tried.person.password_hash if tried.person is not None and usable else None
    verdict = await desk.passwords.verify(stored, password[:PASSWORD_LENGTH_READ_MAX])
    if not verdict.right or tried.person is None or len(password) > PASSWORD_LENGTH_READ_MAX:
        told = [Problem("contact", words("sign_in.wrong"))]
        return await _page(desk, request, return_to, contact=written, problems=told, status=422)
    return await _go_on(desk, request, contact, tried, tried.person, return_to, verdict.renewed)


async def _count(desk: Desk, request: Request, contact: Contact) -> _Try:
    """Look who it is, and count the try.

    Raises:
        TooManyError: nobody may try now: not from here, or not for this account.
    """
    keys = desk.site.keys
    async with desk.database.write() as db:
        person = await person_at(db, keys, contact)
        device = await known_device(desk.site, request, db, person.id if person else None)
        if device is not None:
            tried = _Try(person, device, count_of(keys, PASSWORD_BY_DEVICE, contact.value, device), None)
        else:
            network = count_of(keys, FAILURES_BY_NETWORK, desk.site.address(request) or "")
            tried = _Try(person, None, count_of(keys, PASSWORD_BY_STRANGERS, contact.value), network)
        counts = [count for count in (tried.account, tried.network) if count is not None]
        try:
            await spend(db, *counts)
        except TooManyError as too_many:
            refused = too_many
        else:
            return tried
    raise refused  # after the commit: what was counted stays counted


async def _go_on(
    desk: Desk, request: Request, contact: Contact, tried: _Try, person: Person, return_to: str, renewed: str | None
) -> Response:
    """Begin the second step of who knows the password."""
    async with desk.database.write() as db:
        await clear(db, tried.account)
        if tried.network is not None:
            await take_back(db, tried.network)
        if renewed is not None:
            await db.execute(
                update(Person)
                .where(Person.id == person.id, Person.password_hash == person.password_hash)
                .values(password_hash=renewed)
            )
        factors = await factors_of(db, person.id)
        flow, secret = await begin_flow(db, desk.site, person.id, return_to)
        if factors.staff and factors.any:
            answer = see("/sign-in/factor")
        else:
            too_many = await send_first_code(desk, request, db, flow, contact, tried.device)
            answer = see("/sign-in/code", wait=str(too_many.wait_s)) if too_many else see("/sign-in/code")
    desk.site.set_cookie(answer, SIGN_IN_COOKIE, secret)
    return answer


async def sign_in_persona(desk: Desk, request: Request, fields: Fields) -> Response:
    """Sign in somebody of the demo by one click."""
    persona = next((each for each in desk.personas if each.code == fields.get("persona")), None)
    if persona is None:
        return desk.pages.failure(request, "error.not_found", status=404)
    async with desk.database.write() as db:
        person = await person_at(db, desk.site.keys, persona.contact)
        if person is None:
            return desk.pages.failure(request, "error.not_found", status=404)
        factors = await factors_of(db, person.id)
        methods = [Method.PASSWORD, Method.AUTHENTICATOR if factors.staff else Method.CODE]
        return await admit(desk, request, db, person.id, methods, own_path(fields.get("return_to")))
