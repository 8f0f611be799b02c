"""Applications that come in through OAuth: what kinds there are, and what each may do."""

import unicodedata
from base64 import b32encode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.access import Role, Scope, allowed
from rules.redirect_uris import REDIRECT_URIS_MAX, is_redirect_uri
from rules.refusals import Refusal


class ClientKind(StrEnum):
    """Whether an application can keep a secret (RFC 6749, section 2.1)."""

    PUBLIC = "PUBLIC"
    CONFIDENTIAL = "CONFIDENTIAL"


class ClientState(StrEnum):
    """The life of an application. SANDBOX ones are on trial; REVOKED is for ever."""

    SANDBOX = "SANDBOX"
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"


class AuthMethod(StrEnum):
    """How an application proves who it is at the token endpoint; the words of its registration (RFC 7591)."""

    NONE = "none"
    SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the word of the standard
    SECRET_POST = "client_secret_post"  # noqa: S105 - the word of the standard
    PRIVATE_KEY_JWT = "private_key_jwt"


class GrantType(StrEnum):
    """The ways to a token; others do not exist here (RFC 9700: no implicit, no password)."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the word of the standard
    CLIENT_CREDENTIALS = "client_credentials"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the word of the standard
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class GrantEnd(StrEnum):
    """Why a grant ended before its time."""

    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    REUSED = "REUSED"
    SIGNED_OUT = "SIGNED_OUT"
    CLIENT_ENDED = "CLIENT_ENDED"
    LEAKED = "LEAKED"


class DeviceState(StrEnum):
    """Where a device's request to sign in stands (RFC 8628)."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    SPENT = "SPENT"


class ClientRefusal(StrEnum):
    """Why something may not be done with an application. These values are the codes that clients see."""

    CONFLICT = "CONFLICT"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    SECRET_NOT_FOUND = "SECRET_NOT_FOUND"  # noqa: S105 - a word
    KEY_NOT_FOUND = "KEY_NOT_FOUND"
    NOT_A_PARTNER = "NOT_A_PARTNER"
    TOO_MANY_CLIENTS = "TOO_MANY_CLIENTS"
    WRONG_STATE = "WRONG_STATE"
    BAD_NAME = "BAD_NAME"
    NAME_TAKEN = "NAME_TAKEN"
    BAD_REDIRECT_URIS = "BAD_REDIRECT_URIS"
    SCOPE_NOT_ALLOWED = "SCOPE_NOT_ALLOWED"
    GRANT_TYPE_NOT_ALLOWED = "GRANT_TYPE_NOT_ALLOWED"
    AUTH_METHOD_NOT_ALLOWED = "AUTH_METHOD_NOT_ALLOWED"
    NO_USE_FOR_SECRETS = "NO_USE_FOR_SECRETS"
    NO_USE_FOR_KEYS = "NO_USE_FOR_KEYS"
    TWO_SECRETS = "TWO_SECRETS"
    TWO_KEYS = "TWO_KEYS"
    OVERLAP_OUT_OF_RANGE = "OVERLAP_OUT_OF_RANGE"
    KEY_MALFORMED = "KEY_MALFORMED"
    KEY_PRIVATE = "KEY_PRIVATE"
    KEY_UNFIT = "KEY_UNFIT"
    KID_TAKEN = "KID_TAKEN"


CLIENTS_MAX = 20
"""Applications of one organisation that are not revoked: a few products, each live and on trial."""
NAME_LENGTH_MAX = 60
"""Characters of an application's name: one line of the consent page."""
SLOTS = (1, 2)
"""Places for secrets, and for keys: one can follow the other without a gap."""
OVERLAP_DAYS_MAX = 30
"""Days for which an old secret may go on beside a new one."""
CODE_BYTES = 10

NAMES_RESERVED: Final = ("bekal",)
"""What only the programme's own applications are called."""

OWN_AFFAIRS: Final = frozenset({Scope.SESSIONS_READ, Scope.SESSIONS_WRITE, Scope.CONSENTS_READ, Scope.CONSENTS_WRITE})
"""Scopes of the programme's own applications alone: an organisation's must not manage what people allowed to it."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What an organisation may say of an application of its own, now and later."""

    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    grant_types: tuple[GrantType, ...]


def offered_scopes(role: Role) -> frozenset[Scope]:
    """Return what an application of an organisation in ``role`` may ask for: of its own people, and of participants."""
    return (allowed(role) | allowed(Role.PARTICIPANT)) - OWN_AFFAIRS


def offered_grant_types(role: Role, kind: ClientKind) -> frozenset[GrantType]:
    """Return the ways to a token that an organisation's application may go.

    Only a marketplace exchanges a participant's token for one of its own (RFC 8693); who can keep no secret cannot
    speak for itself. Devices without a browser are the programme's own tools.
    """
    ways = {GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}
    if kind is ClientKind.CONFIDENTIAL:
        ways.add(GrantType.CLIENT_CREDENTIALS)
        if role is Role.MARKETPLACE:
            ways.add(GrantType.TOKEN_EXCHANGE)
    return frozenset(ways)


def kind_of(method: AuthMethod) -> ClientKind:
    """Return whether an application that proves itself so can keep a secret."""
    return ClientKind.PUBLIC if method is AuthMethod.NONE else ClientKind.CONFIDENTIAL


def faults_of(settings: ClientSettings, role: Role, kind: ClientKind) -> Iterator[Refusal]:
    """Return all that is wrong with an application's settings, each with its field."""
    if not is_name(settings.name):
        yield Refusal(ClientRefusal.BAD_NAME, ("name",), {"length_max": NAME_LENGTH_MAX})
    yield from _faults_of_uris(settings, kind)
    for index, scope in enumerate(settings.scopes):
        if scope not in offered_scopes(role) or scope in settings.scopes[:index]:
            yield Refusal(ClientRefusal.SCOPE_NOT_ALLOWED, ("scopes", index), {"role": role.value})
    ways = offered_grant_types(role, kind)
    for index, way in enumerate(settings.grant_types):
        if way not in ways or way in settings.grant_types[:index]:
            yield Refusal(ClientRefusal.GRANT_TYPE_NOT_ALLOWED, ("grantTypes", index), {"kind": kind.value})
    if not settings.grant_types or (GrantType.REFRESH_TOKEN in settings.grant_types and not _asks_people(settings)):
        yield Refusal(ClientRefusal.GRANT_TYPE_NOT_ALLOWED, ("grantTypes",), {"kind": kind.value})


def _faults_of_uris(settings: ClientSettings, kind: ClientKind) -> Iterator[Refusal]:
    uris = settings.redirect_uris
    for index, uri in enumerate(uris):
        if not is_redirect_uri(uri, native=kind is ClientKind.PUBLIC) or uri in uris[:index]:
            yield Refusal(ClientRefusal.BAD_REDIRECT_URIS, ("redirectUris", index), {"uris_max": REDIRECT_URIS_MAX})
    if len(uris) > REDIRECT_URIS_MAX or bool(uris) is not _asks_people(settings):
        yield Refusal(ClientRefusal.BAD_REDIRECT_URIS, ("redirectUris",), {"uris_max": REDIRECT_URIS_MAX})


def _asks_people(settings: ClientSettings) -> bool:
    return GrantType.AUTHORIZATION_CODE in settings.grant_types


def is_name(name: str) -> bool:
    """Return whether an application may be called so: one line that people can read, and not the programme's name.

    What cannot be seen, or turns the direction of writing, would let a name show as another.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    shown = name == name.strip() and 0 < len(name) <= NAME_LENGTH_MAX and name.isprintable()
    return shown and not any(reserved in plain for reserved in NAMES_RESERVED)


def refuse_change(state: ClientState) -> ClientRefusal | None:
    """Return why an application in ``state`` may not be changed by its organisation, or None."""
    return None if state in (ClientState.SANDBOX, ClientState.LIVE) else ClientRefusal.WRONG_STATE


MOVES: Final[Mapping[ClientState, tuple[ClientState, ...]]] = {
    ClientState.SUSPENDED: (ClientState.SANDBOX, ClientState.LIVE),
    ClientState.REVOKED: (ClientState.SANDBOX, ClientState.LIVE, ClientState.SUSPENDED),
}
"""From which states an application is suspended or revoked."""


def refuse_move(state: ClientState, to: ClientState) -> ClientRefusal | None:
    """Return why an application may not be suspended or revoked, or None."""
    return None if state in MOVES[to] else ClientRefusal.WRONG_STATE


def running(*, sandbox: bool) -> ClientState:
    """Return the state of an application that works."""
    return ClientState.SANDBOX if sandbox else ClientState.LIVE


def free_slot(taken: Collection[int]) -> int | None:
    """Return the place for another secret or key, or None when both are taken."""
    return next((slot for slot in SLOTS if slot not in taken), None)


def new_code(chance: bytes) -> str:
    """Return a ``client_id`` made of ``CODE_BYTES`` of chance: letters and digits that read well aloud."""
    assert len(chance) == CODE_BYTES
    return f"app-{b32encode(chance).decode().lower()}"


def is_code(text: str) -> bool:
    """Return whether ``text`` may be a ``client_id``. Some come from where nobody has looked at their letters yet."""
    return text.isascii() and text.isprintable()
