"""How the tests read the project's documents: their fenced blocks, tables and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Give the fenced blocks of a page, in order."""
    opened: tuple[int, str] | None = None
    kept: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("```"):
            kept.append(line)
        elif opened is None:
            opened, kept = (number, line[3:].strip()), []
        else:
            yield Block(name(page), opened[0], opened[1], "\n".join(kept) + "\n")
            opened = None
    assert opened is None, f"{name(page)}:{opened} opens a block that nothing closes"


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def section(page: Path, title: str) -> str:
    """Return what stands under a heading, up to the next heading of its level or a higher one."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{name(page)} has no section '{title}'"
    return found[2]


def table(text: str) -> list[list[str]]:
    """Return the rows of the first table in ``text``, without its head; code marks are left out."""
    lines = dropwhile(lambda line: not line.startswith("|"), text.splitlines())
    rows = list(takewhile(lambda line: line.startswith("|"), lines))[2:]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]


def example(path: Path) -> str:
    """Return an example's text as the documents show it: without the comment on its first line."""
    return re.sub(r"\A# .*\n", "", path.read_text(encoding="utf-8"))
