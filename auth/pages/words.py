"""The words of the pages and messages, in both languages: ``words.toml``."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from starlette.requests import Request

from auth.sessions import SignedIn
from auth.site import Site
from rules.people import Locale
from rules.times import local_text

LANGUAGE_COOKIE = "language"
LANGUAGE_LIFE = timedelta(days=400)
_FILE = Path(__file__).with_name("words.toml")
_LANGUAGES_HEARD_MAX = 10


@cache
def texts() -> Mapping[str, Mapping[Locale, str]]:
    """Return every text by its name (``sign_in.title``), in each language."""
    read = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        f"{part}.{name}": {Locale(language): text for language, text in languages.items()}
        for part, names in read.items()
        for name, languages in names.items()
    }


class Words:
    """Speaks one language."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale

    def __call__(self, name: str, **values: object) -> str:
        """Return the text of that name, with ``values`` in their places."""
        return texts()[name][self.locale].format(**values)

    def date(self, at: datetime) -> str:
        """Return an instant as people read it, in the time of Jakarta."""
        return local_text(at, self.locale)


def chosen_language(request: Request) -> Locale | None:
    """Return the language that the address names (``?lang=en``); None when it names none of ours."""
    return _known(request.query_params.get("lang"))


def language_of(site: Site, request: Request, signed_in: SignedIn | None = None) -> Locale:
    """Return the language to answer in: what was chosen, else the account's, else the browser's, else Indonesian."""
    chosen = chosen_language(request) or _known(site.cookie(request, LANGUAGE_COOKIE))
    if chosen is not None:
        return chosen
    if signed_in is not None:
        return signed_in.locale
    return _accepted(request.headers.get("accept-language", "")) or Locale.INDONESIAN


def _accepted(header: str) -> Locale | None:
    """Return the one of our languages that the browser likes best."""
    liked: list[tuple[float, Locale]] = []
    for part in header.split(",")[:_LANGUAGES_HEARD_MAX]:
        tag, _, weight = part.partition(";")
        known = _known(tag.strip().partition("-")[0].lower().replace("in", "id"))  # "in" is what old Androids say
        try:
            quality = float(weight.partition("=")[2] or 1)
        except ValueError:
            continue
        if known is not None and quality > 0:
            liked.append((quality, known))
    return max(liked, key=lambda each: each[0])[1] if liked else None


def _known(word: str | None) -> Locale | None:
    return Locale(word) if word in set(Locale) else None
