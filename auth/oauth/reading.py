"""Requests of the protocol, read within limits, before anybody makes sense of them."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.requests import ClientDisconnect, Request

FORM_BYTES_MAX: Final = 8 << 10
"""An assertion of 1 kB, an exchanged token of 1 kB, and room."""
JSON_BYTES_MAX: Final = 32 << 10
"""Two RSA keys of 8192 bits, and ten redirect URIs."""
PARAMETERS_MAX: Final = 50
HEADER_LENGTH_MAX: Final = 8 << 10

REPEATABLE: Final = frozenset({"resource", "audience"})
"""RFC 8707 and RFC 8693; anything else that comes twice means two things to two readers (RFC 6749, section 3.1)."""

FREE_TEXT: Final = frozenset(
    {"state", "nonce", "client_secret", "claims", "login_hint", "logout_hint", "ui_locales", "claims_locales"}
)
"""What clients fill as they like. All else is made of the letters that an error may repeat (RFC 6749, appendix A)."""

_FORM = "application/x-www-form-urlencoded"
_PLAIN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


class MalformedError(Exception):
    """What came cannot be read. ``description`` says what to do, in the letters that the protocol allows."""

    def __init__(self, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one request. One without a value is as if it had not come."""

    one: Mapping[str, str] = field(default_factory=dict[str, str])
    """The parameters by name, the first of those that may come again."""
    every: Mapping[str, list[str]] = field(default_factory=lambda: defaultdict(list[str]))


def parse(encoded: bytes) -> Parameters:
    """Return the parameters of a form or a query string.

    Raises:
        MalformedError: it is too long, not UTF-8, has a parameter twice, or one with characters that mean harm.
    """
    if len(encoded) > FORM_BYTES_MAX:
        raise MalformedError(f"The request is longer than {FORM_BYTES_MAX} bytes.", 413)
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise MalformedError(f"The parameters are not form-encoded UTF-8, or are more than {PARAMETERS_MAX}.") from None
    every: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if _PLAIN.fullmatch(name) is None:
            raise MalformedError("The name of a parameter holds characters that no name has.")
        if _has_controls(value) or (name not in FREE_TEXT and name in _KNOWN and _PLAIN.fullmatch(value) is None):
            raise MalformedError(f"The parameter {name} holds characters that it may not hold.")
        if value:
            every[name].append(value)
        if len(every[name]) > 1 and name not in REPEATABLE:
            raise MalformedError(f"The parameter {name} comes more than once.")
    kept = defaultdict(list[str], {name: values for name, values in every.items() if values})
    return Parameters({name: values[0] for name, values in kept.items()}, kept)


async def read_form(request: Request) -> Parameters:
    """Return the parameters in the body of a request.

    Raises:
        MalformedError: as ``parse``, or it is no form.
    """
    if _media_type(request) != _FORM:
        raise MalformedError(f"Send the parameters as {_FORM}.", 415)
    return parse(await _read(request, FORM_BYTES_MAX))


async def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of a request.

    Raises:
        MalformedError: it is too long, or no JSON object.
    """
    if _media_type(request) != "application/json":
        raise MalformedError("Send the metadata as application/json.", 415)
    try:
        read: object = orjson.loads(await _read(request, JSON_BYTES_MAX))
    except orjson.JSONDecodeError:
        raise MalformedError("The body is not JSON in UTF-8.") from None
    if not isinstance(read, dict):
        raise MalformedError("The body must be a JSON object.")
    return cast("dict[str, Any]", read)


def header(request: Request, name: str) -> str | None:
    """Return a header that may come once.

    Raises:
        MalformedError: it comes twice, or holds what no header of ours holds.
    """
    values: Sequence[str] = request.headers.getlist(name)
    if not values:
        return None
    if len(values) > 1:
        raise MalformedError(f"The header {name} comes more than once.")
    if len(values[0]) > HEADER_LENGTH_MAX or not values[0].isascii() or _has_controls(values[0]):
        raise MalformedError(f"The header {name} holds characters that it may not hold, or too many.")
    return values[0]


def basic(authorization: str | None) -> tuple[str, str] | None:
    """Return the identifier and the secret of HTTP Basic, form-decoded (RFC 6749, section 2.3.1); None for no Basic.

    Raises:
        MalformedError: it is Basic, and not well-formed.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        code, separator, secret = b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        pair = unquote_plus(code, errors="strict"), unquote_plus(secret, errors="strict")
    except (Base64Error, ValueError):
        raise MalformedError("The Basic credentials are not base64 of UTF-8.") from None
    if not separator or any(_has_controls(part) for part in pair):
        raise MalformedError("The Basic credentials are not an identifier, a colon and a secret.")
    return pair


def token_of(authorization: str | None) -> tuple[str, str] | None:
    """Return scheme (``bearer`` or ``dpop``) and token of an Authorization header; None for neither."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    return (scheme.lower(), token) if scheme.lower() in ("bearer", "dpop") and token else None


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise MalformedError(f"The body is longer than {most} bytes.", 413)
    except ClientDisconnect as gone:
        raise MalformedError("The request ended early.") from gone
    return bytes(body)


def _media_type(request: Request) -> str:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise MalformedError("Send the body as it is: it is never unpacked.", 415)
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _has_controls(text: str) -> bool:
    return any(each < " " or "\x7f" <= each <= "\x9f" for each in text)


_NAMES: Final = """
    response_type response_mode grant_type scope client_id redirect_uri code_challenge code_challenge_method code
    code_verifier refresh_token device_code resource audience token token_type_hint subject_token subject_token_type
    actor_token actor_token_type requested_token_type client_assertion client_assertion_type prompt max_age
    acr_values request request_uri dpop_jkt post_logout_redirect_uri id_token_hint registration user_code
"""
_KNOWN: Final = frozenset(_NAMES.split())
