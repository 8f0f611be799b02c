"""Authorization requests that are sent ahead (RFC 9126): the browser carries a name only, and nobody can change them.

A name is spent when the person has decided, not when the page is shown: previews of links do not use it up.
"""

import secrets
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from sqlalchemy import func, select, update
from starlette.responses import Response

from auth.lifetimes import PUSHED, PUSHED_WITH_SIGN_IN
from auth.oauth.clients import Application
from auth.oauth.codes import S256, Bounds, CodeGrant
from auth.oauth.reading import Parameters
from auth.oauth.server import ProtocolRequest, Server, answer
from models.tables import PushedRequest

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
PURPOSE: Final = "request-uri"
NAME_BYTES: Final = 32
_CREDENTIALS: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push(server: Server, request: ProtocolRequest) -> Response:
    """Take a request that an application sends ahead, and return the name to send the browser with."""
    try:
        application = server.authenticate_client(request, [], "par")
        parameters = _authorization_request(server, request, application)
        asked = ProtocolRequest(
            "POST", server.authority.url("/oauth/authorize"), request.headers, parameters, request.caller, in_body=False
        )
        asked.pushed = True
        validate(server, asked)
    except OAuth2Error as error:
        error.redirect_uri = None  # answered to the application itself, not by way of the browser
        error.state = None
        return server.handle_error_response(request, error)
    name = secrets.token_urlsafe(NAME_BYTES)
    server.db.add(
        PushedRequest(
            hash=server.ring.hash(name.encode(), PURPOSE),
            client_id=application.row.id,
            parameters={"every": parameters.every, "until": (server.now + PUSHED_WITH_SIGN_IN).timestamp()},
            dpop_thumbprint=parameters.one.get("dpop_jkt"),
            expires_at=server.now + PUSHED,
        )
    )
    server.db.flush()
    return answer(201, {"request_uri": PREFIX + name, "expires_in": int(PUSHED.total_seconds())})


def validate(server: Server, asked: ProtocolRequest) -> Any:
    """Return Authlib's grant for an authorization request that is good.

    Raises:
        OAuth2Error: it is not; with a redirect URI if that is proven to be the application's.
    """
    server.register_grant(CodeGrant, [S256(), Bounds()])
    return server.get_consent_grant(asked)


def pull(server: Server, request_uri: str, application_code: str) -> Parameters:
    """Return the parameters that were sent ahead under a name, and keep them while the person signs in and decides.

    Raises:
        InvalidRequestError: there are none, or not for this application, or they were used.
    """
    application = server.query_client(application_code)
    row = application and server.db.scalar(
        select(PushedRequest).where(*_named(server, request_uri, application), PushedRequest.expires_at > func.now())
    )
    if not row or row.used_at is not None:
        raise InvalidRequestError("The request_uri does not exist, was used, or has expired. Push the request again.")
    row.expires_at = datetime.fromtimestamp(row.parameters["until"], UTC)
    every: defaultdict[str, list[str]] = defaultdict(list, row.parameters["every"])
    return Parameters({name: values[0] for name, values in every.items()}, every)


def spend_name(server: Server, request_uri: str, application: Application) -> bool:
    """Spend the name of a request, now that the person has decided; of parallel twins one finds it unspent."""
    spending = (
        update(PushedRequest)
        .where(
            *_named(server, request_uri, application),
            PushedRequest.used_at.is_(None),
            PushedRequest.expires_at > func.now(),
        )
        .values(used_at=func.clock_timestamp())
        .returning(PushedRequest.hash)
        .execution_options(synchronize_session=False)
    )
    return server.db.scalar(spending) is not None


def _named(server: Server, request_uri: str, application: Application) -> tuple[Any, ...]:
    hashes = server.ring.hashes(request_uri.removeprefix(PREFIX).encode(), PURPOSE)
    return PushedRequest.hash.in_(hashes), PushedRequest.client_id == application.row.id


def _authorization_request(server: Server, request: ProtocolRequest, application: Application) -> Parameters:
    """Return what was pushed without the credentials, bound to the key whose proof came with it."""
    every = {name: values for name, values in request.payload.datalist.items() if name not in _CREDENTIALS}
    if "request_uri" in every:
        raise InvalidRequestError("A pushed request cannot name another one.")
    every["client_id"] = [application.row.code]
    if server.thumbprint is not None:
        if every.get("dpop_jkt", [server.thumbprint]) != [server.thumbprint]:
            raise InvalidRequestError("The dpop_jkt is not of the key that the DPoP proof shows.")
        every["dpop_jkt"] = [server.thumbprint]
    return Parameters({name: values[0] for name, values in every.items()}, defaultdict(list, every))
