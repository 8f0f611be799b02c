"""Providers: hundreds of made-up training institutions in real cities."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from demo.organisations import OrganisationRow
from demo.places import Place, places
from demo.recipes import PROGRAMME_START, Recipe, between
from demo.topics import Shelf, shelves
from demo.words import listed, pick
from rules.organisations import Ownership, ProviderType
from rules.publication import EVER_PUBLIC, PublicationState

DATA = Path(__file__).parent / "data" / "institutions.toml"

FULL, LEAST = 540, 20
"""How many there are at full scale, and how many at least: every category needs a teacher."""

COMPANIES = 5
"""So many of the first institutions are companies (PT): data/organisations.toml says what they own."""

NOT_ON_SALE = {
    PublicationState.SUSPENDED: 4,
    PublicationState.RETIRED: 3,
    PublicationState.DRAFT: 3,
    PublicationState.SUBMITTED: 2,
    PublicationState.APPROVED: 1,
}
"""How many of the full number are in another state than PUBLISHED."""


class ProviderRow(NamedTuple):
    """A row of ``providers``."""

    id: UUID
    organisation_id: UUID
    code: str
    name: str
    type: ProviderType
    region_id: UUID
    about: str
    state: PublicationState
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """An institution, its legal entity, its town, what it teaches and how large it is."""

    row: ProviderRow
    organisation: OrganisationRow
    place: Place
    fields: tuple[Shelf, ...]
    size: float
    entered_at: datetime


@cache
def institutions() -> dict[str, Any]:
    """Return the words of data/institutions.toml."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def providers(recipe: Recipe) -> list[ProviderPlan]:
    """Return all institutions: names differ, towns follow the population, and sizes are skewed."""
    random, keys = recipe.random("providers"), recipe.keys("providers")
    number = recipe.count(FULL, LEAST)
    states = _states(recipe, number)
    towns = random.choices(places(), weights=[place.weight for place in places()], k=number)
    taken: set[str] = set()
    plans: list[ProviderPlan] = []
    for index, (state, town) in enumerate(zip(states, towns, strict=True)):
        kind = ProviderType.PT if index < COMPANIES else _kind(random)
        name, legal_name = _names(random, kind, town, taken)
        fields = _fields(random, index)
        entered = PROGRAMME_START + (recipe.now - timedelta(days=150) - PROGRAMME_START) * random.random() ** 1.8
        entered = max(PROGRAMME_START, entered.replace(microsecond=0))
        organisation = OrganisationRow(keys.new(entered), legal_name, _ownership(random, kind), town.id)
        row = ProviderRow(
            id=keys.new(entered),
            organisation_id=organisation.id,
            code=f"LP-{index + 1:04d}",
            name=name,
            type=kind,
            region_id=town.id,
            about=_about(random, kind, name, town, fields),
            state=state,
            published_at=between(random, entered, entered + timedelta(days=21)) if state in EVER_PUBLIC else None,
        )
        plans.append(ProviderPlan(row, organisation, town, fields, random.lognormvariate(0, 0.8), entered))
    return plans


def _states(recipe: Recipe, number: int) -> list[PublicationState]:
    others = [
        state
        for state, full in NOT_ON_SALE.items()
        for _ in range(recipe.count(full, 0 if state is PublicationState.APPROVED else 1))
    ]
    return [PublicationState.PUBLISHED] * (number - len(others)) + others


def _kind(random: Random) -> ProviderType:
    types: dict[str, Any] = institutions()["types"]
    return ProviderType(random.choices(list(types), weights=[kind["share"] for kind in types.values()])[0])


def _names(random: Random, kind: ProviderType, town: Place, taken: set[str]) -> tuple[str, str]:
    """Return a name that nobody has yet, and the legal name that belongs to it."""
    words = institutions()
    while True:
        parts = {part: random.choice(words[part]) for part in ("first", "second", "pesantren")}
        name: str = words["types"][kind]["name"].format(**parts, city=town.name)
        if name not in taken:
            taken.add(name)
            return name, random.choice(words["types"][kind]["legal"]).format(**parts)


def _ownership(random: Random, kind: ProviderType) -> Ownership:
    usual: dict[str, int] = institutions()["types"][kind]["ownership"]
    return Ownership(random.choices(list(usual), weights=list(usual.values()))[0])


def _fields(random: Random, index: int) -> tuple[Shelf, ...]:
    """Return one to four categories; the first institutions see to it that each category is taught."""
    all_shelves = shelves()
    weights = [shelf.weight for shelf in all_shelves]
    main = all_shelves[index] if index < len(all_shelves) else random.choices(all_shelves, weights=weights)[0]
    others = random.choices(all_shelves, weights=weights, k=random.choice((0, 1, 1, 2, 3)))
    return tuple(dict.fromkeys((main, *others)))


def _about(random: Random, kind: ProviderType, name: str, town: Place, fields: tuple[Shelf, ...]) -> str:
    words = institutions()
    sentences: dict[str, list[str]] = words["sentences"]
    first = random.choice(sentences["open"]).format(
        name=name, kind=random.choice(words["about"][kind]), city=town.name, province=town.province,
        year=random.randint(1988, 2019),
    )  # fmt: skip
    second = random.choice(sentences["field"]).format(fields=listed([field.name for field in fields]))
    return " ".join([first, second, *pick(random, sentences["more"], random.choice((1, 2, 2, 3)))])
