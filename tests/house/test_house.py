"""What holds for the whole house. Each failure says what to do."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLNamedType, is_specified_scalar_type

from api.settings import TEST_PREFIX, Settings, variable_name
from engine.graph import Graph
from schema.graph import build

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "schema", "auth", "workers", "resolvers", "gateways", "models", "engine", "rules", "demo")
LINES_MAX = 400


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Return the files of the repository, those not yet added too."""
    listed = subprocess.run(  # noqa: S603 - patterns are written below
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def names(paths: Iterator[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_dependency_ships_a_package_with_a_rooms_name() -> None:
    shipped = packages_distributions()

    taken = {room: shipped[room] for room in (*ROOMS, "bekal") if set(shipped.get(room, ())) - {"bekal"}}

    assert not taken, f"Rename the room, or do without the dependency: {taken}"


def test_only_api_reads_the_environment() -> None:
    def reads(path: Path) -> bool:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        return bool({"environ", "getenv", "environb"} & (attributes | imported))

    readers = names(path for room in ROOMS if room != "api" for path in tracked(f"{room}/**.py") if reads(path))

    assert readers == [], "Take what you need as a parameter; api/ hands it down."


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    long = names(path for path in tracked("*.py") if len(path.read_text(encoding="utf-8").splitlines()) > LINES_MAX)

    assert long == [], f"Split by verb: no file has more than {LINES_MAX} lines."


def test_lint_checks_the_imports_between_rooms() -> None:
    assert re.search(r"^lint:.*\n(?:\t.*\n)*\t.*lint-imports", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_make_target_tells_what_it_is_for() -> None:
    makefile = (ROOT / "Makefile").read_text()

    targets = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)

    assert [name for name in targets if not re.search(rf"^{name}:.*## .+$", makefile, re.MULTILINE)] == []


def undescribed(named: GraphQLNamedType) -> Iterator[str]:
    if not named.description:
        yield named.name
    for name, field in getattr(named, "fields", {}).items():
        if not field.description:
            yield f"{named.name}.{name}"
        if not isinstance(named, GraphQLInputObjectType):
            yield from (f"{named.name}.{name}({arg})" for arg, of in field.args.items() if not of.description)
    for name, value in getattr(named, "values", {}).items():
        if not value.description:
            yield f"{named.name}.{name}"


def test_every_element_of_the_graph_is_described() -> None:
    schema = Graph(build()).schema
    own = [
        named
        for name, named in schema.type_map.items()
        if not name.startswith("_") and not is_specified_scalar_type(named)
    ]

    lacking = [element for named in own for element in undescribed(named)]

    assert lacking == [], f"Add description=... to: {lacking}"


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert version("bekal") == project["version"]


def test_what_the_project_needs_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "runtime": [*(requires("bekal") or ()), *groups["build"]],
        "dev": [*(requires("bekal") or ()), *groups["build"], *groups["dev"]],
    }

    for name, requirements in wanted.items():
        locked = (ROOT / "requirements" / f"{name}.txt").read_text().lower().replace("_", "-")
        needed = {re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}
        missing = {package for package in needed if f"\n{package.replace('_', '-')}==" not in f"\n{locked}"}
        assert not missing, f"Run 'make lock': requirements/{name}.txt lacks {missing}"


@pytest.mark.parametrize("name", ["runtime", "dev", "uv"])
def test_locked_packages_are_bound_to_their_content_and_to_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    packages = re.findall(r"^[a-z0-9].*==.*$", text, re.MULTILINE)

    assert packages
    assert all(package.endswith("\\") for package in packages), "Each package has hashes."
    assert "://" not in text
    assert "--index-url" not in text


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    private = re.compile("|".join(("/" + "work/", "/" + "root/\\.", "/opt/" + "wheels")))
    texts = ("*.py", "*.md", "*.toml", "*.json", "*.mjs", "*.txt", "*.graphql", "Makefile", ".ci/*")

    found = names(path for path in tracked(*texts) if private.search(path.read_text(encoding="utf-8")))

    assert found == []


def test_every_setting_is_documented_and_no_other() -> None:
    documented: set[str] = set()
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        documented |= set(re.findall(r"BEKAL_[A-Z0-9_]*[A-Z0-9]", path.read_text(encoding="utf-8")))
    documented = {name for name in documented if not name.startswith(TEST_PREFIX)}

    settings = {variable_name(setting.name) for setting in fields(Settings)}

    assert settings - documented == set(), "Say in docs/operations.md what it is for."
    assert documented - settings == set(), "The documents name settings that there are not."
