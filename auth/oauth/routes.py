"""The addresses of the authorization server."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth.oauth import authority as at
from auth.oauth.authority import Authority
from auth.oauth.authorize import authorize
from auth.oauth.codes import S256, Bounds, CodeGrant, IdTokens
from auth.oauth.devices import DeviceEndpoint, DeviceGrant
from auth.oauth.exchange import ExchangeGrant
from auth.oauth.inspection import Introspection, Revocation, userinfo
from auth.oauth.keys import LIST_KEPT_S
from auth.oauth.metadata import resource_metadata, server_metadata
from auth.oauth.pushed import push
from auth.oauth.reading import MalformedError, Parameters, read_object
from auth.oauth.refreshing import OwnGrant, RefreshGrant
from auth.oauth.registration import Configuration, Registration
from auth.oauth.server import ProtocolRequest, Server, answer
from auth.oauth.sign_out import end_session
from auth.oauth.transactions import performed, protocol_request, refusal, served

METADATA: Final = "/.well-known/oauth-authorization-server"
DISCOVERY: Final = "/.well-known/openid-configuration"
RESOURCE: Final = "/.well-known/oauth-protected-resource"

Endpoint = Callable[[Request], Awaitable[Response]]


def oauth_routes(authority: Authority) -> list[BaseRoute]:
    """Return the routes of the protocol."""
    return [
        Route(METADATA, _published(lambda: server_metadata(authority))),
        Route(DISCOVERY, _published(lambda: server_metadata(authority))),
        Route(RESOURCE, _published(lambda: resource_metadata(authority))),
        Route(RESOURCE + at.GRAPH, _published(lambda: resource_metadata(authority))),
        Route(at.JWKS, _published(authority.keys.published)),
        Route(at.AUTHORIZE, _endpoint(authority, authorize), methods=["GET", "POST"]),
        Route(at.TOKEN, _form(authority, at.TOKEN, _token), methods=["POST"]),
        Route(at.PUSH, _form(authority, at.PUSH, push), methods=["POST"]),
        Route(at.REVOKE, _form(authority, at.REVOKE, _revoke), methods=["POST"]),
        Route(at.INTROSPECT, _form(authority, at.INTROSPECT, _introspect), methods=["POST"]),
        Route(at.DEVICE, _form(authority, at.DEVICE, _device), methods=["POST"]),
        Route(at.USERINFO, _endpoint(authority, _userinfo), methods=["GET", "POST"]),
        Route(at.REGISTER, _endpoint(authority, _register), methods=["POST"]),
        Route(at.REGISTER + "/{code}", _endpoint(authority, _configure), methods=["GET", "PUT", "DELETE"]),
        Route(at.END_SESSION, _endpoint(authority, end_session), methods=["GET", "POST"]),
    ]


def _token(server: Server, request: ProtocolRequest) -> Response:
    if "grant_type" not in request.form:
        return refusal("invalid_request", "Missing grant_type.")
    server.register_grant(CodeGrant, [S256(), Bounds(), IdTokens()])
    server.register_grant(RefreshGrant, [IdTokens()])
    server.register_grant(OwnGrant)
    server.register_grant(ExchangeGrant)
    server.register_grant(DeviceGrant, [IdTokens()])
    return cast("Response", server.create_token_response(request))


def _revoke(server: Server, request: ProtocolRequest) -> Response:
    server.register_endpoint(Revocation)
    return cast("Response", server.create_endpoint_response(Revocation.ENDPOINT_NAME, request))


def _introspect(server: Server, request: ProtocolRequest) -> Response:
    server.register_endpoint(Introspection)
    return cast("Response", server.create_endpoint_response(Introspection.ENDPOINT_NAME, request))


def _device(server: Server, request: ProtocolRequest) -> Response:
    server.register_endpoint(DeviceEndpoint)
    return cast("Response", server.create_endpoint_response(DeviceEndpoint.ENDPOINT_NAME, request))


async def _userinfo(authority: Authority, request: Request) -> Response:
    asked = protocol_request(authority, request, at.USERINFO, Parameters())
    return await performed(authority, asked, userinfo)


async def _register(authority: Authority, request: Request) -> Response:
    def act(server: Server, asked: ProtocolRequest) -> Response:
        server.register_endpoint(Registration)
        return cast("Response", server.create_endpoint_response(Registration.ENDPOINT_NAME, asked))

    return await _with_object(authority, request, at.REGISTER, act)


async def _configure(authority: Authority, request: Request) -> Response:
    code: str = request.path_params["code"]

    def act(server: Server, asked: ProtocolRequest) -> Response:
        server.register_endpoint(Configuration(server, code))
        return cast("Response", server.create_endpoint_response(Configuration.ENDPOINT_NAME, asked))

    if request.method == "PUT":
        return await _with_object(authority, request, f"{at.REGISTER}/client", act)
    asked = protocol_request(authority, request, f"{at.REGISTER}/client", Parameters())
    return await performed(authority, asked, act)


async def _with_object(
    authority: Authority, request: Request, path: str, act: Callable[[Server, ProtocolRequest], Response]
) -> Response:
    try:
        metadata: Any = await read_object(request)
    except MalformedError as wrong:
        return refusal("invalid_client_metadata", wrong.description, wrong.status)
    parameters = Parameters(metadata, defaultdict(list))
    return await performed(authority, protocol_request(authority, request, path, parameters), act)


def _form(authority: Authority, path: str, act: Callable[[Server, ProtocolRequest], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await served(authority, request, path, act)

    return endpoint


def _endpoint(authority: Authority, act: Callable[[Authority, Request], Awaitable[Response]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await act(authority, request)

    return endpoint


def _published(make: Callable[[], dict[str, Any]]) -> Endpoint:
    """Return the endpoint of a document that anybody may keep for some minutes."""

    async def endpoint(_request: Request) -> Response:
        response = answer(200, make())
        del response.headers["pragma"]
        response.headers["cache-control"] = f"public, max-age={LIST_KEPT_S}"
        return response

    return endpoint
