"""The page for the code that was sent."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import TooManyError
from auth.codes import Addressee, CodeAnswer, CodeLetter, send_code, spend_code
from auth.devices import known_device
from auth.factors import factors_of
from auth.flows import current_flow
from auth.pages.admission import finish
from auth.pages.desk import Desk, Fields, leads_to, wait_text
from auth.pages.rendering import Problem, path_to, see
from models.people import Contact as ContactRow
from models.people import reach
from models.sign_ins import OneTimeCode, SignIn
from rules.authenticators import digits_of
from rules.contacts import Contact
from rules.people import Method

RESENT = "again"


async def send_first_code(
    desk: Desk, request: Request, db: AsyncSession, flow: SignIn, contact: Contact, device: str | None
) -> TooManyError | None:
    """Send a code to where the person said to be reached; return what stands against it."""
    row = await db.scalar(
        select(ContactRow).where(ContactRow.person_id == flow.person_id, ContactRow.kind == contact.kind)
    )
    assert row is not None, "the person was found by this contact"
    return await _send(desk, request, db, flow, Addressee(flow.person_id, row.id, contact, device))


async def _send(desk: Desk, request: Request, db: AsyncSession, flow: SignIn, to: Addressee) -> TooManyError | None:
    words = desk.pages.words(request)
    letter = CodeLetter(words("message.code_subject"), words("message.code_text", code="{code}"))
    try:
        code_id = await send_code(db, desk.site, flow.hash, to, letter)
    except TooManyError as refused:
        if flow.challenge is None:
            # The page needs to know where codes go. A key that no code has is one that was used up.
            flow.challenge = to.contact_id.bytes
        return refused
    flow.challenge = code_id.bytes
    await db.flush()
    return None


async def awaiting_code(desk: Desk, request: Request, db: AsyncSession) -> SignIn | None:
    """Return the sign-in that the browser is in, if a code is its next step."""
    flow = await current_flow(db, desk.site, request)
    if flow is None or flow.challenge is None or Method.CODE in flow.methods:
        return None
    factors = await factors_of(db, flow.person_id)
    return None if factors.staff and factors.any else flow


async def code_page(desk: Desk, request: Request, db: AsyncSession, flow: SignIn) -> Response:
    """Show the page."""
    words = desk.pages.words(request)
    note = words("code.again_sent") if request.query_params.get("sent") == RESENT else None
    wait = request.query_params.get("wait", "")
    if wait.isdecimal() and wait.isascii() and len(wait) < 6:  # noqa: PLR2004 - a day in seconds has five digits
        note = words("code.too_many", wait=wait_text(words, int(wait)))
    return await _page(desk, request, db, flow, note=note)


async def take_code(desk: Desk, request: Request, fields: Fields, db: AsyncSession, flow: SignIn) -> Response:
    """Take the code; sign in, or go on to set up a second factor."""
    words = desk.pages.words(request)
    typed = digits_of(fields.get("code", ""))
    if not typed:
        return await _page(desk, request, db, flow, problems=[Problem("code", words("code.missing"))])
    assert flow.challenge is not None
    found = await spend_code(db, desk.site, flow.hash, UUID(bytes=flow.challenge), typed)
    if found is not CodeAnswer.RIGHT:
        text = words("code.wrong" if found is CodeAnswer.WRONG else "code.used_up")
        return await _page(desk, request, db, flow, problems=[Problem("code", text)])
    flow.methods = [*flow.methods, Method.CODE.value]
    flow.challenge = None
    if (await factors_of(db, flow.person_id)).staff:
        return see("/sign-in/enrol")
    return await finish(desk, request, db, flow)


async def send_again(desk: Desk, request: Request, fields: Fields, db: AsyncSession, flow: SignIn) -> Response:
    """Send another code."""
    del fields
    contact_id, contact = await _sent_to(desk, db, flow)
    device = await known_device(desk.site, request, db, flow.person_id)
    refused = await _send(desk, request, db, flow, Addressee(flow.person_id, contact_id, contact, device))
    return see("/sign-in/code", wait=str(refused.wait_s)) if refused else see("/sign-in/code", sent=RESENT)


async def _sent_to(desk: Desk, db: AsyncSession, flow: SignIn) -> tuple[UUID, Contact]:
    """Return where the codes of a sign-in go."""
    assert flow.challenge is not None
    key = UUID(bytes=flow.challenge)
    contact_id = await db.scalar(select(OneTimeCode.contact_id).where(OneTimeCode.id == key)) or key
    kind = await db.scalar(select(ContactRow.kind).where(ContactRow.id == contact_id))
    reached = await reach(db, desk.site.keys, flow.person_id)
    assert reached is not None, "a person without a key cannot get this far"
    return contact_id, next(contact for contact in reached.contacts if contact.kind is kind)


async def _page(
    desk: Desk,
    request: Request,
    db: AsyncSession,
    flow: SignIn,
    *,
    note: str | None = None,
    problems: Sequence[Problem] = (),
) -> Response:
    _, contact = await _sent_to(desk, db, flow)
    values = {"contact": contact.masked, "note": note, "start_over": path_to("/sign-in", return_to=flow.return_to)}
    return desk.pages.page(
        request,
        "code",
        values,
        problems=problems,
        status=422 if problems else 200,
        leads_to=await leads_to(db, flow.return_to),
    )
