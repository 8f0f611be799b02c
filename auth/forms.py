"""Forms: what a browser sends, read within limits, and proof that it was sent from a page of ours."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from auth.site import SECRET_BYTES, Site

BODY_BYTES_MAX = 16 << 10
"""A passkey's answer is the longest thing that anybody sends: 2 to 4 kB."""
FIELDS_MAX = 30
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
FORM_COOKIE = "form"
SESSION_COOKIE = "session"
SIGN_IN_COOKIE = "sign-in"

_MEDIA_TYPE = "application/x-www-form-urlencoded"
_BOUND_TO = (SESSION_COOKIE, SIGN_IN_COOKIE, FORM_COOKIE)


@dataclass(frozen=True, slots=True)
class MalformedFormError(Exception):
    """What came is no form of ours. ``status`` is the answer's; ``word`` names the text that says what to do."""

    status: int
    word: str


@dataclass(frozen=True, slots=True)
class FormToken:
    """The value that each form of a page carries, and the cookie that it is bound to when the browser has none."""

    value: str
    new_cookie: str | None

    def keep(self, site: Site, response: Response) -> None:
        """Give the browser the cookie, if it needs one."""
        if self.new_cookie is not None:
            site.set_cookie(response, FORM_COOKIE, self.new_cookie)


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form.

    Raises:
        MalformedFormError: it is too long, no form, not UTF-8, has a field twice or one with control characters.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise MalformedFormError(415, "error.malformed")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                raise MalformedFormError(413, "error.too_long")
    except ClientDisconnect as gone:
        raise MalformedFormError(400, "error.malformed") from gone
    return parse_form(bytes(body))


def parse_form(body: bytes) -> Mapping[str, str]:
    """Return the fields that ``body`` encodes.

    Raises:
        MalformedFormError: as ``read_form``.
    """
    try:
        text = body.decode("ascii")  # what is not ASCII must be escaped
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=FIELDS_MAX
        )
    except ValueError as wrong:
        raise MalformedFormError(400, "error.malformed") from wrong
    fields = dict(pairs)
    if len(fields) != len(pairs) or any(_has_controls(part) for pair in pairs for part in pair):
        raise MalformedFormError(400, "error.malformed")
    return fields


def form_token(site: Site, request: Request) -> FormToken:
    """Return the token for the forms of the page that answers ``request``."""
    for name in _BOUND_TO:
        if (secret := site.cookie(request, name)) is not None:
            return FormToken(token_for(site, secret), None)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return FormToken(token_for(site, secret), secret)


def token_for(site: Site, secret: str) -> str:
    """Return the token for forms of a page whose browser holds ``secret`` in a cookie."""
    return site.keys.hash(secret.encode(), "form").hex()


def is_own(site: Site, request: Request, fields: Mapping[str, str]) -> bool:
    """Whether a form was sent from a page that this server gave to this very browser.

    Browsers say where a request starts (Sec-Fetch-Site, or Origin by those before 2023), and the token is bound to a
    secret in a cookie of this browser: another site can neither read nor set either.
    """
    started = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if started is not None:
        if started != "same-origin":
            return False
    elif origin is not None and origin.lower() != site.origin:
        return False
    token = fields.get(TOKEN_FIELD, "").encode()
    held = [site.cookie(request, name) for name in _BOUND_TO]
    return any(compare_digest(token_for(site, secret).encode(), token) for secret in held if secret is not None)


def _has_controls(text: str) -> bool:
    return any((each < " " and each not in "\r\n\t") or "\x7f" <= each <= "\x9f" for each in text)
