"""The graph: all reads under one root."""

import strawberry

from engine import nodes
from engine.graph import Node
from engine.sources import batched
from schema.categories import CategoryQueries
from schema.courses import CourseQueries
from schema.marketplaces import MarketplaceQueries
from schema.providers import ProviderQueries
from schema.regions import RegionQueries
from schema.scalars import CONFIG


@strawberry.type(description="Everything that can be read.")
class Query(CourseQueries, CategoryQueries, ProviderQueries, MarketplaceQueries, RegionQueries):
    """The root of reads."""

    node: Node | None = batched(
        nodes.node, description="Any object by its id; null when there is none, or none that the caller may see."
    )
    nodes: list[Node | None] = batched(
        nodes.nodes, description="Objects by their ids, in this order; null where `node` would be null."
    )


def build() -> strawberry.Schema:
    """Return the schema of the whole graph."""
    return strawberry.Schema(Query, config=CONFIG)
