"""What this server says of itself to applications (RFC 8414, OpenID Connect Discovery, RFC 9728)."""

from typing import Any, Final

from auth.oauth.authority import (
    AUTHORIZE,
    DEVICE,
    END_SESSION,
    INTROSPECT,
    JWKS,
    PUSH,
    REGISTER,
    REVOKE,
    TOKEN,
    USERINFO,
    Authority,
)
from auth.oauth.keys import ALGORITHM
from auth.oauth.proofs import ALGORITHMS
from auth.oauth.standings import LEVELS
from auth.oauth.tokens import OPENID
from rules.access import Scope
from rules.clients import AuthMethod, GrantType
from rules.people import Locale

PROVEN: Final = [method.value for method in AuthMethod if method is not AuthMethod.NONE]


def server_metadata(authority: Authority) -> dict[str, Any]:
    """Return the metadata of the authorization server, which is also that of the OpenID provider."""
    url = authority.url
    methods = [method.value for method in AuthMethod]
    return {
        "issuer": authority.issuer,
        "authorization_endpoint": url(AUTHORIZE),
        "token_endpoint": url(TOKEN),
        "pushed_authorization_request_endpoint": url(PUSH),
        "revocation_endpoint": url(REVOKE),
        "introspection_endpoint": url(INTROSPECT),
        "userinfo_endpoint": url(USERINFO),
        "device_authorization_endpoint": url(DEVICE),
        "registration_endpoint": url(REGISTER),
        "end_session_endpoint": url(END_SESSION),
        "jwks_uri": url(JWKS),
        "scopes_supported": [OPENID, *(scope.value for scope in Scope)],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": PROVEN,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "acr_values_supported": list(LEVELS),
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"),
            *("name", "locale", "email", "email_verified", "phone_number", "phone_number_verified"),
        ],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": [locale.value for locale in Locale],
        "protected_resources": list(authority.resources),
        # Keys are registered as they are (jwks): this server fetches nothing that an application names.
        "client_registration_jwks_uri_supported": False,
    }


def resource_metadata(authority: Authority) -> dict[str, Any]:
    """Return the metadata of the graph."""
    return {
        "resource": authority.graph,
        "authorization_servers": [authority.issuer],
        "jwks_uri": authority.url(JWKS),
        "scopes_supported": [scope.value for scope in Scope],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
        "resource_name": "Bekal",
    }
