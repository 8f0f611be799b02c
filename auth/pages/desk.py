"""What all pages share: their parts, and the manners in which any request is taken and any failure told."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.attempts import TooManyError
from auth.forms import MalformedFormError, is_own, read_form
from auth.pages.rendering import Pages, origin_for_policy, see
from auth.pages.words import Words
from auth.passwords import RETRY_AFTER_S, BusyError, Passwords
from auth.sessions import Sessions, SignedIn
from auth.site import Site
from engine.errors import Code, Rejected
from models.clients import Client
from models.database import Database, clock
from models.sign_ins import SignIn
from models.writes import Write
from rules.access import Viewer
from rules.callers import Caller
from rules.contacts import Contact
from rules.people import Locale

logger = logging.getLogger("bekal.auth")

MINUTE_S: Final = 60
WAIT_IN_MINUTES_FROM_S: Final = 90
MORE_ADDRESSES_MAX: Final = 10

Fields = Mapping[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody of the demo, whom one click signs in. No server in production has any."""

    code: str
    labels: Mapping[Locale, str]
    contact: Contact


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that the pages work with."""

    site: Site
    database: Database
    passwords: Passwords
    sessions: Sessions
    pages: Pages
    personas: Sequence[Persona] = ()

    def caller(self, request: Request, person_id: UUID) -> Caller:
        """Return who acts, for the audit."""
        return self.site.caller(request, Viewer(signed_in=True, person_id=person_id))


Step = Callable[[Desk, Request, AsyncSession], Awaitable[SignIn | None]]
"""Returns the sign-in that the browser is in, if it has come to this step."""


def shown(desk: Desk, page: Callable[[Desk, Request], Awaitable[Response]]) -> Endpoint:
    """Return the endpoint of a page that is fetched."""

    async def endpoint(request: Request) -> Response:
        try:
            return await page(desk, request)
        except Exception as failure:  # noqa: BLE001 - told below, one way for all
            return _failed(desk, request, failure)

    return endpoint


def sent(desk: Desk, page: Callable[[Desk, Request, Fields], Awaitable[Response]]) -> Endpoint:
    """Return the endpoint of a form: it is read within limits, and must come from a page of ours."""

    async def endpoint(request: Request) -> Response:
        try:
            fields = await read_form(request)
            if not is_own(desk.site, request, fields):
                return desk.pages.failure(request, "error.forged", status=403)
            return await page(desk, request, fields)
        except Exception as failure:  # noqa: BLE001 - told below, one way for all
            return _failed(desk, request, failure)

    return endpoint


def by_method(**endpoints: Endpoint) -> Endpoint:
    """Return an endpoint that answers each method by its own: ``get=...``, ``post=...``; HEAD is as GET."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["post" if request.method == "POST" else "get"](request)

    return endpoint


def for_signed_in(
    page: Callable[[Desk, Request, AsyncSession, SignedIn], Awaitable[Response]],
) -> Callable[[Desk, Request], Awaitable[Response]]:
    """Return a page for who is signed in, in one transaction; others are led to sign in first, and then back."""

    async def within(desk: Desk, request: Request) -> Response:
        async with desk.database.write() as db:
            signed_in = await desk.sessions.of(request, db)
            if signed_in is None:
                return to_sign_in(request)
            return await page(desk, request, db, signed_in)

    return within


def form_of_signed_in(
    page: Callable[[Desk, Request, Fields, Write, SignedIn], Awaitable[Response]],
) -> Callable[[Desk, Request, Fields], Awaitable[Response]]:
    """Return what a form of who is signed in does, in one transaction that notes who asked."""

    async def within(desk: Desk, request: Request, fields: Fields) -> Response:
        async with desk.database.write() as db:
            signed_in = await desk.sessions.of(request, db)
            if signed_in is None:
                return see("/sign-in", return_to=request.url.path)
            write = Write(db, desk.caller(request, signed_in.person_id), await clock(db))
            return await page(desk, request, fields, write, signed_in)

    return within


def for_flow(
    step: Step, page: Callable[[Desk, Request, AsyncSession, SignIn], Awaitable[Response]]
) -> Callable[[Desk, Request], Awaitable[Response]]:
    """Return a page of a sign-in that is at ``step``, in one transaction; others begin anew."""

    async def within(desk: Desk, request: Request) -> Response:
        async with desk.database.write() as db:
            flow = await step(desk, request, db)
            return see("/sign-in", note="ended") if flow is None else await page(desk, request, db, flow)

    return within


def form_of_flow(
    step: Step, page: Callable[[Desk, Request, Fields, AsyncSession, SignIn], Awaitable[Response]]
) -> Callable[[Desk, Request, Fields], Awaitable[Response]]:
    """Return what a form does in a sign-in that is at ``step``, in one transaction."""

    async def within(desk: Desk, request: Request, fields: Fields) -> Response:
        async with desk.database.write() as db:
            flow = await step(desk, request, db)
            return see("/sign-in", note="ended") if flow is None else await page(desk, request, fields, db, flow)

    return within


def to_sign_in(request: Request) -> Response:
    """Lead to the sign-in page, and back here afterwards."""
    query = f"?{request.url.query}" if request.url.query else ""
    return see("/sign-in", return_to=f"{request.url.path}{query}")


def wait_text(words: Words, seconds: int) -> str:
    """Return a wait as people say it."""
    if seconds < WAIT_IN_MINUTES_FROM_S:
        return words("wait.seconds", count=seconds)
    return words("wait.minutes", count=-(-seconds // MINUTE_S))


async def leads_to(db: AsyncSession, return_to: str) -> list[str]:
    """Return the origins to which the browser may be led after it comes to ``return_to``.

    Browsers hold a form's policy over all redirects that follow. So the pages from which a sign-in ends name where the
    application that asked for it is registered; not what the request says, which anybody may have written.
    """
    path, _, query = return_to.partition("?")
    if path != "/oauth/authorize":
        return []
    code = dict(parse_qsl(query)).get("client_id", "")
    if not code.isprintable():
        return []
    registered = await db.scalar(select(Client.redirect_uris).where(Client.code == code))
    return sorted({origin_for_policy(uri) for uri in (registered or [])[:MORE_ADDRESSES_MAX]})


def _failed(desk: Desk, request: Request, failure: Exception) -> Response:
    """Return the page that tells a failure; what nobody expected is logged, too."""
    pages = desk.pages
    match failure:
        case MalformedFormError():
            return pages.failure(request, failure.word, status=failure.status)
        case BusyError():
            return pages.failure(request, "error.busy", status=503, retry_after_s=RETRY_AFTER_S)
        case TooManyError():
            return pages.failure(request, "error.slow_down", status=429, retry_after_s=failure.wait_s)
        case Rejected() if failure.code in (Code.UNAVAILABLE, Code.TIMEOUT):
            return pages.failure(request, "error.unavailable", status=503, retry_after_s=RETRY_AFTER_S)
        case _:
            identity = request.scope.get("bekal.request_id", "")
            logger.error("page failed", exc_info=failure, extra={"request_id": identity})
            return pages.failure(request, "error.broken", status=500, detail=identity)
