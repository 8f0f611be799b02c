"""The second proof of staff: the authenticator application, or a passkey; and setting up the first one."""

import secrets
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import TooManyError, clear, count_of, spend
from auth.devices import known_device
from auth.factors import begin_authenticator, confirm_authenticator, factors_of, spend_authenticator_code
from auth.flows import current_flow
from auth.pages.admission import finish
from auth.pages.desk import Desk, Fields, leads_to, wait_text
from auth.pages.rendering import Problem, path_to, see
from auth.passkeys import CHALLENGE_BYTES, passkeys_of, passkeys_work, request_options, spend_passkey
from models.audit_events import note
from models.database import clock
from models.people import reach
from models.sign_ins import SignIn
from rules.authenticators import digits_of
from rules.people import Method
from rules.sign_ins import AUTHENTICATOR


async def awaiting_factor(desk: Desk, request: Request, db: AsyncSession) -> SignIn | None:
    """Return the sign-in that the browser is in, if a second factor is its next step."""
    flow = await current_flow(db, desk.site, request)
    return flow if flow is not None and (await factors_of(db, flow.person_id)).any else None


async def enrolling(desk: Desk, request: Request, db: AsyncSession) -> SignIn | None:
    """Return the sign-in of staff without a second factor, who have proven to be reached where we know them."""
    flow = await current_flow(db, desk.site, request)
    if flow is None or Method.CODE not in flow.methods:
        return None
    factors = await factors_of(db, flow.person_id)
    return flow if factors.staff and not factors.any else None


async def factor_page(desk: Desk, request: Request, db: AsyncSession, flow: SignIn) -> Response:
    """Show the page."""
    return await _page(desk, request, db, flow)


async def take_authenticator_code(
    desk: Desk, request: Request, fields: Fields, db: AsyncSession, flow: SignIn
) -> Response:
    """Take a code of the application."""
    words = desk.pages.words(request)
    typed = digits_of(fields.get("code", ""))
    if not typed:
        return await _page(desk, request, db, flow, [Problem("code", words("factor.missing"))])
    # Who tries here knows the password. A stranger who does cannot use up the tries of a known browser.
    device = await known_device(desk.site, request, db, flow.person_id) or ""
    count = count_of(desk.site.keys, AUTHENTICATOR, str(flow.person_id), device)
    try:
        await spend(db, count)
    except TooManyError as refused:
        text = words("sign_in.slow_down", wait=wait_text(words, refused.wait_s))
        return await _page(desk, request, db, flow, [Problem("code", text)], status=429)
    if not await spend_authenticator_code(db, desk.site.keys, flow.person_id, typed, await clock(db)):
        return await _page(desk, request, db, flow, [Problem("code", words("factor.wrong"))])
    await clear(db, count)
    flow.methods = [*flow.methods, Method.AUTHENTICATOR.value]
    return await finish(desk, request, db, flow)


async def take_passkey(desk: Desk, request: Request, fields: Fields, db: AsyncSession, flow: SignIn) -> Response:
    """Take what a passkey signed."""
    words = desk.pages.words(request)
    challenge, flow.challenge = flow.challenge, None  # each is answered once
    await db.flush()
    answer = fields.get("answer", "")
    if challenge is None or not await spend_passkey(db, desk.site, flow.person_id, challenge, answer):
        return await _page(desk, request, db, flow, [Problem("passkey", words("factor.passkey_failed"))])
    flow.methods = [*flow.methods, Method.PASSKEY.value]
    return await finish(desk, request, db, flow)


async def enrol_page(desk: Desk, request: Request, db: AsyncSession, flow: SignIn) -> Response:
    """Show what to put into the application, to staff who have no second factor yet."""
    return await _enrol(desk, request, db, flow)


async def enrol(desk: Desk, request: Request, fields: Fields, db: AsyncSession, flow: SignIn) -> Response:
    """Take the application into use, and sign in."""
    words = desk.pages.words(request)
    typed = digits_of(fields.get("code", ""))
    if not await confirm_authenticator(db, desk.site.keys, flow.person_id, typed, await clock(db)):
        return await _enrol(desk, request, db, flow, [Problem("code", words("enrol.wrong"))])
    note(db, desk.caller(request, flow.person_id), "authenticator.added", "person", flow.person_id)
    flow.methods = [*flow.methods, Method.AUTHENTICATOR.value]
    return await finish(desk, request, db, flow)


async def _page(
    desk: Desk,
    request: Request,
    db: AsyncSession,
    flow: SignIn,
    problems: Sequence[Problem] = (),
    *,
    status: int | None = None,
) -> Response:
    factors = await factors_of(db, flow.person_id)
    options = None
    if factors.passkeys and passkeys_work(desk.site):
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        flow.challenge = challenge
        options = request_options(desk.site, await passkeys_of(db, flow.person_id), challenge)
    values = {
        "authenticator": factors.authenticator,
        "passkey_options": options,
        "start_over": path_to("/sign-in", return_to=flow.return_to),
    }
    return desk.pages.page(
        request,
        "factor",
        values,
        problems=problems,
        status=status or (422 if problems else 200),
        leads_to=await leads_to(db, flow.return_to),
        passkeys=options is not None,
    )


async def _enrol(
    desk: Desk, request: Request, db: AsyncSession, flow: SignIn, problems: Sequence[Problem] = ()
) -> Response:
    reached = await reach(db, desk.site.keys, flow.person_id)
    account = reached.contacts[0].value if reached and reached.contacts else ""
    enrolment = await begin_authenticator(db, desk.site.keys, flow.person_id, account)
    if enrolment is None:
        return see("/sign-in/factor")
    values = {"must": True, "picture": enrolment.picture, "key": enrolment.key, "action": "/sign-in/enrol"}
    return desk.pages.page(
        request,
        "enrol",
        values,
        problems=problems,
        status=422 if problems else 200,
        leads_to=await leads_to(db, flow.return_to),
    )
