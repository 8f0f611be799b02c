"""Which addresses scripts of other origins may use, and how: with a token in a header, never with a cookie.

Every answer here is one that anybody gets, so any origin may read it (``*``). Browsers then send no cookies along, and
so nobody's session can be used from elsewhere. Pages are not here: no other site's script has to do with them.
"""

from collections.abc import Mapping

GRAPHQL = "/graphql"

METHODS: Mapping[str, bytes] = {
    GRAPHQL: b"POST",
    "/oauth/token": b"POST",
    "/oauth/revoke": b"POST",
    "/oauth/userinfo": b"GET, POST",
    "/oauth/jwks.json": b"GET",
    "/.well-known/oauth-authorization-server": b"GET",
    "/.well-known/openid-configuration": b"GET",
    "/.well-known/oauth-protected-resource": b"GET",
    "/.well-known/oauth-protected-resource/graphql": b"GET",
}
"""What a script in a browser needs to sign somebody in and to ask the graph; other clients need no permission."""

PREFLIGHT_S = b"7200"
"""How long browsers may remember the permission: as long as Chromium does at most."""

ALLOW_ANY = (b"access-control-allow-origin", b"*")
EXPOSED = (b"access-control-expose-headers", b"dpop-nonce, retry-after, www-authenticate, x-request-id")


def answer_headers(path: str, headers: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that let a script of another origin read an answer; none where it may not."""
    return (ALLOW_ANY, EXPOSED) if b"origin" in headers and path in METHODS else ()


def preflight_headers(path: str, headers: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Return what a browser is told, besides, that asks before it lets a script of another origin send a request.

    Nothing, when this is no such question or the address is not for such scripts.
    """
    if path not in METHODS or b"origin" not in headers or b"access-control-request-method" not in headers:
        return ()
    return (
        (b"access-control-allow-methods", METHODS[path]),
        (b"access-control-allow-headers", b"authorization, bekal-explain, content-type, dpop"),
        (b"access-control-max-age", PREFLIGHT_S),
    )
