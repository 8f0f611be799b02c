"""Redirect URIs: where a browser may be sent with an authorization code. Source: RFC 9700, section 2.1, and RFC 8252.

They are compared character by character, so nothing in them is left to interpretation.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

REDIRECT_URIS_MAX = 10
"""One for each environment of an application; who needs more has more than one application."""
REDIRECT_URI_LENGTH_MAX = 500
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""RFC 8252, section 8.3: addresses, because the name localhost may lead elsewhere."""

_UNSAFE: Final = frozenset(" \"'<>\\^`{|}*#")
_HOST: Final = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
"""A name with a dot. Pages name it in their policies, where other signs would say other things."""
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+", re.ASCII)


def is_redirect_uri(uri: str, *, native: bool) -> bool:
    """Return whether an application may register ``uri``. ``native``: it may run on people's devices (PUBLIC).

    https anywhere; http on this machine only; schemes of an application's own (``org.example.app:/done``) for native
    ones. No fragment, no user, no wildcard.
    """
    if not uri.isascii() or not uri.isprintable() or len(uri) > REDIRECT_URI_LENGTH_MAX or _UNSAFE & set(uri):
        return False
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets that enclose no address, a port that is no number
        return False
    written = f"[{host}]" if ":" in host else host
    if parts.netloc.lower() not in (written, f"{written}:{port}"):  # a user, a port without a number, more brackets
        return False
    if parts.scheme == "https":
        return _HOST.fullmatch(host) is not None or host in LOOPBACK
    if parts.scheme == "http":
        return host in LOOPBACK
    return native and _is_private(parts)


def _is_private(parts: SplitResult) -> bool:
    """RFC 8252, section 7.1: the name of a domain, reversed, so that it has a dot; then a path."""
    return _PRIVATE_SCHEME.fullmatch(parts.scheme) is not None and not parts.netloc and parts.path.startswith("/")
