"""Roles and scopes as a client sees them, and what its own token stands for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from engine.enums import describe
from engine.sources import Ref, batched
from rules.access import SCOPES, Role, Scope

if TYPE_CHECKING:
    from schema.clients import Client
    from schema.organisations import Organisation

describe(
    Role,
    "The part in which somebody asks. One token speaks for one role.",
    PARTICIPANT="Who learns.",
    INSTITUTION="A training institution, which teaches.",
    MARKETPLACE="A marketplace, which sells.",
    PAYER="A payment partner, which pays out.",
    OFFICER="The programme office: decides.",
    AUDITOR="The programme office: reads everything, changes nothing.",
)


@strawberry.type(description="What a token may be used for, and what that means to people.")
class ScopeText:
    """A scope in words."""

    scope: str = strawberry.field(description="The scope as tokens have it, such as `courses:read`.")
    english: str = strawberry.field(description="What it allows, in English.")
    indonesian: str = strawberry.field(description="What it allows, in Indonesian.")


@dataclass(frozen=True, slots=True)
class _Text:
    scope: str
    english: str
    indonesian: str


def in_words(scopes: Iterable[str]) -> list[Any]:
    """Return what scopes mean to people. One that the programme has given up since means only itself."""
    known = {scope.value: info for scope, info in SCOPES.items()}
    return [
        _Text(scope, known[scope].english, known[scope].indonesian) if scope in known else _Text(scope, scope, scope)
        for scope in map(str, scopes)
    ]


@strawberry.type(description="What the token of this request stands for.")
class Token:
    """The caller, as far as a token tells."""

    role: Role | None = strawberry.field(description="The part in which it speaks.")
    scopes: list[ScopeText] = strawberry.field(description="What it may be used for, by name.")
    sandbox: bool = strawberry.field(description="Whether its application is on trial, and touches test rows only.")
    organisation: Annotated["Organisation", strawberry.lazy("schema.organisations")] | None = strawberry.field(
        description="The organisation for which it acts; null for participants and the programme office."
    )
    client: Annotated["Client", strawberry.lazy("schema.clients")] | None = strawberry.field(
        description="The application that it was given to, where the caller may see that."
    )


@dataclass(frozen=True, slots=True)
class _Token:
    role: Role | None
    scopes: list[Any]
    sandbox: bool
    organisation: Ref | None
    client: Ref | None


async def _token(run: Any, keys: list[Any]) -> list[Any]:
    viewer = run.viewer
    if not viewer.signed_in:
        return [None for _ in keys]
    held = sorted(scope for scope in Scope if scope in viewer.scopes)
    organisation = Ref("Organisation", viewer.organisation_id) if viewer.organisation_id else None
    client = Ref("Client", viewer.client_id) if viewer.client_id else None
    return [_Token(viewer.role, in_words(held), viewer.sandbox, organisation, client) for _ in keys]


@strawberry.type
class AccessQueries:
    """What a caller is."""

    token: Token | None = batched(_token, description="What the token of this request stands for; null without one.")
