"""Every text is there in both languages, with the same places to fill in."""

import re
from pathlib import Path
from string import Formatter

import pytest
from starlette.requests import Request

from auth.pages.words import language_of, texts
from auth.site import Site
from models.sealing import KeyRing
from rules.people import Locale

PAGES = Path(__file__).parents[3] / "auth" / "pages"
USED = re.compile(r"""(?<![a-z_.])(?:words|t|Words\(locale\))\(\s*f?["']([a-z_]+\.[a-z_{}]+)["']""")
SITE = Site("https://bekal.example", KeyRing({1: b"k" * 32}))


def places(text: str) -> set[str]:
    """Return the names of what is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(texts()))
def test_a_text_is_there_in_both_languages(name: str) -> None:
    spoken = texts()[name]

    assert set(spoken) == set(Locale)
    assert all(text.strip() == text and text for text in spoken.values())
    assert len({frozenset(places(text)) for text in spoken.values()}) == 1


def test_every_text_that_a_page_names_exists() -> None:
    files = [*PAGES.glob("*.py"), *PAGES.glob("templates/*.html")]

    used = {
        name
        for file in files
        for name in USED.findall(file.read_text("utf-8"))
        if "{" not in name and not name.endswith("_")
    }

    assert len(used) > 60
    assert used - texts().keys() == set()


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("", "", "", "id"),
        ("", "", "en-GB,en;q=0.9,id;q=0.8", "en"),
        ("", "", "fr,id;q=0.3,en;q=0.2", "id"),
        ("", "", "fr-CA, in-ID", "id"),
        ("", "", "en;q=0, fr", "id"),
        ("", "", "en;q=none", "id"),
        ("", "", ",;=,;q=;,", "id"),
        ("", "en", "id", "en"),
        ("lang=id", "en", "en", "id"),
        ("lang=xx", "en", "id", "en"),
    ],
)
def test_a_page_speaks_the_language_that_is_wanted(query: str, cookie: str, accepted: str, language: str) -> None:
    headers = [(b"accept-language", accepted.encode()), (b"cookie", f"__Host-bekal-language={cookie}".encode())]
    request = Request({"type": "http", "query_string": query.encode(), "headers": headers})

    assert language_of(SITE, request) == language
