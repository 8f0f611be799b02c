import gzip
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import api.graphiql
from api.graphiql import HEADERS, graphiql_routes


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = Starlette(routes=graphiql_routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bekal")


def only(pattern: str, folder: Path) -> str:
    (found,) = folder.glob(pattern)
    return found.name


async def test_the_page_names_files_that_are_there_and_has_no_inline_script(
    client: httpx.AsyncClient, bundle: Path
) -> None:
    page = await client.get("/graphiql")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 3
    for link in links:
        assert (await client.get(f"/{link}")).status_code == 200
        assert (bundle / link.removeprefix("graphiql/")).is_file()
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page.text) == [""]
    assert 'style="' not in page.text


async def test_the_page_asks_the_graph_at_its_address() -> None:
    app = Starlette(routes=graphiql_routes("/v1/graphql"))
    transport = httpx.ASGITransport(app, root_path="/api")
    async with httpx.AsyncClient(transport=transport, base_url="http://bekal/api") as client:
        page = await client.get("graphiql")

    assert 'data-endpoint="/api/v1/graphql"' in page.text


def test_an_endpoint_that_is_no_plain_path_is_rejected_at_start() -> None:
    with pytest.raises(ValueError, match="plain path such as /graphql"):
        graphiql_routes('/"><script>')


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/", "/graphiql/LICENSES.txt"])
async def test_every_answer_carries_the_policy(client: httpx.AsyncClient, bundle: Path, path: str) -> None:
    assert bundle

    answer = await client.get(path)

    assert HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("pattern", ["graphiql-*.js", "graphiql-*.css", "*.worker-*.js", "font-*.woff2", "icon-*.svg"])
async def test_assets_are_kept_for_a_year_and_carry_the_policy(
    client: httpx.AsyncClient, bundle: Path, pattern: str
) -> None:
    name = min((bundle / "assets").glob(pattern)).name

    answer = await client.get(f"/graphiql/assets/{name}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_scripts_are_sent_as_the_client_reads_them(
    client: httpx.AsyncClient, bundle: Path, accepted: str, coding: str | None
) -> None:
    name = only("graphiql-*.js", bundle / "assets")

    async with client.stream("GET", f"/graphiql/assets/{name}", headers={"accept-encoding": accepted}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])

    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"
    assert int(answer.headers["content-length"]) == len(body)
    original = (bundle / "assets" / name).read_bytes()
    if coding == "gzip":
        assert gzip.decompress(body) == original
    elif coding is None:
        assert body == original
    else:
        assert len(body) < len(original) / 3


@pytest.mark.parametrize(
    "name",
    ["nothing-HERE.js", "..%2Findex.html", "..%2f..%2f..%2fapp.py", "graphiql.js.gz", ".js", "%00.js", "a%5Cb.js"],
)
async def test_nothing_but_the_bundle_is_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/graphiql/assets/{name}")

    assert answer.status_code == 404


async def test_an_address_with_a_slash_leads_to_the_page(client: httpx.AsyncClient, bundle: Path) -> None:
    assert bundle

    answer = await client.get("/graphiql/", follow_redirects=True)

    assert answer.url.path == "/graphiql"
    assert answer.status_code == 200


async def test_a_missing_bundle_is_said_with_its_remedy(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.graphiql, "BUNDLE", tmp_path)

    page = await client.get("/graphiql")
    asset = await client.get("/graphiql/assets/graphiql-ABC.js")
    licences = await client.get("/graphiql/LICENSES.txt")

    assert page.status_code == 503
    assert "make ide" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert (asset.status_code, licences.status_code) == (404, 404)
