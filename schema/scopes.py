"""The page on scopes, written from what is declared: docs/scopes.md."""

from collections import defaultdict

import strawberry

from engine.graph import Graph
from engine.scopes import needs
from rules.access import SCOPES, Role, Scope
from rules.clients import OWN_AFFAIRS

_BEGINNING = """\
# Scopes

A scope says what a token may be used for: `resource:action`. This page is written by `bekal schema export` from what
the code declares; the schema shows the same as `@requiresScopes`.

An operation needs the scopes of every field that it names: in fragments, behind interfaces and unions, and whatever
`@skip` and `@include` say. They are checked once, before any work. Who lacks some is told all of them:

- `FORBIDDEN` (HTTP 403) with `extensions.missing`, or `UNAUTHENTICATED` (401) without a token;
- an object that is met as something more general, `{ node(id: ...) { id } }`, is null to who lacks its type's scopes,
  as if it did not exist.

A scope opens a field; which rows are behind it is another matter, and depends on who asks. An application asks for
scopes that it is registered with, and gets those that the role of its token may hold.

## Who may hold them

"""
_ROLES = {
    Role.PARTICIPANT: "participants",
    Role.INSTITUTION: "institutions",
    Role.MARKETPLACE: "marketplaces",
    Role.PAYER: "payers",
    Role.OFFICER: "officers",
    Role.AUDITOR: "auditors",
}
_OWN = """
¹ Only through the programme's own applications: an organisation's does not manage what people allowed to it.

## What they open

A type is named where all its fields need the scope, and so does every field that shows such objects.

"""


def scopes_page(schema: strawberry.Schema) -> str:
    """Return docs/scopes.md."""
    return _BEGINNING + _holders() + _OWN + _opened(Graph(schema))


def _holders() -> str:
    rows = ["| scope | what it allows | in Indonesian | who may hold it |", "|---|---|---|---|"]
    for scope, info in SCOPES.items():
        mark = "¹" if scope in OWN_AFFAIRS else ""
        who = "everybody" if set(info.roles) == set(Role) else ", ".join(_ROLES[role] for role in info.roles)
        rows.append(f"| `{scope}`{mark} | {info.english} | {info.indonesian} | {who} |")
    return "\n".join(rows) + "\n"


def _opened(graph: Graph) -> str:
    needed = needs(graph)
    opened: defaultdict[Scope, list[str]] = defaultdict(list)
    for coordinate, scopes in sorted(needed.items()):
        type_, _, field = coordinate.partition(".")
        if type_.endswith(("Connection", "Edge")):  # goes without saying: they show what they connect
            continue
        own = scopes - needed[type_] if field else scopes
        for scope in own:
            opened[Scope(scope)].append(f"`{coordinate}`")
    rows = ["| scope | types and fields |", "|---|---|"]
    rows += [f"| `{scope}` | {', '.join(opened[scope]) or 'nothing yet'} |" for scope in SCOPES]
    return "\n".join(rows) + "\n"
