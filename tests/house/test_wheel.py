"""What somebody gets who installs Bekal without this folder."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "schema", "auth", "workers", "resolvers", "gateways", "models", "engine", "rules", "demo")
TIMEOUT_S = 180


def run(command: Sequence[str | Path], **environ: str) -> str:
    """Run a command to its end and return what it says."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=ROOT, env=os.environ | environ, check=False, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, "."])
    (path,) = folder.glob("bekal-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment with the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).with_name("uv")
    run([uv, "venv", "--quiet", "--python", sys.executable, folder])
    install = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
    constraints = ["--constraints", ROOT / "requirements" / "runtime.txt"]
    run([*install, *constraints, wheel])
    return folder / "bin"


def test_the_wheel_keeps_its_rooms_in_one_drawer_with_all_that_they_need(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bekal"}
    for needed in ("api/static/graphiql/index.html", "alembic/env.py", "schema/schema.graphql", "demo/load.py"):
        assert f"bekal/{needed}" in names
    assert {name.split("/")[1] for name in names if name.startswith("bekal/")} >= {*ROOMS, "alembic"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


@contextmanager
def demo(bin_: Path, data: Path) -> Generator[tuple[str, "subprocess.Popen[str]"]]:
    """Run the installed ``bekal demo`` on a free port; yield its address when it says so."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("BEKAL_", "PYTHON"))}
    command = [str(bin_ / "bekal"), "demo", "--port", "0", "--scale", "0.02"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=data.parent, env=environ | {"BEKAL_DATA_DIR": str(data)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        try:
            for line in process.stdout:
                said.append(line)
                if found := re.match(r"Endpoint +(http://.*)/graphql$", line):
                    yield found[1], process
                    break
            else:
                pytest.fail("".join(said))
        finally:
            process.kill()


def fetch(url: str, body: bytes | None = None) -> bytes:
    """Return what the server answers."""
    headers = {"content-type": "application/json"} if body else {}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the address is ours
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return response.read()


def test_the_installed_command_serves_the_demo_and_stops_what_it_started(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(installed, data) as (url, process):
        query = {"query": "{courses(first: 1) {edges {node {title}}}}"}
        answer = json.loads(fetch(f"{url}/graphql", json.dumps(query).encode()))
        page = fetch(f"{url}/graphiql")
        ready = json.loads(fetch(f"{url}/readyz"))
        process.terminate()
        process.communicate(timeout=60)

    assert answer["data"]["courses"]["edges"][0]["node"]["title"]
    assert b"/graphql" in page
    assert ready == {"ready": True, "parts": {"database": "ok", "schema": "ok", "writes": "ok", "valkey": "ok"}}
    assert process.returncode == 0
    status = run([installed / "bekal", "services", "status"], BEKAL_DATA_DIR=str(data))
    assert status.count("not running") == 2
