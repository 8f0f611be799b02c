"""A real server with GraphiQL, and a real Chromium to look at it."""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp

from api.app import create_app
from api.graphiql import BUNDLE
from api.logs import AccessLog, as_json
from api.settings import Settings

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


@pytest.fixture(scope="session")
def site(bundle: Path, seeded_database_url: str) -> Iterator[str]:
    """The address of Bekal with GraphiQL and the small demo data."""
    assert bundle
    settings = Settings.read(
        {"HOME": "/nowhere", "BEKAL_DATABASE_URL": seeded_database_url, "BEKAL_BACKGROUND": "elsewhere"}
    )
    with serving(create_app(settings, access=AccessLog(as_json, StringIO()))) as url:
        yield url
