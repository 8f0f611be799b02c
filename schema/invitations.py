"""Invitations as the programme office and the invited organisation see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from typing_extensions import Doc

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import Ref, column, edge, mutation, pages
from models import tables as rows
from resolvers import invitations as do
from rules.access import Role, Scope
from rules.invitations import InvitationRefusal
from schema.clients import Client
from schema.organisations import Organisation
from schema.writes import UserError, Written, describe_refusals, showing

describe_refusals(InvitationRefusal, "Why an invitation was not made or taken back.")
describe(do.InvitationOrder, "How invitations are ordered.", NEWEST="The latest first.")


@strawberry.type(description="Lets an organisation register one application. Its token was shown once.")
class Invitation(Node, table=rows.Invitation, visible=do.invitations_visible, code="Iv", scopes=(Scope.CLIENTS_READ,)):
    """An invitation."""

    organisation: Organisation = edge(rows.Invitation.organisation, description="Who is invited.")
    role: Role = column(rows.Invitation.role, description="The role in which the application acts.")
    sandbox: bool = column(rows.Invitation.sandbox, description="Whether the application is for trials.")
    created_at: datetime = column(rows.Invitation.created_at, description="When it was made.")
    expires_at: datetime = column(rows.Invitation.expires_at, description="Until when it can be used.")
    used_at: datetime | None = column(rows.Invitation.used_at, description="When it was used, if it was.")
    client: Client | None = edge(rows.Invitation.client, description="The application that was registered with it.")


@strawberry.type
class InvitationQueries:
    """Reads of invitations."""

    invitations: Connection[Invitation] = pages(
        do.invitations,
        orders=do.InvitationOrder,
        description="Invitations: a partner's own, for the programme office all.",
    )


@strawberry.type(description="Why an invitation was not made or taken back.")
class InvitationError(UserError):
    """A refusal."""

    code: InvitationRefusal = strawberry.field(description="Why, for programs.")


@strawberry.type(description="Either an invitation, or `errors` that say why not.")
class InviteOrganisationPayload:
    """A new invitation, whose token is shown once."""

    invitation: Invitation | None = strawberry.field(description="The invitation.")
    token: str | None = strawberry.field(
        description="The initial access token with which the organisation registers its application (RFC 7591). It is "
        "shown once and not kept: when the same request is answered again, this is null. If the first answer was lost, "
        "take the invitation back and make another under a new key."
    )
    errors: list[InvitationError] = strawberry.field(description="Why nothing was done; empty when it was.")


@strawberry.type(description="Either `invitation`, or `errors` that say why not.")
class RevokeInvitationPayload:
    """An invitation that was taken back."""

    invitation: Invitation | None = strawberry.field(description="The invitation as it is now.")
    errors: list[InvitationError] = strawberry.field(description="Why nothing was done; empty when it was.")


def _show_invited(invited: do.Invited | None) -> Mapping[str, Any]:
    if invited is None:
        return {"invitation": None, "token": None}
    return {"invitation": Ref("Invitation", invited.invitation), "token": invited.token}


_INVITED = Written(InvitationRefusal, _show_invited)


async def invite_organisation(run: Any, input: Annotated[do.InviteOrganisationInput, Doc("Whom, and to what.")]) -> Any:  # noqa: A002 - the client's word
    """Run the use case with the installation's keys."""
    return await _INVITED.by(do.inviting_organisation(run.services.keys))(run, input)


@strawberry.type
class InvitationMutations:
    """Writes of invitations."""

    invite_organisation: InviteOrganisationPayload | None = mutation(
        invite_organisation,
        scopes=(Scope.INVITATIONS_WRITE,),
        description="Let an organisation register one application in a role that it plays, within two weeks.",
    )
    revoke_invitation: RevokeInvitationPayload | None = mutation(
        Written(InvitationRefusal, showing("Invitation")).by(do.revoke_invitation),
        scopes=(Scope.INVITATIONS_WRITE,),
        description="Take back an invitation that nobody has used.",
    )
