"""The page on security names tests and flows that there are."""

import re
from pathlib import Path

from tests.docs.reading import DOCS, ROOT

PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests"


def defined() -> set[str]:
    """Return the names of all tests."""
    names: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        names |= set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return names


def test_each_test_that_it_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert named - defined() == set()
    assert len(named) > 50


def test_each_flow_that_it_names_exists() -> None:
    flows = {path.stem for path in Path(TESTS / "clients" / "driver" / "flows").glob("*.mjs")}

    assert set(re.findall(r"flows? `([a-z-]+)`", PAGE)) - flows == set()


def test_each_attack_has_something_that_holds_it() -> None:
    tables = PAGE.split("## Attacks, and what stops them")[1].split("## What is not covered")[0]
    rows = [line for line in tables.splitlines() if line.startswith("| ") and not line.endswith("held by |")]

    unheld = [row for row in rows if "`" not in row.split("|")[-2] and "the tables above" not in row]
    assert unheld == []
    assert len(rows) > 40
