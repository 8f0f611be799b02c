"""Applications that come in through OAuth: what kinds there are, and what each may do."""

from enum import StrEnum


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
