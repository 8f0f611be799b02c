"""One transaction for each request of the protocol, run anew when the database asks for it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from auth.oauth.authority import Authority, BusyError
from auth.oauth.keys import NoSigningKeyError
from auth.oauth.reading import MalformedError, Parameters, read_form
from auth.oauth.server import ProtocolRequest, Server, answer
from engine.errors import Rejected
from models.database import ConnectionLostError, ContendedError
from rules.access import ANONYMOUS

logger = logging.getLogger("bekal.auth")

ATTEMPTS_MAX: Final = 3
PAUSE_MAX_S: Final = 0.05
RETRY_AFTER_S: Final = "1"

Result = TypeVar("Result")
Act = Callable[[Server, ProtocolRequest], Response]


async def transact(authority: Authority, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Run ``work`` in a transaction, again when others got in its way.

    Raises:
        Rejected: it was not done, or nobody knows whether it was.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            async with authority.database.write() as session:
                return await work(session)
        except (ContendedError, ConnectionLostError):
            if attempt == ATTEMPTS_MAX:
                raise
            await asyncio.sleep(random.uniform(0, PAUSE_MAX_S))  # noqa: S311 - chance, not secrecy
    raise AssertionError


async def served(authority: Authority, request: Request, path: str, act: Act) -> Response:
    """Answer a form that an application sent to one of the protocol's endpoints."""
    try:
        parameters = await read_form(request)
    except MalformedError as wrong:
        return refusal("invalid_request", wrong.description, wrong.status)
    return await performed(authority, protocol_request(authority, request, path, parameters), act)


async def performed(authority: Authority, asked: ProtocolRequest, act: Act) -> Response:
    """Answer a request that was read, when it is its turn."""
    try:
        async with authority.gate.pass_through():
            return await transact(
                authority, lambda session: session.run_sync(lambda db: act(Server(db, authority), asked))
            )
    except BusyError:
        return unavailable("The server is busy. Send the request again in a moment.")
    except NoSigningKeyError:
        return unavailable("The server has no key to sign with yet. Send the request again in a moment.")
    except Rejected as rejected:
        return unavailable(rejected.message)


def protocol_request(
    authority: Authority, request: Request, path: str, parameters: Parameters, *, in_body: bool = True
) -> ProtocolRequest:
    """Return a request in the words of Authlib."""
    caller = authority.site.caller(request, ANONYMOUS)
    url = authority.url(path)
    return ProtocolRequest(request.method, url, request.headers, parameters, caller, in_body=in_body)


def refusal(error: str, description: str, status: int = 400, **headers: str) -> Response:
    """Return an error in the form of RFC 6749, section 5.2."""
    return answer(status, {"error": error, "error_description": description}, headers)


def unavailable(description: str) -> Response:
    """Return that it may be tried again."""
    headers: dict[str, Any] = {"retry-after": RETRY_AFTER_S}
    return answer(503, {"error": "temporarily_unavailable", "error_description": description}, headers)
