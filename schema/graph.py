"""The graph: all reads under one root, all writes under another."""

from typing import Annotated, Union

import strawberry

import schema.publication  # noqa: F401 # pyright: ignore[reportUnusedImport] - describes the words that types show
from engine import federation, nodes, sdl
from engine.graph import Graph, Node
from engine.sources import batched
from schema.access import AccessQueries
from schema.audit_events import AuditEvent, AuditEventQueries
from schema.browser_sessions import BrowserSession, BrowserSessionMutations
from schema.categories import Category, CategoryQueries
from schema.clients import Client, ClientKey, ClientMutations, ClientQueries, ClientSecret
from schema.consents import Consent, ConsentMutations
from schema.course_writes import CourseMutations
from schema.courses import Course, CourseQueries
from schema.decisions import DecisionMutations
from schema.invitations import Invitation, InvitationMutations, InvitationQueries
from schema.listings import Listing, ListingMutations, ListingQueries
from schema.marketplaces import Marketplace, MarketplaceQueries
from schema.organisations import Organisation
from schema.payers import Payer
from schema.people import PersonQueries
from schema.providers import Provider, ProviderQueries
from schema.ratings import Rating
from schema.regions import Region, RegionQueries
from schema.runs import Run, RunMutations
from schema.sandbox_cases import SandboxQueries
from schema.scalars import CONFIG

Entity = Annotated[
    Union[  # noqa: UP007 - a union needs the word
        AuditEvent,
        BrowserSession,
        Category,
        Client,
        ClientKey,
        ClientSecret,
        Consent,
        Course,
        Invitation,
        Listing,
        Marketplace,
        Organisation,
        Payer,
        Provider,
        Rating,
        Region,
        Run,
    ],
    strawberry.union(name="_Entity", description="What other graphs of a federation may refer to."),
]


@strawberry.type(description="Everything that can be read.")
class Query(
    CourseQueries,
    ListingQueries,
    CategoryQueries,
    ProviderQueries,
    MarketplaceQueries,
    RegionQueries,
    PersonQueries,
    AccessQueries,
    ClientQueries,
    InvitationQueries,
    AuditEventQueries,
    SandboxQueries,
):
    """The root of reads."""

    node: Node | None = batched(
        nodes.node, description="Any object by its id; null when there is none, or none that the caller may see."
    )
    nodes: list[Node | None] = batched(
        nodes.nodes, description="Objects by their ids, in this order; null where `node` would be null."
    )
    service: federation.Service = batched(
        federation.service, name="_service", description="This graph as a part of a federation."
    )
    entities: list[Entity | None] = batched(
        federation.entities, name="_entities", description="What other graphs of a federation refer to, by their keys."
    )


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    BrowserSessionMutations,
    ConsentMutations,
    ClientMutations,
    InvitationMutations,
    CourseMutations,
    DecisionMutations,
    RunMutations,
    ListingMutations,
):
    """The root of writes."""


def build() -> strawberry.Schema:
    """Return the schema of the whole graph."""
    return strawberry.Schema(Query, Mutation, config=CONFIG)


def public_sdl(schema: strawberry.Schema) -> str:
    """Return the SDL that clients see; committed as schema/schema.graphql."""
    return sdl.public_sdl(Graph(schema))


def subgraph_sdl(schema: strawberry.Schema) -> str:
    """Return the SDL that a federation composes; committed as schema/subgraph.graphql."""
    return sdl.subgraph_sdl(Graph(schema))
