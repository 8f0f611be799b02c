"""Descriptions: summaries and texts of courses, put together from a topic's words and the frames of phrases.toml."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from demo.titles import Title, TitleWish
from demo.words import inside, listed, pick, upper_first
from rules.courses import CourseMode

DATA = Path(__file__).parent / "data" / "phrases.toml"

ON_SITE = (CourseMode.OFFLINE, CourseMode.MIXED)


@cache
def phrases() -> dict[str, Any]:
    """Return the frames of data/phrases.toml."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Text:
    """What is written about a course."""

    summary: str
    description: str


class Descriptions:
    """Writes summaries and descriptions; no text twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()

    def new(self, wish: TitleWish, title: Title, hours: int) -> Text:
        """Return texts that nobody has yet, about what ``title`` promises."""
        while True:
            words = self._words(wish, title, hours)
            summary = _filled(self._one(phrases()["summary"]), words)
            description = "\n\n".join(
                " ".join(_filled(frame, words) for frame in paragraph) for paragraph in self._paragraphs(wish, title)
            )
            if not self._taken & {summary, description}:
                self._taken |= {summary, description}
                return Text(summary, description)

    def _words(self, wish: TitleWish, title: Title, hours: int) -> dict[str, str]:
        topic = wish.topic
        *steps, d = pick(self._random, topic.learn, 4)
        a, b, c = sorted(steps, key=topic.learn.index)  # a topic's steps are in the order of the work
        p1, p2 = pick(self._random, topic.people, 2)
        others = [skill for skill in topic.skills if skill not in title.focus]
        s1, s2 = [*title.focus, *pick(self._random, others, 2)][:2]
        outcome = self._one(topic.outcome)
        return {
            "a": a, "b": b, "c": c, "d": d, "a_upper": upper_first(a),
            "list": listed([a, b, c]), "p1": p1, "p2": p2, "s1": inside(s1), "s2": inside(s2),
            "outcome": outcome, "outcome_upper": upper_first(outcome), "project": self._one(topic.project),
            "tools": self._one(topic.tools), "home": topic.home or "", "intro": self._one(topic.intro),
            "city": wish.city, "hours": str(hours), "level": phrases()["level"][wish.level],
        }  # fmt: skip

    def _paragraphs(self, wish: TitleWish, title: Title) -> list[list[str]]:
        frames = phrases()
        content = [
            *self._maybe(0.7, ["{intro}"]),
            self._one(_apt(frames["learn"], wish.mode)),
            *self._maybe(0.45, frames["also"]),
            *self._maybe(1.0 if title.focus else 0.2, frames["focus"]),
        ]
        needs: list[str] = frames["tools"] if wish.mode in ON_SITE else frames["home"] if wish.topic.home else []
        work = [
            *self._maybe(0.85, frames["mode"][wish.mode]),
            *self._maybe(0.3, frames["schedule"][wish.schedule]),
            *self._maybe(0.6, needs),
            *self._maybe(0.75, _apt(frames["project"], wish.mode)),
        ]
        learners = [
            *self._maybe(0.65, frames["people"]),
            *self._maybe(0.6, _apt(frames["prerequisite"][wish.level], wish.mode)),
            *self._maybe(0.7, frames["outcome"]),
            *self._maybe(0.35, _apt(frames["certificate"], wish.mode)),
        ]
        order = [content, learners, work] if self._random.random() < 1 / 3 else [content, work, learners]
        return [paragraph for paragraph in order if paragraph]

    def _one(self, items: "list[str] | tuple[str, ...]") -> str:
        return self._random.choice(items)

    def _maybe(self, chance: float, items: list[str]) -> list[str]:
        return [self._one(items)] if items and self._random.random() < chance else []


def _apt(frames: list[str], mode: CourseMode) -> list[str]:
    """Return the frames that fit the way of teaching: who learns alone has no meetings to attend."""
    if mode is not CourseMode.SELF_PACED:
        return frames
    return [frame for frame in frames if "pertemuan" not in frame.lower() and "hadir" not in frame]


def _filled(frame: str, words: dict[str, str]) -> str:
    """Return a sentence; "serta" joins parts where one of them has a "dan" of its own."""
    pairs = re.findall(r"\{(\w+)\}(?:, serta|,)? dan \{(\w+)\}", frame)
    if any(" dan " in words[part] for pair in pairs for part in pair):
        frame = re.sub(r"\} dan \{", "} serta {", frame).replace("}, dan {", "}, serta {")
    return frame.format(**words)
