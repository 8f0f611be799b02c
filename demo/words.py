"""Words: the small rules of Indonesian writing that titles and sentences share."""

import re
from collections.abc import Sequence
from functools import cache
from random import Random

SMALL_WORDS = frozenset("dan atau untuk di ke dari dengan yang pada hingga bagi dalam serta".split())  # noqa: SIM905
"""Words that a title writes small unless it begins with them."""

PROPER = frozenset("Python Pandas Git Canva Figma Microsoft WhatsApp Hangeul Excel Jepang".split())  # noqa: SIM905
"""First words of skills that stay large inside a sentence."""


def titled(phrase: str) -> str:
    """Return ``phrase`` in the capitals of a title: Hiragana dan Katakana."""
    first, *others = phrase.split(" ")
    return " ".join([upper_first(first), *(word if word in SMALL_WORDS else upper_first(word) for word in others)])


def upper_first(text: str) -> str:
    """Return ``text`` with a large first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


@cache
def inside(phrase: str) -> str:
    """Return ``phrase`` as it stands inside a sentence: small first letter unless it is a name or an abbreviation."""
    first = phrase.split(" ", 1)[0]
    if first in PROPER or first[1:] != first[1:].lower() or (len(first) > 1 and first[1].isdigit()):
        return phrase
    return phrase[:1].lower() + phrase[1:]


def listed(items: Sequence[str]) -> str:
    """Return items as an enumeration: a, b, dan c; the last word is "serta" where an item has a "dan" of its own."""
    last_word = "serta" if any(" dan " in item for item in items) else "dan"
    comma = "," if len(items) > 2 else ""  # noqa: PLR2004 - two items have no comma
    return f"{', '.join(items[:-1])}{comma} {last_word} {items[-1]}" if len(items) > 1 else items[0]


def slug(text: str) -> str:
    """Return ``text`` as a part of an address: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def pick(random: Random, items: Sequence[str], number: int) -> list[str]:
    """Return ``number`` different items in a random order, or all when there are fewer."""
    return random.sample(items, min(number, len(items)))
