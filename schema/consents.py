"""Consents as the person who gave them sees them."""

from datetime import datetime
from typing import Any

import strawberry

from engine.enums import describe
from engine.graph import Node, Row
from engine.sources import batched, column, edge, mutation
from models import tables as rows
from resolvers import consents as do
from rules.access import Scope
from rules.consents import ConsentRefusal
from rules.people import Locale
from schema.access import ScopeText, in_words
from schema.organisations import Organisation
from schema.writes import UserError, Written, describe_refusals, showing

describe_refusals(ConsentRefusal, "Why a consent was not withdrawn.")
describe(do.ConsentOrder, "How consents are ordered.", NEWEST="The latest first.")
describe(Locale, "A language of pages and messages.", INDONESIAN="Indonesian.", ENGLISH="English.")


async def _scopes(_run: Any, keys: list[Any]) -> list[Any]:
    return [in_words(scopes.split()) for scopes in keys]


@strawberry.type(description="An application, as far as people whom it asked for consent know it.")
class Application(Row, table=rows.Client, visible=do.applications_visible):
    """The public face of a client."""

    name: str = column(rows.Client.name, description="What people read when they were asked.")
    organisation: Organisation | None = edge(
        rows.Client.organisation, description="Whose it is; null for the programme's own."
    )


@strawberry.type(description="What the person who asks allowed an application to do.")
class Consent(Node, table=rows.Consent, visible=do.consents_visible, code="Cn", scopes=(Scope.CONSENTS_READ,)):
    """A consent."""

    application: Application = edge(rows.Consent.client, with_parent=True, description="Which application.")
    scopes: list[ScopeText] = batched(_scopes, do.SCOPES, description="What it may do, in plain words.")
    locale: Locale = column(rows.Consent.locale, description="The language in which the person read that.")
    given_at: datetime = column(rows.Consent.given_at, description="When it was given.")
    withdrawn_at: datetime | None = column(rows.Consent.withdrawn_at, description="When it was withdrawn, if it was.")
    last_used_at: datetime | None = column(do.LAST_USED, description="When the application last made use of it.")


@strawberry.type(description="Why a consent was not withdrawn.")
class ConsentError(UserError):
    """A refusal."""

    code: ConsentRefusal = strawberry.field(description="Why, for programs.")


@strawberry.type(description="Either `consent`, or `errors` that say why not.")
class WithdrawConsentPayload:
    """A withdrawn consent."""

    consent: Consent | None = strawberry.field(description="The consent as it is now.")
    errors: list[ConsentError] = strawberry.field(description="Why nothing was done; empty when it was.")


@strawberry.type
class ConsentMutations:
    """Writes of consents."""

    withdraw_consent: WithdrawConsentPayload | None = mutation(
        Written(ConsentRefusal, showing("Consent")).by(do.withdraw_consent),
        scopes=(Scope.CONSENTS_WRITE,),
        description="Withdraw a consent of one's own. Within seconds the application's tokens count no more.",
    )
