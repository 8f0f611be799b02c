"""What the documents say of files, commands, settings and codes is so."""

import re
import tomllib
from pathlib import Path
from typing import cast

import click
import pytest

from api.cli import main
from api.settings import Settings
from engine import errors
from engine.errors import STATUS, Code
from tests.docs.reading import DOCS, PAGES, ROOT, blocks, name, prose, section, table

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*##", MAKEFILE, re.MULTILINE))
TEXTS = {name(page): page.read_text(encoding="utf-8") for page in PAGES}


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path) -> None:
    broken: list[str] = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def code(page: Path) -> str:
    """Return what a page shows as something to type: code within its sentences, and its shell blocks."""
    inline = re.findall(r"`([^`\n]+)`", prose(page))
    return "\n".join([*inline, *(block.text for block in blocks(page) if block.language in ("sh", "console"))])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_make_target_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code(page)))

    assert named - TARGETS == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_command_that_a_page_names_exists(page: Path) -> None:
    wrong = [line for line in re.findall(r"\bbekal [a-z][^\n]*", code(page)) if not exists(line.split()[1:])]

    assert wrong == []


def exists(words: list[str]) -> bool:
    """Return whether the words begin with commands that there are, and use options that they have."""
    command: click.Command = main
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.commands.get(word.rstrip(",.;:"))
            if found is None:
                return False
            command = found
        elif word.startswith("--") and word.split("=")[0] not in options(command):
            return False
    return True


def options(command: click.Command) -> set[str]:
    own = {option for parameter in command.params for option in parameter.opts}
    return own | {"--help", "--version"}


def test_the_settings_table_has_each_setting_with_its_default_and_purpose() -> None:
    told = {row[0]: (row[1], row[2]) for row in table(section(DOCS / "operations.md", "Settings"))}

    true = {variable: (value, about) for variable, value, about in Settings().shown()}
    data_dir = {"BEKAL_DATA_DIR": ("~/.local/share/bekal", true["BEKAL_DATA_DIR"][1])}
    assert told == true | data_dir


def test_the_codes_table_has_each_code_with_its_status() -> None:
    told = {row[0]: row[1] for row in table(section(DOCS / "frontend.md", "Codes"))}

    assert told == {code.value: str(STATUS.get(code, 400)) for code in Code}


def test_the_engine_page_tells_of_each_file_of_the_engine_once() -> None:
    told = [row[0] for row in table(section(DOCS / "engine.md", "The files, in reading order"))]

    folder = Path(errors.__file__).parent
    assert sorted(told) == sorted(path.name for path in folder.glob("*.py") if path.name != "__init__.py")


def test_the_readme_tells_of_each_room() -> None:
    told = {row[0].rstrip("/") for row in table(section(ROOT / "README.md", "What is inside"))}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = cast("list[str]", project["tool"]["importlinter"]["root_packages"])
    assert set(rooms) <= told
    assert all((ROOT / room).is_dir() for room in told)


def test_the_index_of_decisions_has_each_decision() -> None:
    pages = {path.name for path in (DOCS / "decisions").glob("*.md")} - {"README.md"}

    index = TEXTS["docs/decisions/README.md"]
    assert {page for page in pages if f"({page})" not in index} == set()


def test_a_decision_has_its_four_parts() -> None:
    lacking = [
        f"{path.name} lacks '{part}'"
        for path in (DOCS / "decisions").glob("*.md")
        for part in ("## Context", "## Decision\n\n**", "## Consequences", "## What holds it")
        if path.name != "README.md" and part not in path.read_text(encoding="utf-8")
    ]

    assert lacking == []


def test_the_changelog_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert f"## [{project['project']['version']}]" in TEXTS["CHANGELOG.md"]
