"""GraphiQL, served from the bundle that ``make ide`` builds: no other host is asked for anything."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

BUNDLE = Path(__file__).parent / "static" / "graphiql"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The strictest policy under which the editor works: Monaco writes styles and small pictures of its own."""

HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""On every answer, also on scripts: a worker obeys the policy that its own file came with."""

FOREVER = "public, max-age=31536000, immutable"
"""A year: the file's name holds the hash of its content."""

MISSING = "GraphiQL is not built here. Run `make ide` in the folder of Bekal's sources, then reload this page."

_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""Written down, because the machine's own table differs from place to place."""

_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Smaller first."""

_ASSET_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_ENDPOINT = 'data-endpoint="/graphql" data-issuer=""'


def graphiql_routes(endpoint: str = "/graphql", issuer: str = "") -> list[BaseRoute]:
    """Return the routes of the page at ``/graphiql`` and of its files, for a graph served at ``endpoint``.

    ``issuer`` is where the page signs people in; without it, wherever the page was found.

    Raises:
        ValueError: ``endpoint`` is not a plain path, and would have to be quoted in HTML.
    """
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", endpoint):
        raise ValueError(f"The endpoint is a plain path such as /graphql, not {endpoint!r}.")

    async def page(request: Request) -> Response:
        try:
            text = (BUNDLE / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return PlainTextResponse(f"{MISSING}\n", status_code=503, headers={**HEADERS, "cache-control": "no-store"})
        path = html.escape(request.scope.get("root_path", "") + endpoint)
        text = text.replace(_ENDPOINT, f'data-endpoint="{path}" data-issuer="{html.escape(issuer)}"')
        return HTMLResponse(text, headers={**HEADERS, "cache-control": "no-cache"})

    return [
        Route("/graphiql", page),
        Route("/graphiql/", _without_slash),
        Route("/graphiql/LICENSES.txt", _licences),
        Route("/graphiql/assets/{name}", _asset),
    ]


async def _without_slash(_request: Request) -> Response:
    """Lead to the page: its links are relative to the address without a slash."""
    return RedirectResponse("../graphiql", status_code=308, headers=HEADERS)


async def _licences(_request: Request) -> Response:
    path = BUNDLE / "LICENSES.txt"
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type="text/plain", headers={**HEADERS, "cache-control": "no-cache"})


async def _asset(request: Request) -> Response:
    """Answer with a file of the bundle, compressed as the client understands it."""
    name: str = request.path_params["name"]
    path = BUNDLE / "assets" / name
    media_type = _MEDIA_TYPES.get(path.suffix)
    if media_type is None or not _ASSET_NAME.fullmatch(name) or not path.is_file():
        raise HTTPException(404)
    headers = {**HEADERS, "cache-control": FOREVER, "vary": "accept-encoding"}
    for coding in _accepted(request.headers.get("accept-encoding", "")):
        compressed = path.with_name(f"{name}{_ENCODINGS[coding]}")
        if compressed.is_file():
            return FileResponse(compressed, media_type=media_type, headers={**headers, "content-encoding": coding})
    return FileResponse(path, media_type=media_type, headers=headers)


def _accepted(header: str) -> Iterator[str]:
    """Yield the codings that we have and the client takes, the smaller first (RFC 9110, section 12.5.3)."""
    weights: dict[str, str] = {}
    for part in header.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = parameter.strip().replace(" ", "")
    for coding in _ENCODINGS:
        weight = weights.get(coding, weights.get("*"))
        if weight is not None and not re.fullmatch(r"q=0(?:\.0*)?", weight):
            yield coding
