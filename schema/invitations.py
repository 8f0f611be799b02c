"""Invitations as the programme office and the invited organisation see them."""

from datetime import datetime

import strawberry

from engine.enums import describe
from engine.graph import Node
from engine.pages import Connection
from engine.sources import column, edge, pages
from models import tables as rows
from resolvers import invitations as do
from rules.access import Role, Scope
from schema.clients import Client
from schema.organisations import Organisation

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
