"""Titles: thousands of them, each given once, in a dozen manners."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from demo.schedules import Schedule
from demo.topics import Topic
from demo.words import SMALL_WORDS, pick, titled
from rules.courses import CourseLevel, CourseMode

LEVEL_WORDS = ("dasar", "pemula", "lanjut", "mahir", "junior", "tingkat", "pertama", "dari nol", "persiapan", "kelas")
"""A title with one of these says for whom it is already."""

BEGINNER_WORDS = ("dasar", "pemula", "pertama", "dari nol")
ADVANCED_WORDS = ("lanjut", "mahir", "penyelia", "madya")
"""Words that do not go with other levels."""

TITLE_MAX = 78
"""Longer titles are cut off in lists and cards."""

TRIES = 400
"""A topic that has no free title after so many tries needs more words in data/topics/."""


@dataclass(frozen=True, slots=True)
class TitleWish:
    """What a title has to fit."""

    topic: Topic
    level: CourseLevel
    mode: CourseMode
    schedule: Schedule
    city: str


@dataclass(frozen=True, slots=True)
class Title:
    """A title, and the skills that it promises to dwell on."""

    text: str
    focus: tuple[str, ...] = ()


Manner = Callable[[TitleWish, str], Title | None]


class Titles:
    """Gives out titles; no title twice."""

    def __init__(self, random: Random, phrases: dict[str, list[str]]) -> None:
        self._random = random
        self._phrases = phrases
        self._taken: set[str] = set()
        self._manners: dict[Manner, int] = {
            self._bare: 8,
            self._for_audience: 14,
            self._with_skills: 12,
            self._with_level: 6,
            self._in_city: 14,
            self._with_schedule: 7,
            self._for_audience_in_city: 4,
        }

    def new(self, wish: TitleWish) -> Title:
        """Return a title that nobody has yet.

        Raises:
            LookupError: the topic's words are used up.
        """
        fitting = [core for core in wish.topic.titles[None] if not _contradicts(core, wish.level)]
        cores = (*fitting, *wish.topic.titles[wish.level], *wish.topic.titles[wish.level])
        for _ in range(TRIES):
            (manner,) = self._random.choices(list(self._manners), weights=list(self._manners.values()))
            title = manner(wish, self._random.choice(cores))
            if title and len(title.text) <= TITLE_MAX and title.text.lower() not in self._taken:
                self._taken.add(title.text.lower())
                return title
        raise LookupError(f"No title is left for the topic {wish.topic.code}: add titles or skills in data/topics/.")

    def _bare(self, wish: TitleWish, core: str) -> Title | None:
        del wish
        return Title(core)

    def _for_audience(self, wish: TitleWish, core: str) -> Title | None:
        audience = self._random.choice(wish.topic.audiences)
        if not _takes_audience(core, audience, wish.level):
            return None
        return Title(f"{core} untuk {audience}")

    def _with_skills(self, wish: TitleWish, core: str) -> Title | None:
        words = core.lower()
        fresh = [skill for skill in wish.topic.skills[1:] if not _echoes(skill, words)]
        single = [skill for skill in fresh if " dan " not in skill]
        if ":" in core or " untuk " in core or not fresh:
            return None
        if len(single) > 1 and self._random.random() < 0.7:  # noqa: PLR2004 - mostly two
            first, second = pick(self._random, single, 2)
            if _echoes(second, first.lower()):
                return None
            return Title(f"{core}: {titled(first)} dan {titled(second)}", (first, second))
        skill = self._random.choice(fresh)
        frame = self._random.choice(("{core}: {skill}", "{core}: Praktik {skill}", "{core} dengan Fokus {skill}"))
        if " dengan " in core and " dengan " in frame:
            return None
        return Title(frame.format(core=core, skill=titled(skill)), (skill,))

    def _with_level(self, wish: TitleWish, core: str) -> Title | None:
        if _says_level(core) or ":" in core:
            return None
        return Title(f"{core} {self._random.choice(self._phrases[wish.level])}")

    def _in_city(self, wish: TitleWish, core: str) -> Title | None:
        if wish.mode not in {CourseMode.OFFLINE, CourseMode.MIXED} or _says_place(core):
            return None
        return Title(f"{core} di {wish.city}")

    def _with_schedule(self, wish: TitleWish, core: str) -> Title | None:
        return Title(f"{core} ({self._random.choice(self._phrases[wish.schedule])})")

    def _for_audience_in_city(self, wish: TitleWish, core: str) -> Title | None:
        title = self._for_audience(wish, core)
        return title and self._in_city(wish, title.text)


def _contradicts(core: str, level: CourseLevel) -> bool:
    words = BEGINNER_WORDS if level is not CourseLevel.BEGINNER else ADVANCED_WORDS
    return any(word in core.lower() for word in words)


def _says_level(core: str) -> bool:
    return any(word in core.lower() for word in LEVEL_WORDS)


def _says_place(core: str) -> bool:
    return " di " in core or "Rumah" in core.rsplit(" ", maxsplit=1)[-1]


def _takes_audience(core: str, audience: str, level: CourseLevel) -> bool:
    """Tell whether "untuk ``audience``" may follow: a title names its learners once, and beginners are beginners."""
    words = core.lower()
    if any(f" {word} " in f" {words} " for word in ("untuk", "bagi", "siap", "menuju", "menjadi")):
        return False
    if audience == "Pemula" and (level is not CourseLevel.BEGINNER or _says_level(core)):
        return False
    return not any(word in words for word in audience.lower().split(" ") if len(word) > 3)  # noqa: PLR2004


def _echoes(skill: str, words: str) -> bool:
    """Tell whether a skill would only repeat the title's words."""
    return any(word in words for word in skill.lower().split(" ") if word not in SMALL_WORDS)
