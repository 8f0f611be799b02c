"""A real server with GraphiQL, and a real Chromium to look at it."""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright, expect
from starlette.types import ASGIApp

from api.app import create_app
from api.graphiql import BUNDLE
from api.logs import AccessLog, as_json
from api.settings import Settings
from demo.people import load_people
from models.database import Database
from models.sealing import KeyRing

KEY = "ab" * 32
MASTER_KEYS = f"1:{KEY}"  # as all who use the seeded database have it

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

expect.set_options(timeout=30_000)  # the machine may be busy with everything else


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
def serving(make: Callable[[int], ASGIApp]) -> Generator[str]:
    """Serve the application for a port in a thread with a loop of its own, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = make(listener.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def bekal(database_url: str, data_dir: Path, **more: str) -> Callable[[int], ASGIApp]:
    """Return what makes Bekal for a port."""
    given = {"DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "BACKGROUND": "elsewhere", **more}

    def make(port: int) -> ASGIApp:
        environ = {f"BEKAL_{name}": value for name, value in (given | {"PORT": str(port)}).items()}
        return create_app(Settings.read(environ), access=AccessLog(as_json, StringIO()))

    return make


@pytest.fixture(scope="session")
def site(bundle: Path, seeded_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Bekal with GraphiQL and the small demo data."""
    assert bundle
    with serving(bekal(seeded_database_url, tmp_path_factory.mktemp("site"), MASTER_KEYS=MASTER_KEYS)) as url:
        yield url


@pytest.fixture(scope="session")
async def demo_site(
    bundle: Path, server: Any, seeded_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of a demo of which the tests may change things: its people are there, one click each."""
    assert bundle
    database_url: str = server.create("demo_site", seeded_template)
    database = Database(database_url, size=1)
    await load_people(database, KeyRing({1: bytes.fromhex(KEY)}))
    await database.close()
    with serving(bekal(database_url, tmp_path_factory.mktemp("demo"), MASTER_KEYS=MASTER_KEYS, DEMO="yes")) as url:
        yield url
