"""Topics: what demo courses teach, read from data/topics/, one file for each category."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from models.reference import category_id
from rules.courses import CourseLevel, CourseMode, Education

DATA = Path(__file__).parent / "data" / "topics"

CATEGORY_NAMES = {
    "pemasaran-digital": "pemasaran digital",
    "makanan-minuman": "makanan dan minuman",
    "teknologi-informasi": "teknologi informasi",
    "perkantoran": "perkantoran",
    "kewirausahaan": "kewirausahaan",
    "bahasa-asing": "bahasa asing",
    "kecantikan-tata-rias": "kecantikan dan tata rias",
    "busana-menjahit": "busana dan menjahit",
    "desain-multimedia": "desain dan multimedia",
    "teknik-otomotif": "teknik dan otomotif",
    "pariwisata-perhotelan": "pariwisata dan perhotelan",
    "kesehatan-perawatan": "kesehatan dan perawatan",
    "logistik-transportasi": "logistik dan transportasi",
    "pertanian-perikanan": "pertanian dan perikanan",
}
"""How a sentence calls a category, in the order of the shelves."""


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """A subject with the words to write about it.

    ``audiences`` are whom a title may name; ``titles`` fit a level, or any level under None.
    ``learn``, ``project`` and ``outcome`` are verb phrases, ``people``, ``tools`` and ``home`` (what a learner needs
    at home) are things and persons, ``intro`` are whole sentences. ``demand`` is how sought after it is; 1 is usual.
    """

    code: str
    demand: float
    audiences: tuple[str, ...]
    titles: dict[CourseLevel | None, tuple[str, ...]]
    skills: tuple[str, ...]
    learn: tuple[str, ...]
    project: tuple[str, ...]
    tools: tuple[str, ...]
    home: str | None
    people: tuple[str, ...]
    outcome: tuple[str, ...]
    intro: tuple[str, ...]
    modes: dict[CourseMode, int]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A category with its topics. ``weight`` is its share of the courses, ``rate`` rupiah for an hour of teaching."""

    code: str
    id: UUID
    name: str
    prefix: str
    weight: int
    rate: int
    education: Education
    topics: tuple[Topic, ...]


@cache
def shelves() -> tuple[Shelf, ...]:
    """Return all categories in the order of the catalogue."""
    return tuple(_shelf(code, name) for code, name in CATEGORY_NAMES.items())


def _shelf(code: str, name: str) -> Shelf:
    content = tomllib.loads((DATA / f"{code}.toml").read_text(encoding="utf-8"))
    return Shelf(
        code=code,
        id=category_id(code),
        name=name,
        prefix=content["prefix"],
        weight=content["weight"],
        rate=content["rate"],
        education=Education(content["education"]),
        topics=tuple(_topic(key, topic, content) for key, topic in content["topics"].items()),
    )


def _topic(code: str, content: dict[str, Any], shelf: dict[str, Any]) -> Topic:
    """Return a topic; what it does not say of its audiences and modes is as on its whole shelf."""
    modes: dict[str, int] = content.get("modes", shelf["modes"])
    return Topic(
        code=code,
        demand=content.get("demand", 1.0),
        audiences=tuple(content.get("audiences", shelf["audiences"])),
        titles={
            None: tuple(content["titles"]),
            CourseLevel.BEGINNER: tuple(content.get("beginner", ())),
            CourseLevel.INTERMEDIATE: (),
            CourseLevel.ADVANCED: tuple(content.get("advanced", ())),
        },
        skills=tuple(content["skills"]),
        learn=tuple(content["learn"]),
        project=tuple(content["project"]),
        tools=tuple(content["tools"]),
        home=content.get("home"),
        people=tuple(content["people"]),
        outcome=tuple(content["outcome"]),
        intro=tuple(content["intro"]),
        modes={CourseMode(mode): weight for mode, weight in modes.items()},
    )
