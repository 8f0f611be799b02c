"""A real server with GraphiQL, and a real Chromium to look at it."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# graphql-core leaves its generic types open.

import os
import shutil
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLResolveInfo,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    get_nullable_type,
    graphql_sync,
)
from playwright.async_api import Browser, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from api.graphiql import BUNDLE, graphiql_routes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_ARGS = [
    "--no-sandbox",  # a container runs as root, where the sandbox does not start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The built bundle."""
    if not (BUNDLE / "index.html").is_file():
        pytest.fail("GraphiQL is not built: run `make ide`.", pytrace=False)
    return BUNDLE


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the tests of a worker; each test opens a context of its own."""
    if CHROMIUM is None:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report("There is no Chromium on the PATH (Debian: apt-get install chromium).")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


@contextmanager
def serving(app: ASGIApp) -> Generator[str]:
    """Serve an application in a thread with a loop of its own, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


STAND_IN = """
scalar Rupiah
scalar DateTime
enum CourseOrder { POPULARITY RATING PRICE START NEWEST }
enum CourseMode { WEBINAR }
enum CourseLevel { BEGINNER }
input CourseFilter { mode: CourseMode level: CourseLevel priceMax: Rupiah seatsLeftMin: Int }
type Query {
  "Courses on sale."
  courses(first: Int, filter: CourseFilter, orderBy: CourseOrder): CourseConnection!
  providers(first: Int): ProviderConnection!
  categories: [Category!]!
  regions: [Region!]!
  marketplaces: [Marketplace!]!
}
type PageInfo { hasNextPage: Boolean! endCursor: String }
type CourseConnection { edges: [CourseEdge!]! pageInfo: PageInfo! totalCount: Int! }
type CourseEdge { cursor: String! node: Course! }
type ProviderConnection { edges: [ProviderEdge!]! }
type ProviderEdge { node: Provider! }
type RunConnection { edges: [RunEdge!]! }
type RunEdge { node: Run! }
type RatingConnection { edges: [RatingEdge!]! }
type RatingEdge { node: Rating! }
type Category { id: ID! name: String! }
type Region { id: ID! code: String! name: String! }
type Marketplace { id: ID! name: String! website: String! }
type Listing { commissionBp: Int! url: String! marketplace: Marketplace! }
type Provider { name: String! region: Region! courses(first: Int): CourseConnection! }
type Run { startsAt: DateTime! endsAt: DateTime! seats: Int! seatsLeft: Int! venue: String region: Region }
type Rating { stars: Int! comment: String ratedAt: DateTime! }
type Course {
  id: ID! code: String! title: String! summary: String! description: String! skills: [String!]! mode: CourseMode!
  level: CourseLevel! hours: Int! price: Rupiah! outsidePrice: Rupiah! ratingAverage: Float! ratingCount: Int!
  participantCount: Int! provider: Provider! category: Category! listings: [Listing!]!
  runs(first: Int): RunConnection! ratings(first: Int): RatingConnection!
}
"""


def any_value(_parent: object, info: GraphQLResolveInfo[Any], **_arguments: object) -> object:
    """Answer every field with something of its type."""
    nullable = get_nullable_type(info.return_type)
    named = get_named_type(info.return_type)
    value: object = {}
    if isinstance(named, GraphQLEnumType):
        value = next(iter(named.values))
    elif isinstance(named, GraphQLScalarType):
        value = {"Int": 3, "Float": 4.5, "Boolean": False}.get(named.name, info.field_name)
    return [value, value] if isinstance(nullable, GraphQLList) else value


async def stand_in(request: Request) -> JSONResponse:
    body = await request.json()
    result = graphql_sync(
        build_schema(STAND_IN), body["query"], variable_values=body.get("variables"), field_resolver=any_value
    )
    status = 200 if result.data else 400
    return JSONResponse(result.formatted, status, headers={"x-request-id": "7f3a"})


@pytest.fixture(scope="session")
def site(bundle: Path) -> Iterator[str]:  # noqa: ARG001
    """The address of a server that has GraphiQL."""
    with serving(Starlette(routes=[*graphiql_routes(), Route("/graphql", stand_in, methods=["POST"])])) as url:
        yield url
