"""Telling: what a client gets to know of a failure, and what stays in the log."""

import logging
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from graphql import FieldNode

from engine.documents import Problem
from engine.errors import Code, Rejected
from engine.failures import Located, NullError

logger = logging.getLogger("bekal.engine")


def explain_error(error: Exception, request_id: str) -> tuple[Code, str, dict[str, Any]]:
    """Return code, message and extensions for a failure; what is not the client's is logged once and masked."""
    if isinstance(error, Rejected):
        return error.code, error.message, error.extensions
    if isinstance(error, asyncpg.QueryCanceledError | TimeoutError):
        logger.warning("statement timed out", extra={"request_id": request_id})
        return Code.TIMEOUT, "The answer took too long. Ask for less at once, or try again.", {}
    if isinstance(error, asyncpg.DataError | UnicodeEncodeError):
        # The message shows Python and SQL, so it stays here. An expression of ours that fails looks the same.
        logger.warning("a value was refused", extra={"request_id": request_id, "failure": type(error).__name__})
        return Code.BAD_USER_INPUT, "A value in the variables or arguments is out of range or not valid text.", {}
    if isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError):
        logger.error("database lost", extra={"request_id": request_id}, exc_info=error)
        return Code.UNAVAILABLE, "The database cannot be reached. Try again in a moment.", {}
    logger.error("unexpected failure", extra={"request_id": request_id}, exc_info=error)
    return Code.INTERNAL, "Something went wrong here, not in your request. Report it with the request id.", {}


def present(problem: Problem, code: Code, request_id: str) -> dict[str, Any]:
    """Present what GraphQL refuses of a document or its variables."""
    presented: dict[str, Any] = {"message": problem.message}
    if problem.locations:
        presented["locations"] = [{"line": at.line, "column": at.column} for at in problem.locations]
    presented["extensions"] = {"code": code.value, "requestId": request_id}
    return presented


@dataclass(slots=True)
class Telling:
    """Presents the errors of one answer; what many of them share is found out once."""

    request_id: str
    explained: dict[tuple[int, type[Exception]], tuple[Code, str, dict[str, Any]]] = field(default_factory=dict)
    places: dict[int, list[dict[str, int]]] = field(default_factory=dict)
    """By field node: where it is in the text, which is searched from its beginning."""

    def present(self, located: Located) -> dict[str, Any]:
        """Present an error in its place. A field that fails alike in a hundred rows is logged once."""
        error = located.error
        kind = (id(located.node), type(error))
        if kind not in self.explained or isinstance(error, Rejected):
            if isinstance(error, NullError):
                path = ".".join(str(part) for part in located.path)
                error = ValueError(f"{path} is null, but its type is non-null")
            self.explained[kind] = explain_error(error, self.request_id)
        code, message, extensions = self.explained[kind]
        return {
            "message": message,
            "locations": self._place(located.node),
            "path": list(located.path),
            "extensions": {"code": code.value, "requestId": self.request_id, **extensions},
        }

    def _place(self, node: FieldNode) -> list[dict[str, int]]:
        if id(node) not in self.places:
            assert node.loc is not None, "documents are parsed with locations"
            start = node.loc.source.get_location(node.loc.start)
            self.places[id(node)] = [{"line": start.line, "column": start.column}]
        return self.places[id(node)]
