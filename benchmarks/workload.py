"""What is asked: four operations with their variables, drawn from the demo data through the graph itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

QUERIES = Path(__file__).parent / "queries"
SETS = 240
"""Variable sets of each operation: far more than connections, so that no answer stays warm in a processor's cache."""

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Sends a document with variables to Bekal and returns its data."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the four operations and all that is asked of it."""

    name: str
    about: str
    bound: float
    """The most that Bekal's server CPU may be, in multiples of the limit's."""
    document: str
    variables: list[dict[str, Any]]

    def bodies(self) -> list[bytes]:
        """Return the request bodies, the same for all servers."""
        return [
            orjson.dumps({"query": self.document, "operationName": self.name, "variables": variables})
            for variables in self.variables
        ]


def operations(ask: Ask) -> list[Operation]:
    """Return the four operations. The same demo data always gives the same variables."""
    courses = sorted(_walk(ask, "courses", "node { id price }"), key=lambda edge: edge["node"]["id"])
    prices = sorted(int(edge["node"]["price"]) for edge in courses)
    # From the cheapest tenth on, so that each page is full; no two sets are equal.
    least = len(prices) // 10
    ceilings = [price + number for number, price in enumerate(_spread(prices[least:], SETS))]
    return [
        _operation("Course", "one course with provider and category", 1.6, _spread(
            [{"id": edge["node"]["id"]} for edge in courses], SETS)),
        _operation("Category", "20 courses of a category by rating with provider", 1.6, _spread(
            list(_category_pages(ask)), SETS)),
        _operation("Providers", "10 providers with 10 courses each, listings and marketplaces", 3.0, _spread(
            list(_provider_pages(ask)), SETS)),
        _operation("Catalogue", "200 courses by popularity with provider and category", 1.9, [
            {"priceMax": str(ceiling)} for ceiling in ceilings]),
    ]  # fmt: skip


def _operation(name: str, about: str, bound: float, variables: list[dict[str, Any]]) -> Operation:
    document = (QUERIES / f"{name.lower()}.graphql").read_text(encoding="utf-8")
    return Operation(name, about, bound, document, variables)


def _category_pages(ask: Ask) -> Iterator[dict[str, Any]]:
    """Give every full page of every category, the first ones without a cursor."""
    for category in ask("{ categories { id } }", {})["categories"]:
        edges = _walk(ask, "courses", "", f'orderBy: BEST_RATED, filter: {{category: "{category["id"]}"}}')
        for cursor in _page_starts([edge["cursor"] for edge in edges], 20, 20):
            yield {"category": category["id"], "after": cursor}


def _provider_pages(ask: Ask) -> Iterator[dict[str, Any]]:
    """Give full pages of institutions, one that starts at each of them."""
    for cursor in _page_starts([edge["cursor"] for edge in _walk(ask, "providers", "", "orderBy: NAME")], 10, 1):
        yield {"after": cursor}


def _page_starts(cursors: Sequence[str], size: int, step: int) -> list[str | None]:
    """Return after which cursors a page of ``size`` is full, every ``step`` rows; the first page is after none."""
    return [cursors[start - 1] if start else None for start in range(0, len(cursors) - size + 1, step)]


def _walk(ask: Ask, field: str, selected: str, arguments: str = "") -> list[dict[str, Any]]:
    """Return all edges of a connection."""
    document = (
        f"query Walk($after: String) {{ {field}(first: 200, after: $after, {arguments}) "
        f"{{ edges {{ cursor {selected} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    edges: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = ask(document, {"after": after})[field]
        edges += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return edges


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Return ``count`` of the items, evenly spread over them."""
    assert len(items) >= count, f"the demo data has {len(items)} of what {count} are needed of: load it at full scale"
    return [items[number * len(items) // count] for number in range(count)]
