"""The error contract: a closed list of codes, and the one shape in which every failure leaves the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson


class Code(StrEnum):
    """Why a request, or a part of it, was not answered. Clients decide by this; messages are for people."""

    BAD_ID = "BAD_ID"
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    COST_EXCEEDED = "COST_EXCEEDED"
    CURSOR_INVALID = "CURSOR_INVALID"
    DEPTH_EXCEEDED = "DEPTH_EXCEEDED"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    FORBIDDEN = "FORBIDDEN"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    INTERNAL = "INTERNAL"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    MUTATION_ALONE = "MUTATION_ALONE"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    NOT_FOUND = "NOT_FOUND"
    OPERATION_NAME_REQUIRED = "OPERATION_NAME_REQUIRED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    TIMEOUT = "TIMEOUT"
    TOO_MANY_ALIASES = "TOO_MANY_ALIASES"
    TOO_MANY_MUTATIONS = "TOO_MANY_MUTATIONS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAVAILABLE = "UNAVAILABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


STATUS: Mapping[Code, int] = {
    Code.FORBIDDEN: 403,
    Code.INTERNAL: 500,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.NOT_FOUND: 404,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.TIMEOUT: 503,
    Code.UNAUTHENTICATED: 401,
    Code.UNAVAILABLE: 503,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
}
"""The HTTP status of a request error; a code that is not here is the client's mistake: 400."""


class Rejected(Exception):
    """Input that cannot be answered. The message says what to do next and is shown to the client."""

    def __init__(self, code: Code, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions = extensions


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole GraphQL response: JSON bytes, and what HTTP needs to know about them."""

    body: bytes
    status: int = 200
    """200 when the operation ran; otherwise the status of the request error (see ``STATUS``)."""
    code: Code | None = None
    """The request error's code, or None when the operation ran."""


def request_error(code: Code, message: str, request_id: str, **extensions: Any) -> Answer:
    """Return the answer to a request that was not run: one error, and no ``data`` key (GraphQL over HTTP)."""
    error = {"message": message, "extensions": {"code": code.value, "requestId": request_id, **extensions}}
    return Answer(orjson.dumps({"errors": [error]}), STATUS.get(code, 400), code)
