"""Where anybody reports a secret that was found in the open. The answer is the same whatever it opened."""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth.attempts import TooManyError, count_of, spend
from auth.oauth.authority import Authority
from auth.oauth.reading import MalformedError, read_form, read_object
from auth.oauth.transactions import transact
from engine.errors import Rejected
from models.database import clock
from models.writes import Write
from resolvers.leaks import revoke_leaked
from rules.access import ANONYMOUS
from rules.leaks import REPORTS

LEAKS: Final = "/leaks"
SECRET_LENGTH_MAX: Final = 200
"""Characters; the longest of ours has some seventy."""


def leak_routes(authority: Authority) -> list[BaseRoute]:
    """Return the route of the report."""
    return [Route(LEAKS, _reporting(authority), methods=["POST"])]


def _reporting(authority: Authority) -> Callable[[Request], Awaitable[Response]]:
    async def report(request: Request) -> Response:
        try:
            secret = await _secret(request)
        except MalformedError as wrong:
            return _told("invalid_request", wrong.description, wrong.status)
        try:
            wait_s = await _revoke(authority, request, secret)
        except Rejected as rejected:
            return _told("temporarily_unavailable", rejected.message, 503, wait_s=1)
        if wait_s is not None:
            return _told("slow_down", "Too many reports came from this network. Send it later.", 429, wait_s=wait_s)
        return JSONResponse(
            {"message": "Thank you. If this was a secret of ours, it opens nothing any more, and its owner is told."},
            202,
            {"cache-control": "no-store"},
        )

    return report


async def _secret(request: Request) -> str:
    """Return what was found, from a form or a JSON object.

    Raises:
        MalformedError: it is neither, or says no secret.
    """
    as_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    given: object = (
        (await read_object(request)).get("secret") if as_json else (await read_form(request)).one.get("secret")
    )
    if not isinstance(given, str) or not 0 < len(given.strip()) <= SECRET_LENGTH_MAX:
        raise MalformedError('Send what you found as {"secret": "bkl_..."} in JSON, or as the form field secret.')
    return given.strip()


async def _revoke(authority: Authority, request: Request, secret: str) -> int | None:
    """Revoke the secret, or return for how many seconds this network must wait."""
    caller = authority.site.caller(request, ANONYMOUS)
    count = count_of(authority.site.keys, REPORTS, caller.address or "")

    async def work(session: AsyncSession) -> int | None:
        try:
            await spend(session, count)
        except TooManyError as many:
            return many.wait_s
        await revoke_leaked(Write(session, caller, await clock(session)), authority.site.keys, secret)
        return None

    return await transact(authority, work)


def _told(error: str, description: str, status: int, *, wait_s: int | None = None) -> Response:
    headers = {"cache-control": "no-store"} | ({"retry-after": str(wait_s)} if wait_s is not None else {})
    return JSONResponse({"error": error, "error_description": description}, status, headers)
