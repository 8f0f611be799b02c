import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from rules.access import Scope
from tests.auth.viewers.browsers import Visitor

PERSONAS = {"92-who-you-are": "peserta", "94-write-a-course": "lembaga", "96-courses-to-review": "petugas"}
"""Who of the demo may ask what is not for everybody."""

EXAMPLES = sorted((Path(__file__).parents[2] / "ide" / "examples").glob("*.graphql"))
NAMES = [path.stem for path in EXAMPLES]


def leaves(value: Any) -> list[Any]:
    """Return every value of an answer that is not an object; an empty list counts as one."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list) and value:
        return [leaf for part in value for leaf in leaves(part)]  # pyright: ignore[reportUnknownVariableType]
    return [value]


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.stem not in PERSONAS], ids=lambda path: path.stem)
def test_an_example_answers_with_data_on_the_demo_programme(site: str, path: Path) -> None:
    answer = httpx.post(f"{site}/graphql", json={"query": path.read_text(encoding="utf-8")}, timeout=60)

    says_something(answer)


@pytest.mark.parametrize("name", PERSONAS)
async def test_an_example_for_who_is_signed_in_answers_him_and_nobody_else(demo_site: str, name: str) -> None:
    (path,) = [path for path in EXAMPLES if path.stem == name]
    body = {"query": path.read_text(encoding="utf-8")}
    async with httpx.AsyncClient(timeout=60) as http:
        visitor = Visitor(http, demo_site)
        told = await visitor.sign_in(PERSONAS[name], scope=" ".join(["openid", *Scope]))
        headers = {"authorization": f"Bearer {told['access_token']}"}

        answer = await http.post(f"{demo_site}/graphql", json=body, headers=headers)
        anonymous = await http.post(f"{demo_site}/graphql", json=body)

    says_something(answer)
    assert "REFUSED" not in answer.text
    assert anonymous.status_code == 401


def says_something(answer: httpx.Response) -> None:
    """Hold that an answer has data and no error."""
    document = answer.json()
    assert answer.status_code == 200, document
    assert document.keys() <= {"data", "extensions"}, document
    for value in document["data"].values():
        assert any(leaf not in (None, [], 0) for leaf in leaves(value)), document


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_says_what_it_shows(path: Path) -> None:
    first, second, third, *_ = path.read_text(encoding="utf-8").splitlines()

    assert re.fullmatch(r"# [A-Z][^.]{5,40}", first)
    assert re.fullmatch(r"# .{20,120}[.]", second)
    assert third.startswith(("query ", "mutation "))
    assert re.fullmatch(r"\d\d-[a-z-]+", path.stem)


def test_no_two_examples_share_a_name_or_title() -> None:
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES]

    titles = {text.splitlines()[0] for text in texts}
    operations = {re.findall(r"^(?:query|mutation) (\w+)", text, re.MULTILINE)[0] for text in texts}

    assert len(titles) == len(operations) == len(texts)
